"""The machinery of background jobs: what delivers them, what bounds them, what repeats.

The jobs themselves are in `portal/tasks.py`. The database is the truth: a message only says «look
at row 17 now», so one delivered twice is harmless and one lost is sent again by the reconciler.
"""

from __future__ import annotations

from typing import Any

from celery import Celery, signals
from celery.schedules import schedule

from portal.broker import broker_url
from portal.logging import configure_logging
from portal.settings import Settings

# The job is asked to end this long before it is killed, to write why it failed to its row.
FAREWELL_SECONDS = 30.0
# A process is replaced when it has grown beyond this after a job. The bundled model takes about
# 400 MB; the reading of a file happens in a child process with a limit of its own.
PROCESS_MEMORY_BYTES = 2**30
RECONCILE_TASK = "portal.tasks.reconcile"


class PortalCelery(Celery):  # type: ignore[misc]  # the library has no types
    """Celery that knows the settings it was made from: jobs read `self.app.settings`."""

    settings: Settings


def make_celery(settings: Settings) -> PortalCelery:
    """Make the Celery application and make it this process's default.

    Default and not only current, because «current» holds for one thread and the web server has
    eight. Imports no job: the worker does, when it starts; the web sends them by name.
    Raises SettingsError when the embedded broker has no place for its socket.
    """
    app = PortalCelery("handover", set_as_current=True)
    app.settings = settings
    app.conf.update({**_messages(settings), **_jobs(settings), **_clock(settings)})
    app.set_default()
    return app


def _messages(settings: Settings) -> dict[str, Any]:
    """What a message is and how it travels."""
    return {
        "broker_url": broker_url(settings),
        "broker_transport_options": _transport_options(settings),
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        "enable_utc": True,
        "timezone": "UTC",
        "accept_content": ["json"],
        "task_serializer": "json",
        "event_serializer": "json",
        "task_publish_retry": True,
        # A person waits for the answer while a job is sent: better late by the reconciler.
        "task_publish_retry_policy": {"max_retries": 1, "interval_start": 0.1},
    }


def _jobs(settings: Settings) -> dict[str, Any]:
    """How a worker takes jobs, and what bounds them."""
    return {
        "include": ["portal.tasks"],
        "task_ignore_result": True,
        # A job is acknowledged when it is done. Whoever kills the process in the middle of it has
        # not done it: the message goes back, and the row's lease keeps two from doing it at once.
        "task_acks_late": True,
        "task_reject_on_worker_lost": True,
        "task_acks_on_failure_or_timeout": True,
        "worker_prefetch_multiplier": 1,
        "task_time_limit": settings.task_seconds,
        "task_soft_time_limit": settings.task_seconds - FAREWELL_SECONDS,
        "worker_pool": "prefork",
        "worker_concurrency": settings.worker_processes,
        "worker_max_memory_per_child": PROCESS_MEMORY_BYTES // 1024,  # counted in KiB
        "worker_hijack_root_logger": False,
        # A long job goes on while the broker restarts; its row is what counts.
        "worker_cancel_long_running_tasks_on_connection_loss": False,
        "worker_send_task_events": False,
    }


def _clock(settings: Settings) -> dict[str, Any]:
    """What beat orders, and where it remembers when it did."""
    every = settings.reconcile_seconds
    # While no worker runs, one waiting order to reconcile is enough.
    reconcile = {
        "task": RECONCILE_TASK,
        "schedule": schedule(every),
        "options": {"expires": every},
    }
    return {
        "beat_schedule_filename": str(settings.data_folder / "run" / "beat-schedule"),
        "beat_max_loop_interval": min(60.0, every),
        "beat_schedule": {"reconcile": reconcile},
    }


def _transport_options(settings: Settings) -> dict[str, Any]:
    """Options of the Redis transport; RabbitMQ takes none of them.

    The visibility timeout is the time after which an unacknowledged message goes to another worker.
    It has to be longer than the longest job, or every long job would run twice at once; the
    reconciler, which looks at leases, is what makes a lost job start again soon.
    """
    if not broker_url(settings).startswith("redis"):
        return {}
    return {
        "visibility_timeout": int(settings.task_seconds) + 600,
        "socket_connect_timeout": 3,
        "socket_keepalive": True,
        "health_check_interval": 30,
    }


@signals.setup_logging.connect
def _configure_worker_logging(loglevel: Any = None, **_: Any) -> None:
    """Take the place of Celery's own logging, so that every process writes the same lines."""
    from celery import current_app

    configure_logging(current_app.settings.log_level)
