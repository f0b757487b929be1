"""Gunicorn with the portal's settings, started from Python: there is no second configuration."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Any

from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger
from threadpoolctl import threadpool_limits

from portal.logging import LINE, configure_logging
from portal.settings import Settings
from portal.supervisor.child import die_with_parent

if TYPE_CHECKING:
    from flask import Flask

    from portal.resources import Resources

log = logging.getLogger(__name__)

# A worker process that has not turned its loop for this long is replaced. Slow requests do not
# count: the loop turns beside the threads that answer them.
SILENT_SECONDS = 60
# How long requests under way may take to finish after the order to stop.
FAREWELL_SECONDS = 10
# Requests waiting to be accepted while all threads are busy.
WAITING_CONNECTIONS = 512


class ServerLogger(Logger):  # type: ignore[misc]  # the library has no types
    """Gunicorn's own lines in the shape of all others."""

    error_fmt = LINE
    datefmt = None


class WebServer(BaseApplication):  # type: ignore[misc]  # the library has no types
    """The web server; `run()` returns when it has been told to stop.

    The application is made in each process after the fork: the runtime of the model keeps threads,
    and threads do not survive a fork.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        super().__init__()

    def load_config(self) -> None:
        """Set Gunicorn's options; called by its constructor."""
        for name, value in options(self._settings).items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """Make the application; called in each worker process."""
        from portal.app import create_app

        configure_logging(self._settings.log_level)
        app = create_app(self._settings)
        # A search multiplies a few hundred rows: a second thread for that takes longer to wake than
        # to help, and then spins while it waits, which doubled the processor time of a search.
        threadpool_limits(1, user_api="blas")
        # Beside the first requests: whoever searches first should not wait for the model to load.
        threading.Thread(
            target=_load_model, args=(app.extensions["portal"],), name="model", daemon=True
        ).start()
        return app


def _load_model(resources: Resources) -> None:
    from indexing.model_unavailable import ModelUnavailable

    try:
        resources.encoder.encode_query("ready")
    except ModelUnavailable as error:
        # Searches then compare words alone and say so; `handover doctor` says what to do.
        log.warning("the model is not available: %s", error)


def _end_with_master(master: Any, worker: Any) -> None:
    die_with_parent(master.pid)


def options(settings: Settings) -> dict[str, Any]:
    """Gunicorn's options as they follow from the settings."""
    host = f"[{settings.listen_host}]" if ":" in settings.listen_host else settings.listen_host
    return {
        "bind": [f"{host}:{settings.listen_port}"],
        "worker_class": "gthread",
        "workers": settings.web_processes,
        "threads": settings.web_threads,
        "preload_app": False,
        "timeout": SILENT_SECONDS,
        "graceful_timeout": FAREWELL_SECONDS,
        "backlog": WAITING_CONNECTIONS,
        "proc_name": "handover-web",
        "loglevel": settings.log_level.lower(),
        # A worker notices only within a second that its master was killed; until then it would
        # hold the port against the next start.
        "post_fork": _end_with_master,
        "logger_class": ServerLogger,
        "accesslog": "-" if settings.log_level == "DEBUG" else None,
        # The application decides by `trusted_proxies`; a second opinion here would believe
        # whoever connects from this machine.
        "forwarded_allow_ips": "",
        "control_socket_disable": True,
    }
