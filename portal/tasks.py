"""The background jobs: an id in, one service call, nothing else.

A message only says «look at row 17 now». So each job may come twice, late, or for a row that is
done, and is lost without harm: `reconcile` finds in the rows what is undone.
"""

from __future__ import annotations

import logging
import os
from typing import Any

from celery import current_app, shared_task, signals

from portal.errors import NotReady
from portal.jobs import sender_of
from portal.resources import Resources
from portal.services import index_rows, readings, reconciling, reembedding

log = logging.getLogger(__name__)

# One for each process, made after the fork: neither connections nor the model survive one.
_made: dict[int, Resources] = {}
RETRIES: dict[str, Any] = {
    "autoretry_for": readings.TRANSIENT,
    "max_retries": 5,
    "retry_backoff": 2,
    "retry_backoff_max": 300,
}


def resources() -> Resources:
    """The resources of this process."""
    process = os.getpid()
    if process not in _made:
        # What came through the fork belongs to the parent; it must not be closed from here.
        _made.clear()
        _made[process] = Resources(current_app.settings, sender_of(current_app))
    return _made[process]


@signals.worker_init.connect
def _prepare_forks(**_: Any) -> None:
    """Import what every process of a worker needs, once and in memory that they share.

    A process that takes the place of a killed or grown one then works after tenths of a second.
    """
    from indexing.encoder import import_library

    import_library(current_app.settings.model)


@signals.worker_process_shutdown.connect
def _close(**_: Any) -> None:
    made = _made.pop(os.getpid(), None)
    if made is not None:
        made.close()


@shared_task(**RETRIES)
def read_version(reading_id: int) -> None:
    """Read a version, embed it and make it findable."""
    try:
        readings.read(resources(), reading_id)
    except NotReady as error:
        # The reading stays queued; the reconciler sends it again until an administrator has helped.
        log.error("reading %s waits: %s; see «handover doctor»", reading_id, error.code)


@shared_task(**RETRIES)
def build_map(position_id: int) -> None:
    """Build the knowledge map of a position."""
    from portal.services import map_building

    map_building.build(resources(), position_id)


@shared_task(**RETRIES)
def embed_reading(reading_id: int) -> None:
    """Encode a reading with the model of the settings."""
    try:
        reembedding.embed(resources(), reading_id)
    except NotReady as error:
        log.error("reading %s is not encoded: %s; see «handover doctor»", reading_id, error.code)


@shared_task(**RETRIES)
def switch_model() -> None:
    """Search with the model of the settings, once it has encoded everything."""
    reembedding.switch(resources())


@shared_task(**RETRIES)
def fold_index() -> None:
    """Fold what is published into the index on disk."""
    index_rows.fold(resources())


@shared_task(**RETRIES)
def reconcile() -> None:
    """Order again what was lost or got stuck."""
    reconciling.reconcile(resources())
