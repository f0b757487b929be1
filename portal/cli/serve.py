"""`handover web`, `handover worker`, `handover beat`: one part of the portal each."""

from __future__ import annotations

import os
import sys

import click

from portal.settings import EMBEDDED, Settings


@click.command()
def web() -> None:
    """Run the web server alone.

    For machines where systemd or containers start each part. It needs a database that
    `handover init` has prepared; uploads wait until a worker and a broker run.

    \b
    Example: four processes, reachable from other machines
      HANDOVER_WEB_PROCESSES=4 HANDOVER_LISTEN_HOST=0.0.0.0 handover web
    """
    from portal.cli.port import check_port
    from portal.web_server import WebServer

    settings = Settings.from_environment(os.environ)
    check_port(settings.listen_host, settings.listen_port)
    WebServer(settings).run()


@click.command()
@click.option(
    "--processes",
    type=click.IntRange(1, 256),
    help="Documents read at the same time, in place of HANDOVER_WORKER_PROCESSES.",
)
def worker(processes: int | None) -> None:
    """Run a worker alone: it reads, embeds and indexes documents.

    Any number of workers may run, on any machine that reaches the database, the broker and the
    original files. Ctrl-C lets it finish the job at hand; a second Ctrl-C ends it at once.

    \b
    Example: a second worker beside a running portal
      handover worker --processes 2
    """
    import warnings

    from celery.platforms import SecurityWarning

    from portal.celery_app import make_celery

    settings = Settings.from_environment(os.environ)
    _require_embedded_broker(settings)
    # It warns of root together with pickled messages; only JSON is accepted here.
    warnings.simplefilter("ignore", SecurityWarning)
    app = make_celery(settings)
    running = app.Worker(
        hostname=f"worker-{os.getpid()}@{os.uname().nodename}",
        loglevel=settings.log_level,
        concurrency=processes or settings.worker_processes,
        # Workers need to know nothing of each other: the rows' leases keep them apart.
        without_mingle=True,
        without_gossip=True,
        without_heartbeat=True,
        quiet=True,
    )
    running.start()
    sys.exit(running.exitcode)


@click.command()
def beat() -> None:
    """Run the clock alone: it orders what repeats, above all the search for lost jobs.

    Apart from the worker, because a worker that is busy or killed must not stop the clock that
    finds its lost job. One is enough; two do no harm.
    """
    from portal.celery_app import make_celery

    settings = Settings.from_environment(os.environ)
    _require_embedded_broker(settings)
    (settings.data_folder / "run").mkdir(parents=True, exist_ok=True)
    make_celery(settings).Beat(loglevel=settings.log_level, quiet=True).run()


def _require_embedded_broker(settings: Settings) -> None:
    from portal.broker import embedded_answers

    if settings.broker_url == EMBEDDED and not embedded_answers(settings):
        raise click.ClickException(
            "the embedded broker is not running: `handover up` starts it on this data folder. "
            "For a broker of your own set HANDOVER_BROKER_URL."
        )
