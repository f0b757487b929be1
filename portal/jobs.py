"""Sending jobs to Celery, by name: the web process never imports the jobs themselves."""

from __future__ import annotations

from celery import Celery
from kombu.exceptions import OperationalError

from portal.celery_app import make_celery
from portal.resources import Sender
from portal.settings import Settings
from portal.unit_of_work import Job, SendFailed


def celery_sender(settings: Settings) -> Sender:
    """A sender to the broker of the settings.

    The application is made at the first job: after the web server has forked.
    """
    made: list[Sender] = []

    def send(job: Job) -> None:
        if not made:
            made.append(sender_of(make_celery(settings)))
        made[0](job)

    return send


def sender_of(app: Celery) -> Sender:
    """A sender to the broker of an application that is made already, as in a worker."""

    def send(job: Job) -> None:
        arguments = [] if job.row_id is None else [job.row_id]
        try:
            app.send_task(f"portal.tasks.{job.name}", args=arguments)
        except (OperationalError, OSError) as error:
            raise SendFailed(str(error)) from error

    return send
