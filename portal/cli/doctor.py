"""`handover doctor`: is everything as it should be?"""

from __future__ import annotations

import dataclasses
import json
import os
import sys

import click

from portal.cli.check import CHECKS, Finding, State
from portal.settings import Settings

# A word beside the colour: colour alone says nothing in a log or to one man in twelve.
COLOURS = {State.OK: "green", State.WARN: "yellow", State.FAIL: "red"}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON list for a monitoring program.")
def doctor(as_json: bool) -> None:
    """Check folders, disk, database, broker, model and index; say what to do about each.

    Changes nothing and may run beside a running portal. Exit status 1 if a check fails; a warning
    is a restriction that may be meant.

    \b
    Example: only what is wrong
      handover doctor --json | jq '.[] | select(.state != "ok")'
    """
    settings = Settings.from_environment(os.environ)
    findings = [check(settings) for check in CHECKS]
    if as_json:
        shown = [dataclasses.asdict(finding) for finding in findings]
        click.echo(json.dumps(shown, ensure_ascii=False, indent=1))
    else:
        for finding in findings:
            click.echo(line(finding))
    sys.exit(any(finding.state is State.FAIL for finding in findings))


def line(finding: Finding) -> str:
    """One finding for a person: state, name, what was found, and below it what to do."""
    mark = click.style(f"{finding.state.upper():<5}", fg=COLOURS[finding.state])
    advice = "" if finding.state is State.OK else f"\n{'':18}{finding.advice}"
    return f"{mark} {finding.name:<12}{finding.text}{advice}"
