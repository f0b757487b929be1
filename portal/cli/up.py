"""`handover up`: the whole portal under one supervisor."""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
from collections.abc import Callable
from functools import partial

import click

from portal.broker import embedded_answers, server_command
from portal.cli.init import make_folders
from portal.cli.port import check_port
from portal.cli.sample import print_logins
from portal.settings import EMBEDDED, Settings
from portal.supervisor import ChildSpec, FolderLock, Supervisor, end_leftovers
from portal.supervisor.child import die_with_parent

# The worker finishes the job at hand if it is short; a longer one is done again after the start.
WORKER_STOP_SECONDS = 15.0
WEB_STOP_SECONDS = 12.0
ANSWER_SECONDS = 2.0
NAME_WIDTH = 10
# The broker's advice for servers that save to disk in the background; this one saves nothing.
UNHELPFUL = "Memory overcommit must be enabled"
# -P: whatever lies in the folder where the portal is started must not be imported in its place.
HANDOVER = (sys.executable, "-P", "-m", "portal.cli")


@click.command()
@click.option("--demo", is_flag=True, help="Fill an empty portal with a sample company.")
def up(demo: bool) -> None:
    """Run the whole portal: prepare, then broker, worker, clock and web server.

    Prints the address when it answers. Ctrl-C stops everything; a second Ctrl-C stops it at once.

    \b
    Examples
      handover up --demo                       a sample company to look around in
      HANDOVER_LISTEN_PORT=9000 handover up    on another port
      HANDOVER_DATA_FOLDER=/srv/handover handover up
    """
    settings = Settings.from_environment(os.environ)
    make_folders(settings)
    run_folder = settings.data_folder / "run"
    with FolderLock(run_folder / "lock"):
        for name in end_leftovers(run_folder):
            click.echo(f"Ended the {name} that an earlier run had left behind.")
        check_port(settings.listen_host, settings.listen_port)
        run_to_end("init")
        if demo:
            run_to_end("sample")
        supervisor = Supervisor(child_specs(settings), run_folder, say)
        supervisor.run(partial(announce, settings, demo=demo))
    click.echo("Stopped.")


def child_specs(settings: Settings) -> list[ChildSpec]:
    """The parts of the portal in the order of their start."""
    broker = ChildSpec(
        "broker", server_command(settings), ready=partial(embedded_answers, settings)
    )
    worker = python_child("worker", stop_seconds=WORKER_STOP_SECONDS)
    clock = python_child("beat", stop_seconds=5.0)
    web = python_child("web", stop_seconds=WEB_STOP_SECONDS, ready=partial(web_answers, settings))
    first = [broker] if settings.broker_url == EMBEDDED else []
    return [*first, worker, clock, web]


def python_child(
    name: str, stop_seconds: float, ready: Callable[[], bool] | None = None
) -> ChildSpec:
    """A child that is one of the commands of `handover`."""
    return ChildSpec(
        name,
        [*HANDOVER, name],
        environment={"PYTHONUNBUFFERED": "1"},
        ready=ready,
        stop_seconds=stop_seconds,
    )


def run_to_end(*arguments: str) -> None:
    """Run one command of `handover` to its end, in a process of its own.

    Apart, because the model and the database libraries it loads would stay in the supervisor's
    memory for ever. Ends this process with the command's status if that is not 0; the command
    has said why.
    """
    done = subprocess.run(
        [*HANDOVER, *arguments],
        check=False,
        preexec_fn=partial(die_with_parent, os.getpid()),
    )
    if done.returncode:
        sys.exit(done.returncode if done.returncode > 0 else 1)


def web_answers(settings: Settings) -> bool:
    """Whether the web server answers `/healthz` with 200."""
    host = reachable_host(settings.listen_host)
    connection = http.client.HTTPConnection(host, settings.listen_port, timeout=ANSWER_SECONDS)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def reachable_host(listen_host: str) -> str:
    """An address of this machine at which a server that listens on `listen_host` is reached."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(listen_host, listen_host)


def address(settings: Settings) -> str:
    """The portal's address as a person types it."""
    host = reachable_host(settings.listen_host)
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.listen_port}/"


def announce(settings: Settings, *, demo: bool) -> None:
    """Print where the portal is; with the sample company, also who can sign in."""
    click.echo(f"\n  The handover portal is ready:  {address(settings)}\n  Ctrl-C stops it.\n")
    if demo:
        print_logins()


def say(name: str, line: str) -> None:
    """Print one line of a child. Raises OSError when the terminal is gone."""
    if line and UNHELPFUL not in line:
        click.echo(f"{name:<{NAME_WIDTH}}| {line}")
