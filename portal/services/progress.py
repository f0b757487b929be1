"""How far readings are, and how long they will still take, as far as that was measured.

An estimate is told only where a speed was measured: of the step a reading is in, or, before its
turn, of the readings that ended last. Otherwise there is none.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from portal.models import FINDABLE, FINISHED, Reading, ReadingState
from portal.unit_of_work import UnitOfWork

# Shorter than this, what was done says little about what is left.
MEASURED = timedelta(seconds=2)
# So many readings are looked at for the speed of a queue, and at least so many are wanted.
RECENT, FEWEST = 20, 3
# Further back in the queue nobody counts.
LONGEST_QUEUE = 500
# With nothing in anybody's hands and nothing finished for so long, something is wrong.
LATE = timedelta(minutes=10)


@dataclass(frozen=True)
class Progress:
    """How far one reading is.

    done of total: pages, while it is read, or passages, while they are made findable; None where it
    is not known. before: readings whose turn comes earlier, while it waits. seconds: what the step
    or the wait will still take; None when nobody can know. late: nothing moves.
    """

    done: int | None = None
    total: int | None = None
    before: int | None = None
    seconds: float | None = None
    late: bool = False


@dataclass(frozen=True)
class _Queue:
    """What is unfinished, in its order; how many are in hand; and the seconds one takes."""

    order: dict[int, int]
    in_hand: int
    each: float | None
    moves: bool


def of(uow: UnitOfWork, readings: Iterable[Reading | None]) -> dict[int, Progress]:
    """The progress of those of the readings that go on, by row id."""
    going = [reading for reading in readings if reading is not None and not reading.finished]
    if not going:
        return {}
    moment = uow.resources.clock()
    queue = _queue(uow, moment)
    return {reading.id: _progress(reading, queue, moment) for reading in going}


def _progress(reading: Reading, queue: _Queue, moment: datetime) -> Progress:
    late = not queue.moves and reading.queued_at <= moment - LATE
    if reading.state is ReadingState.QUEUED:
        before = queue.order.get(reading.id)
        wait = None
        if before and queue.each is not None:
            wait = queue.each * before / max(1, queue.in_hand)
        return Progress(before=before, seconds=None if late else wait, late=late)
    done, total = reading.pages_done, reading.pages
    if reading.state is ReadingState.EMBEDDING:
        done, total = reading.passages_done, reading.passages
    if not total:
        return Progress(late=late)
    done = min(done, total)
    seconds = None if late else _left(reading, done, total, moment)
    return Progress(done, total, seconds=seconds, late=late)


def _left(reading: Reading, done: int, total: int, moment: datetime) -> float | None:
    if reading.step_at is None or not done or moment - reading.step_at < MEASURED:
        return None
    return (moment - reading.step_at).total_seconds() / done * (total - done)


def _queue(uow: UnitOfWork, moment: datetime) -> _Queue:
    unfinished = uow.session.execute(
        select(Reading.id, Reading.lease_token, Reading.lease_until)
        .where(Reading.alive, Reading.state.not_in(FINISHED))
        .order_by(Reading.queued_at, Reading.id)
        .limit(LONGEST_QUEUE)
    ).all()
    in_hand = sum(
        bool(token and until is not None and until > moment) for _, token, until in unfinished
    )
    ended = uow.session.execute(
        select(Reading.started_at, Reading.finished_at)
        .where(Reading.state.in_(FINDABLE))
        .where(Reading.started_at.is_not(None), Reading.finished_at.is_not(None))
        .order_by(Reading.id.desc())
        .limit(RECENT)
    ).all()
    times = [(start, finish) for start, finish in ended if start and finish]
    spans = [(finish - start).total_seconds() for start, finish in times]
    recently = any(finish > moment - LATE for _, finish in times)
    return _Queue(
        order={row: number for number, (row, _, _) in enumerate(unfinished)},
        in_hand=in_hand,
        each=_mean(spans),
        moves=in_hand > 0 or recently,
    )


def _mean(spans: Sequence[float]) -> float | None:
    return sum(spans) / len(spans) if len(spans) >= FEWEST else None
