"""Leases: which worker has a reading now, and how it gives it back.

A message from the broker is a hint; the row is the truth. Whoever wants to read takes the lease in
one short transaction and gets a token; every later write names the token and fails when somebody
else has the reading by then. So a message delivered twice is read once, a killed worker's reading
is free again when its lease passes, and a worker that was merely slow overwrites nobody.
"""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.exc import DBAPIError

from indexing.notice import Notice
from portal.models import Handover, Reading, ReadingState, Version
from portal.models.base import Facts
from portal.resources import Resources
from portal.unit_of_work import UnitOfWork

log = logging.getLogger(__name__)

# A file that ends its worker three times will end it a fourth time.
ATTEMPTS = 3
# A lease is moved on this often while it lasts, so that one slow write does not lose it.
RENEWALS = 4


class LeaseLost(Exception):
    """Another worker has the reading, or it no longer counts."""


@dataclass(frozen=True)
class Claim:
    """A reading this process may write to. `text_done`: only its embedding is left to do."""

    reading_id: int
    token: str
    digest: str
    filename: str
    text_done: bool


def claim(resources: Resources, reading_id: int) -> Claim | None:
    """Take the reading; None when there is nothing to do: finished, superseded, or in other hands.

    One taken too often is given up here instead, so that no file is tried for ever.
    """
    with resources.write() as uow:
        reading = locked(uow, reading_id)
        if reading is None or not reading.alive or reading.finished:
            return None
        moment = resources.clock()
        if reading.lease_token and reading.lease_until and reading.lease_until > moment:
            return None
        if reading.attempts >= ATTEMPTS:
            fail(uow, reading, reading.reason or crashed("killed"))
            return None
        reading.attempts += 1
        reading.lease_token = secrets.token_hex(16)
        reading.lease_until = moment + _length(resources)
        reading.started_at, reading.step_at = moment, None
        text_done = reading.state is ReadingState.EMBEDDING
        if not text_done:
            reading.state, reading.pages_done = ReadingState.READING, 0
            reading.step_at = moment
        version = reading.version
        return Claim(reading.id, reading.lease_token, version.digest, version.filename, text_done)


@contextmanager
def kept(resources: Resources, held_claim: Claim) -> Iterator[None]:
    """Move the lease on, in a thread, as long as the context lasts.

    The thread says that this process lives, whatever library the work is in at the moment. It dies
    with a kill, and the job's own time limit ends work that never returns.
    """
    over = threading.Event()
    every = resources.settings.lease_seconds / RENEWALS

    def keep() -> None:
        while not over.wait(every):
            try:
                renew(resources, held_claim)
            except LeaseLost:
                # The work itself finds out with its next write.
                return
            except DBAPIError:
                log.warning("reading %s: lease not renewed", held_claim.reading_id, exc_info=True)

    thread = threading.Thread(target=keep, name="lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def renew(resources: Resources, held_claim: Claim, **values: Any) -> None:
    """Move the lease on and write `values` to columns of the reading. Raises LeaseLost."""
    with resources.write() as uow:
        done = uow.session.execute(
            update(Reading)
            .where(Reading.id == held_claim.reading_id, Reading.lease_token == held_claim.token)
            .where(Reading.alive)
            .values(lease_until=resources.clock() + _length(resources), **values)
            .returning(Reading.id)
        )
        if done.first() is None:
            raise LeaseLost


def held(uow: UnitOfWork, held_claim: Claim) -> Reading:
    """The reading, locked until the end of the transaction. Raises LeaseLost."""
    reading = locked(uow, held_claim.reading_id)
    if reading is None or reading.lease_token != held_claim.token or not reading.alive:
        raise LeaseLost
    return reading


def give_back(resources: Resources, held_claim: Claim, error: BaseException | None) -> None:
    """Free the reading for the next attempt. Does nothing when the lease is lost.

    `error` None: it was nothing the file can help (a store or database out of reach), so the
    attempt does not count. Otherwise it does, and after the last one the reading has failed.
    """
    with resources.write() as uow:
        try:
            reading = held(uow, held_claim)
        except LeaseLost:
            return
        if error is not None:
            reason = crashed(type(error).__name__)
            if reading.attempts >= ATTEMPTS:
                fail(uow, reading, reason)
                return
            reading.reason = reason
        else:
            reading.attempts -= 1
        reading.lease_token = reading.lease_until = None
        if reading.state is ReadingState.READING:
            reading.state = ReadingState.QUEUED


def fail(uow: UnitOfWork, reading: Reading, reason: Facts) -> None:
    """Write down that the version was not read, and why: a failure is never silent.

    Of a successor there is nothing to tell: the reading it was to replace goes on counting.
    """
    if reading.successor:
        reading.successor = False
        _end(uow, reading, reason)
        return
    uow.record("reading_failed", *_told(reading), **_end(uow, reading, reason))


def cancel(uow: UnitOfWork, reading: Reading) -> None:
    """Write down that a person ended the reading."""
    reason = Notice("reading_cancelled").to_json()
    uow.record("reading_cancelled", *_told(reading), **_end(uow, reading, reason))


def _told(reading: Reading) -> tuple[Handover, Version]:
    return reading.version.document.handover, reading.version


def _end(uow: UnitOfWork, reading: Reading, reason: Facts) -> Facts:
    """End a reading without a text; the facts of the event that tells of it."""
    reading.state, reading.reason = ReadingState.FAILED, reason
    settle(uow, reading)
    version = reading.version
    return {
        "document": version.document.title,
        "number": version.number,
        "filename": version.filename,
        "reason": reason["code"],
    }


def settle(uow: UnitOfWork, reading: Reading) -> None:
    """End a reading: nobody has it any more."""
    reading.finished_at = uow.resources.clock()
    reading.lease_token = reading.lease_until = None


def crashed(error: str) -> Facts:
    """The reason for a reading whose process failed without saying why."""
    return Notice("reader_crashed", {"error": error}).to_json()


def locked(uow: UnitOfWork, reading_id: int) -> Reading | None:
    """The reading, locked until the end of the transaction and read afresh."""
    return uow.session.scalar(
        select(Reading)
        .where(Reading.id == reading_id)
        .with_for_update(of=Reading)
        .execution_options(populate_existing=True)
    )


def _length(resources: Resources) -> timedelta:
    return timedelta(seconds=resources.settings.lease_seconds)
