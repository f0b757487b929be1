"""`handover settings`: what can be set, what it means, what it is now."""

from __future__ import annotations

import dataclasses
import os

import click

from portal.setting_parsers import without_password
from portal.settings import MIB, PREFIX, Settings, environment_key

HIDDEN = "***"


@click.command("settings")
@click.option("--markdown", is_flag=True, help="The table of docs/configuration.md.")
def settings_command(markdown: bool) -> None:
    """Show every setting: its variable, its meaning and its value here.

    \b
    Example: the portal on port 9000 with its data elsewhere
      HANDOVER_LISTEN_PORT=9000 HANDOVER_DATA_FOLDER=/srv/handover handover up
    """
    click.echo(markdown_table() if markdown else value_list(Settings.from_environment(os.environ)))


def markdown_table() -> str:
    """Every setting as a Markdown table: variable, meaning, unit, default."""
    lines = ["| variable | meaning | unit | default |", "| --- | --- | --- | --- |"]
    for field in dataclasses.fields(Settings):
        cells = (
            f"`{environment_key(field.name)}`",
            field.metadata["meaning"],
            field.metadata["unit"],
            default_text(field),
        )
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def default_text(field: dataclasses.Field[object]) -> str:
    """The default as a person would write it into the environment, or the words that explain it."""
    if field.metadata["default_text"]:
        return str(field.metadata["default_text"])
    if isinstance(field.default, bool):
        return "`yes`" if field.default else "`no`"
    if field.metadata["unit"] == "bytes" and isinstance(field.default, int):
        return f"`{field.default // MIB}MiB`"
    if isinstance(field.default, float):
        return f"`{field.default:g}`"
    return f"`{field.default}`"


def value_list(settings: Settings) -> str:
    """Every setting with its value and meaning; a `*` marks those the environment sets."""
    blocks = []
    for field in dataclasses.fields(Settings):
        key = environment_key(field.name)
        mark = "*" if os.environ.get(key) else " "
        blocks.append(
            f"{mark} {key} = {_shown(field.name, settings)}\n    {field.metadata['meaning']}"
        )
    return "\n".join(blocks) + f"\n\n* set by the environment. Every variable begins with {PREFIX}."


def _shown(name: str, settings: Settings) -> str:
    value = getattr(settings, name)
    if name == "secret_key":
        return HIDDEN if value else "(made once, kept in the data folder)"
    if name == "answer_key":
        return HIDDEN if value else "(none)"
    if value is None:
        return "(none)" if name == "answer_url" else "(automatic)"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return without_password(str(value))
