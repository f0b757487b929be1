"""`handover storage`: looking after the bytes of original files."""

from __future__ import annotations

import json
import os
from datetime import timedelta
from typing import TYPE_CHECKING

import click

from portal.cli.opening import opened_resources
from portal.settings import MIB, Settings

if TYPE_CHECKING:
    from portal.services.orphans import Orphan

# A backup of the database is put back within a month, or not at all.
DAYS = 30


@click.group()
def storage() -> None:
    """Look after the stored bytes of original files."""


@storage.command()
@click.option("--delete", is_flag=True, help="Remove them, after a question.")
@click.option("--yes", is_flag=True, help="With --delete: without the question.")
@click.option(
    "--days",
    type=click.IntRange(min=1),
    default=DAYS,
    show_default=True,
    help="Only bytes that have lain there for so many days.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object for a program.")
def sweep(delete: bool, yes: bool, days: int, as_json: bool) -> None:
    """List stored bytes that no row of the database names; with --delete, remove them.

    An upload that is killed between its bytes and its row leaves such bytes. They harm nothing but
    take room. The portal may run meanwhile. Younger ones always stay: after a backup of the
    database was put back, its newer rows may still come with a newer backup, and they need their
    bytes. Give more days than your oldest backup has.
    """
    from portal.services import orphans

    limit = timedelta(days=days)
    with opened_resources(Settings.from_environment(os.environ)) as resources:
        found = list(orphans.find(resources))
        old = [each for each in found if each.age >= limit]
        if not as_json:
            _show(found, old, days)
        if delete and old and not yes:
            click.confirm(f"Remove these {len(old)} for good?", abort=True, err=as_json)
        removed = (
            [each for each in old if orphans.remove(resources, each.digest, limit)]
            if delete
            else []
        )
    if as_json:
        lines = [{"digest": each.digest, "bytes": each.size, "days": each.age.days} for each in old]
        younger = len(found) - len(old)
        report = {"without_row": lines, "younger": younger, "removed": len(removed)}
        click.echo(json.dumps(report))
    elif delete and old:
        click.echo(f"Removed {len(removed)}, {_size(removed)}.")


def _show(found: list[Orphan], old: list[Orphan], days: int) -> None:
    for each in old:
        click.echo(f"{each.digest}  {each.size:>14,} bytes  {each.age.days:>5} days")
    click.echo(f"Without a row for {days} days and more: {len(old)}, {_size(old)}.")
    if len(found) > len(old):
        click.echo(f"Younger ones, which stay: {len(found) - len(old)}.")


def _size(found: list[Orphan]) -> str:
    return f"{sum(each.size for each in found) / MIB:,.1f} MiB"
