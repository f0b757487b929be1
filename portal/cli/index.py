"""`handover index`: where the search index stands, and making it anew from the database."""

from __future__ import annotations

import dataclasses
import json
import os
import sys

import click

from portal.cli.opening import opened_resources
from portal.settings import Settings


@click.group()
def index() -> None:
    """Look at the search index, fold it, check it, make it anew.

    The index is derived from the database and may be deleted at any time. The portal keeps it up by
    itself; these commands are for looking, and for a change of the model.

    \b
    Example: search with another model from now on
      HANDOVER_MODEL=/srv/models/bge-m3 handover index rebuild
    """


@index.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object for a program.")
def status(as_json: bool) -> None:
    """Show the model, how much is findable, and how much waits to be folded."""
    from portal.services import index_rows

    with opened_resources(_settings()) as resources, resources.read() as uow:
        found = index_rows.status(uow)
    if as_json:
        click.echo(json.dumps(dataclasses.asdict(found), ensure_ascii=False))
        return
    click.echo(f"Model       {found.model or 'none yet: nothing was read'}")
    click.echo(f"Findable    {found.passages} passages of {found.readings} versions")
    click.echo(f"Generation  {found.generation}, folded up to {found.watermark} of {found.head}")
    click.echo(f"Waiting     {found.waiting} passages, searched from memory until they are folded")


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
    """Make the whole index anew from the database, for the model in the settings.

    With another model than before, every passage is encoded first, which takes minutes for
    thousands of them; until that is done the old model answers. Start the portal again afterwards.
    It may be stopped at any time and goes on where it was.
    """
    from portal.services import index_rows

    with opened_resources(_settings()) as resources:
        manifest = index_rows.rebuild(resources)
    passages = manifest.passages if manifest else 0
    click.echo(f"The index holds {passages} passages. Restart the portal if the model has changed.")


@index.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object for a program.")
def verify(as_json: bool) -> None:
    """Compare the database with the index, file by file and passage by passage.

    Changes nothing. Exit status 1 if something does not agree.
    """
    from portal.services import index_rows

    with opened_resources(_settings()) as resources, resources.read() as uow:
        verdict = index_rows.verify(uow)
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
    "damage": "The folder is damaged ({}). `handover index fold` repairs it.",
}


def _lines(verdict: dict[str, object]) -> list[str]:
    found = [words.format(verdict[name]) for name, words in MEANINGS.items() if verdict[name]]
    return found or ["The index and the database agree."]


def _settings() -> Settings:
    return Settings.from_environment(os.environ)
