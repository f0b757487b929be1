"""`handover index`: where the search index stands, and making it anew from the database."""

from __future__ import annotations

import dataclasses
import json
import os
import sys
from typing import TYPE_CHECKING, Any

import click

from portal.cli.opening import opened_resources
from portal.settings import Settings

if TYPE_CHECKING:
    from portal.services.model_change import Progress


@click.group()
def index() -> None:
    """Look at the search index, fold it, check it, make it anew.

    The index is derived from the database and may be deleted at any time. The portal keeps it up by
    itself, also when the settings name another model; these commands are for looking, and for
    making everything anew at once.
    """


@index.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object for a program.")
def status(as_json: bool) -> None:
    """Show the model, how much is findable, and how much waits to be folded."""
    from portal.services import index_status

    with opened_resources(_settings()) as resources, resources.read() as uow:
        found = index_status.status(uow)
    if as_json:
        click.echo(json.dumps(dataclasses.asdict(found), ensure_ascii=False))
        return
    click.echo(f"Model       {found.model or 'none yet: nothing was read'}")
    click.echo(f"Findable    {found.passages} passages of {found.readings} versions")
    click.echo(f"Generation  {found.generation}, folded up to {found.watermark} of {found.head}")
    click.echo(f"Waiting     {found.waiting} passages, searched from memory until they are folded")
    if found.change:
        click.echo(f"Changing    to {found.change.model}: {change_words(found.change)}")


def change_words(change: Progress) -> str:
    """How far a change to another model is, and how long it will take."""
    said = f"{change.done:,} of {change.passages:,} passages"
    if change.seconds is None or change.done == change.passages:
        return said
    minutes = max(1, round(change.seconds / 60))
    if minutes >= 120:
        return f"{said}, about {round(minutes / 60)} hours"
    return f"{said}, about {minutes} minute{'s' * (minutes > 1)}"


@index.command()
def fold() -> None:
    """Write what was published since the last time into the index folder; repair what is damaged.

    The portal does it by itself when enough has gathered. Searches go on meanwhile.
    """
    from portal.services import index_rows

    with opened_resources(_settings()) as resources:
        manifest = index_rows.fold(resources)
    if manifest is None:
        click.echo("Nothing to fold, or another process is folding at this moment.")
        return
    click.echo(f"Generation {manifest.generation}: {manifest.passages} passages.")


@index.command()
def rebuild() -> None:
    """Make what vectors are missing, and write the whole index anew from the database.

    It uses the model in the settings. With another model than before, every passage is encoded
    first, which takes minutes for thousands of them; until that is done the old model answers. A
    running portal does the same by itself, in its worker, and changes back if its own settings name
    another one. It may be stopped at any time and goes on where it was.
    """
    from indexing.folding import FoldingBusy
    from portal.services import reembedding

    with opened_resources(_settings()) as resources:
        try:
            manifest = reembedding.rebuild(resources)
        except FoldingBusy as error:
            raise click.ClickException(
                "another process is writing the index at this moment. Try again when it is done."
            ) from error
    click.echo(f"The index holds {manifest.passages} passages.")


@index.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object for a program.")
def verify(as_json: bool) -> None:
    """Compare the database with the index, file by file and passage by passage.

    Each vector and each passage's words are looked at; 200 passages spread over all are searched
    for by their vector and by their words. Changes nothing. Exit status 1 if something does not
    agree.
    """
    from portal.services import verifying

    with opened_resources(_settings()) as resources, resources.read() as uow:
        verdict = verifying.verify(uow)
    if as_json:
        click.echo(json.dumps({"sound": verdict.sound, **dataclasses.asdict(verdict)}))
    else:
        for line in _lines(dataclasses.asdict(verdict)):
            click.echo(line)
    sys.exit(not verdict.sound)


MEANINGS = {
    "unpublished": "{} versions were read and are not findable. `handover index rebuild` helps.",
    "vectorless": "{} passages have no vector. `handover index rebuild` helps.",
    "unindexed": "{} passages are missing from the folder. `handover index rebuild` helps.",
    "rowless": "{} passages in the folder have no row. `handover index rebuild` helps.",
    "wrong": "{} passages have another vector in the folder. `handover index rebuild` helps.",
    "wordless": "{} passages have lost their words in the folder. `handover index rebuild` helps.",
    "unfound": "{} passages were searched for and not found. `handover index rebuild` helps.",
    "damage": "The folder is damaged ({}). `handover index fold` repairs it.",
}


def _lines(verdict: dict[str, Any]) -> list[str]:
    found = [words.format(verdict[name]) for name, words in MEANINGS.items() if verdict[name]]
    if not found:
        return [
            f"The index and the database agree; {verdict['sampled']} passages were searched for."
        ]
    return found + [
        f"The first {name}: {', '.join(map(str, verdict[name]))}"
        for name in ("passages", "versions")
        if verdict[name]
    ]


def _settings() -> Settings:
    return Settings.from_environment(os.environ)
