"""The console command `handover`: one file a command group, heavy imports inside the commands."""

from __future__ import annotations

import io
import sys

OLDEST_PYTHON = (3, 11)


def main() -> None:
    """Run the command line. Exit status 0, 1 for a failure told in a sentence, 2 for misuse."""
    if sys.version_info < OLDEST_PYTHON:
        found = ".".join(str(number) for number in sys.version_info[:2])
        sys.exit(f"Error: Python 3.11 or newer is needed; this is Python {found}.")
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show 交接 must not end the supervisor.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    # Only now: the commands cannot even be read by an older Python.
    from portal.cli.commands import handover

    handover(prog_name="handover")
