"""The group `handover` and its commands."""

from __future__ import annotations

import click

from portal.cli.doctor import doctor
from portal.cli.errors import sentence_for
from portal.cli.evaluate import evaluate
from portal.cli.extract import extract_command
from portal.cli.index import index
from portal.cli.init import init
from portal.cli.sample import sample
from portal.cli.search import search
from portal.cli.serve import beat, web, worker
from portal.cli.settings import settings_command
from portal.cli.storage import storage
from portal.cli.up import up
from portal.cli.user import user

COMMANDS = (
    up,
    init,
    user,
    doctor,
    settings_command,
    web,
    worker,
    beat,
    index,
    storage,
    extract_command,
    search,
    evaluate,
    sample,
)


class PlainErrors(click.Group):
    """A group whose commands end with one sentence for everything a person can cause."""

    def invoke(self, ctx: click.Context) -> object:
        """Run the command. Raises ClickException for known errors; unknown ones pass as they are.

        An unknown error is a fault of the portal, and its traceback is what a report needs.
        """
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:
            sentence = sentence_for(error)
            if sentence is None:
                raise
            raise click.ClickException(sentence) from error

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in the order a person needs them, not of the alphabet."""
        return list(self.commands)


@click.group(
    cls=PlainErrors,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="handover-portal", message="%(version)s")
def handover() -> None:
    """The handover portal (交接门户): what a person knows stays when the person leaves.

    \b
    First steps
      handover up --demo       try it with a sample company
      handover up              run it: database, broker, worker, web server
      handover user create     make the first administrator
      handover doctor          is everything as it should be?

    Everything is set by environment variables; `handover settings` explains them.
    """


for command in COMMANDS:
    handover.add_command(command)
