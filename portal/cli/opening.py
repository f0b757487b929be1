"""Opening the portal's database for a command that works on it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from portal.settings import Settings

if TYPE_CHECKING:
    from portal.resources import Resources


def database_problem(settings: Settings) -> str | None:
    """Why commands cannot work on the database, as the rest of a sentence; None when they can.

    Raises sqlalchemy.exc.OperationalError when it does not answer. Creates nothing.
    """
    from sqlalchemy.engine import make_url

    from portal.database import current_revision, newest_revision

    url = make_url(settings.database_url)
    # SQLite would make an empty file only to be asked what is in it.
    memory = url.database in (None, "", ":memory:")
    if url.get_backend_name() == "sqlite" and not memory and not Path(str(url.database)).exists():
        return "does not exist yet"
    found = current_revision(settings.database_url)
    if found is None:
        return "is empty"
    if found != newest_revision():
        return f"is of another version of this program (schema {found})"
    return None


@contextmanager
def opened_resources(settings: Settings) -> Iterator[Resources]:
    """The resources of a command; its jobs go to the broker, or wait for the reconciler.

    Raises ClickException when the database is not ready for this program.
    """
    problem = database_problem(settings)
    if problem is not None:
        raise click.ClickException(f"the database {problem}: `handover init` prepares it.")
    from portal.jobs import celery_sender
    from portal.resources import Resources

    resources = Resources(settings, celery_sender(settings))
    try:
        yield resources
    finally:
        resources.close()
