"""`handover sample`: the sample company of `handover up --demo`, and who can sign in to it."""

from __future__ import annotations

import os
from dataclasses import replace

import click

from portal.settings import Settings

SENTENCES = {
    "sample_not_empty": (
        "there are people in this portal already, and the sample company goes into an empty one "
        "only. Start without --demo, or choose another folder with HANDOVER_DATA_FOLDER."
    ),
    "sample_interrupted": (
        "another version of this program was stopped while it filled in the sample company. "
        "Remove the data folder, or choose another one with HANDOVER_DATA_FOLDER."
    ),
    "disk_full": (
        "there is no room for the files of the sample company. "
        "Free some disk space; HANDOVER_FREE_DISK_RESERVE_BYTES is never used by files."
    ),
    "store_unavailable": (
        "the store of original files does not answer. Check HANDOVER_BLOB_STORE."
    ),
    "file_too_large": (
        "the files of the sample company are larger than HANDOVER_UPLOAD_LIMIT_BYTES allows."
    ),
}


@click.command(hidden=True)
def sample() -> None:
    """Fill an empty portal with the sample company; `handover up --demo` does it at its start.

    It needs a database that `handover init` has prepared. A filling that was interrupted is
    finished; a portal that has the sample company already is left as it is.
    """
    from portal.errors import PortalError
    from portal.resources import Resources
    from portal.services.sample import fill
    from portal.unit_of_work import Job

    def send(_: Job) -> None:
        """No broker runs yet; the reconciler finds in the rows what is to be done."""

    # Its files were written for it and hold nothing to find; no worker has read them yet.
    settings = replace(Settings.from_environment(os.environ), guard=False)
    resources = Resources(settings, send)
    try:
        fill(resources, lambda line: click.echo(f"Sample    {line}"))
    except PortalError as error:
        if error.code not in SENTENCES:
            raise
        raise click.ClickException(SENTENCES[error.code]) from error
    finally:
        resources.close()


def print_logins() -> None:
    """Print who can sign in to the sample company and what each of them sees."""
    from portal.sample_company import PASSWORD, load, logins

    company = load()
    shown = [login for login in logins(company) if login.shows is not None]
    width = max(len(login.email) for login in shown)
    click.echo(f"  {company.notice.en}\n  Everybody's password:  {PASSWORD}\n")
    for login in shown:
        if login.shows is not None:
            click.echo(f"  {login.email:<{width}}  {login.shows.en}")
    click.echo()
