"""Reconciling: finds work the rows promise and nobody is doing, and orders it again.

Runs every `reconcile_seconds`. It does no work itself and every step is a short transaction, so two
at once, or one killed anywhere, do no harm. What a broker forgets, a worker that was killed held,
or a message that was never sent left undone is found here, because each promise is a row.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from sqlalchemy import exists, or_, select

from indexing.extraction import clear_abandoned
from indexing.older_layout import remove_older
from indexing.shelf import IndexUnreachable
from portal.models import (
    FINISHED,
    Counter,
    Document,
    Position,
    Reading,
    Version,
)
from portal.resources import Resources
from portal.services import (
    findable_rows,
    index_rows,
    pictures,
    readings,
    reembedding,
    rereading,
    resumable,
    searches,
)
from portal.services.inserting import insert_missing
from portal.unit_of_work import UnitOfWork
from storage import StorageError

log = logging.getLogger(__name__)

# Orders sent in one go: enough for minutes of work, few enough not to flood a broker that is slow.
MOST = 200
# How often leftovers on disks are looked for, and how old they have to be, in seconds.
SWEEP_EVERY = 3600
LEFTOVER_AGE = 24 * 3600
SWEPT = "swept"


def reconcile(resources: Resources) -> None:
    """Order again what is undone. Raises nothing but the database's errors."""
    with resources.write() as uow:
        _stuck_readings(uow)
        _unread_versions(uow)
        rereading.order(uow)
        _wanted_maps(uow)
    reembedding.order(resources)
    with resources.write() as uow:
        _fold(uow)
        sweep = _is_time(uow, SWEPT, SWEEP_EVERY)
        if sweep:
            searches.sweep(uow)
            findable_rows.prune(uow)
    if sweep:
        _sweep(resources)
        reembedding.sweep(resources)


def _fold(uow: UnitOfWork) -> None:
    """What has gathered in the memory of every process."""
    try:
        if index_rows.waiting_passages(uow) >= index_rows.FOLD_PASSAGES:
            uow.enqueue("fold_index")
    except IndexUnreachable:
        log.warning("the index cannot be reached", exc_info=True)


def _stuck_readings(uow: UnitOfWork) -> None:
    """Readings whose lease, or whose time for a job to arrive, is over: send the job again.

    The time is moved on with it, so a reading that waits its turn behind a thousand others gets one
    more message in each lease and not in each round.
    """
    moment = uow.resources.clock()
    stuck = uow.session.scalars(
        select(Reading)
        .where(Reading.alive, Reading.state.not_in(FINISHED))
        .where(or_(Reading.lease_until.is_(None), Reading.lease_until <= moment))
        .order_by(Reading.queued_at, Reading.id)
        .limit(MOST)
        .with_for_update(of=Reading, skip_locked=True)
    )
    for reading in stuck:
        # The old holder may live and be slow: without its token it can write no more.
        reading.lease_token = None
        reading.lease_until = moment + timedelta(seconds=uow.resources.settings.lease_seconds)
        uow.enqueue("read_version", reading.id)


def _unread_versions(uow: UnitOfWork) -> None:
    """Versions without a reading that counts: from a restored backup, or entered by hand."""
    known = exists().where(Reading.version_id == Version.id, Reading.current)
    unread = uow.session.scalars(
        select(Version)
        .join(Document, Version.document_id == Document.id)
        .where(~known, Document.removed_at.is_(None))
        .order_by(Version.id)
        .limit(MOST)
        .with_for_update(of=Version, skip_locked=True)
    )
    for version in unread.all():
        readings.queue(uow, version)


def _wanted_maps(uow: UnitOfWork) -> None:
    """Positions whose map is behind, for longer than its job would take to arrive."""
    moment = uow.resources.clock()
    late = moment - timedelta(seconds=uow.resources.settings.reconcile_seconds)
    wanted = uow.session.scalars(
        select(Position.id)
        .where(Position.map_wanted_at <= late)
        .where(or_(Position.map_lease_until.is_(None), Position.map_lease_until <= moment))
        .order_by(Position.map_wanted_at)
        .limit(MOST)
    )
    for position_id in wanted:
        uow.enqueue("build_map", position_id)


def _is_time(uow: UnitOfWork, name: str, every: int) -> bool:
    """Whether `every` seconds have passed since this was last true, for all processes together."""
    now = int(uow.resources.clock().timestamp())
    # The very first rounds of two processes may come together: both insert, one row stays.
    insert_missing(uow.session, Counter, [{"name": name, "value": 0}])
    counter = uow.session.get_one(Counter, name, with_for_update=True)
    if counter.value > now - every:
        return False
    counter.value = now
    return True


def _sweep(resources: Resources) -> None:
    """Remove what killed processes left on disks, on each disk that can be reached."""
    try:
        removed = resources.store.sweep(LEFTOVER_AGE)
    except StorageError:
        log.warning("the store could not be swept", exc_info=True)
        removed = 0
    removed += resumable.sweep(resources, LEFTOVER_AGE)
    removed += clear_abandoned() + pictures.cut_back(resources)
    if removed:
        log.info("removed %s leftovers", removed)
    folder = resources.settings.index_folder
    try:
        if size := remove_older(folder):
            log.info("removed an index of an older version from %s, %s bytes", folder, size)
    except OSError:
        log.warning("an index of an older version stays in %s", folder, exc_info=True)
