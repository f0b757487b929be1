"""`handover init`: everything that has to exist before the portal can start."""

from __future__ import annotations

import os
from pathlib import Path

import click

from portal.setting_parsers import without_password
from portal.settings import BUNDLED, Settings


@click.command()
def init() -> None:
    """Prepare folders, secret, database and model. Harmless when repeated; `up` does it too.

    The database is brought to the version of this program. The model is built once, which takes
    about a minute; nothing is downloaded.
    """
    prepare(Settings.from_environment(os.environ))


def prepare(settings: Settings) -> None:
    """Do what `handover init` does, a line for each step.

    Raises OSError for a folder that cannot be written, the database's errors, and those of the
    model. Each step can be killed and repeated.
    """
    make_folders(settings)
    settings.signing_key()
    click.echo(f"Folder    {settings.data_folder}")
    prepare_database(settings)
    prepare_model(settings)


def prepare_database(settings: Settings) -> None:
    """Bring the schema to the version of this program. Raises sqlalchemy.exc.OperationalError."""
    from portal.database import newest_revision, upgrade

    upgrade(settings.database_url)
    shown = without_password(settings.database_url)
    click.echo(f"Database  {shown}, schema {newest_revision()}")


def prepare_model(settings: Settings) -> None:
    """Build the bundled model unless it is there; another one is loaded by whoever uses it.

    Raises indexing.model_unavailable.ModelUnavailable.
    """
    if settings.model != BUNDLED:
        click.echo(f"Model     {settings.model}")
        return
    from indexing.encoder import build_bundled, bundled_built

    if not bundled_built(settings.model_folder):
        click.echo("Model     being built, once")
    click.echo(f"Model     {build_bundled(settings.model_folder)}")


def make_folders(settings: Settings) -> None:
    """Make the data folder, private to its owner, and the folder of the running processes.

    Raises OSError when one cannot be made or written.
    """
    for folder in (settings.data_folder, settings.data_folder / "run"):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        check_writable(folder)


def check_writable(folder: Path) -> None:
    """Write and remove a file, because permission bits do not tell of read-only and full disks.

    Raises OSError that names the folder.
    """
    probe = folder / f".writable.{os.getpid()}"
    try:
        probe.write_bytes(b"x" * 4096)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(folder)) from error
    finally:
        probe.unlink(missing_ok=True)
