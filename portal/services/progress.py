"""How far readings are, and how long they will still take, as far as that was measured.

An estimate is told only where a speed was measured: of the step a reading is in; of what is before
it in the queue by the speed of files of the same kind. Otherwise there is none.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from portal.models import FINDABLE, FINISHED, Blob, Reading, ReadingState, Version
from portal.services.filenames import extension
from portal.unit_of_work import UnitOfWork

# Shorter than this, what was done says little about what is left.
MEASURED = timedelta(seconds=2)
# So many readings are looked at for the speed of a kind of file; at least so many of it are wanted.
RECENT, FEWEST = 50, 3
# Further back in the queue nobody counts.
LONGEST_QUEUE = 500
# With nothing in anybody's hands and nothing finished for so long, something is wrong.
LATE = timedelta(minutes=10)


@dataclass(frozen=True)
class Progress:
    """How far one reading is.

    done of total: pages, while it is read, or passages, while they are made findable; None where it
    is not known. waiting: its turn has not come. seconds: what the step or the wait will still
    take, 0 for the next in turn; None when nobody can know. How many others wait would tell of
    documents that are not theirs, so it is not here. late: nothing moves.
    """

    done: int | None = None
    total: int | None = None
    waiting: bool = False
    seconds: float | None = None
    late: bool = False


@dataclass(frozen=True)
class _Turn:
    """One unfinished reading: in hand or waiting, and what it will still cost; None: not known."""

    reading_id: int
    in_hand: bool
    seconds: float | None


@dataclass(frozen=True)
class _Queue:
    """Everything unfinished in its order, what is in hand first; whether anything moves."""

    turns: list[_Turn]
    moves: bool

    def before(self, reading_id: int) -> list[_Turn] | None:
        """What comes before a reading; None for one too far back."""
        for number, turn in enumerate(self.turns):
            if turn.reading_id == reading_id:
                return self.turns[:number]
        return None


# The kind of a file, its bytes, and the seconds all of it takes.
_Sample = tuple[str, int, float]


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
        before = queue.before(reading.id)
        seconds = None if late or before is None else _wait(before)
        return Progress(waiting=True, seconds=seconds, late=late)
    done, total = _amount(reading)
    seconds = None if late else _left(reading, moment)
    return Progress(done if total else None, total or None, seconds=seconds, late=late)


def _amount(reading: Reading) -> tuple[int, int]:
    """Pages or passages that are done, and all of them; 0 where their number is not known."""
    done, total = reading.pages_done, reading.pages or 0
    if reading.state is ReadingState.EMBEDDING:
        done, total = reading.passages_done, reading.passages or 0
    return min(done, total), total


def _left(reading: Reading, moment: datetime) -> float | None:
    done, total = _amount(reading)
    if reading.step_at is None or not done or moment - reading.step_at < MEASURED:
        return None
    return (moment - reading.step_at).total_seconds() / done * (total - done)


def _wait(before: Sequence[_Turn]) -> float | None:
    """Those in hand are worked on side by side, the others after them."""
    seconds = [turn.seconds for turn in before]
    known = [each for each in seconds if each is not None]
    if len(known) < len(seconds):
        return None
    return sum(known) / max(1, sum(turn.in_hand for turn in before))


def _queue(uow: UnitOfWork, moment: datetime) -> _Queue:
    rows = uow.session.execute(
        select(Reading, Version.filename, Blob.size)
        .join(Version, Reading.version_id == Version.id)
        .join(Blob, Version.digest == Blob.digest)
        .where(Reading.alive, Reading.state.not_in(FINISHED))
        .order_by(Reading.queued_at, Reading.id)
        .limit(LONGEST_QUEUE)
    ).all()
    taken = [row for row in rows if _in_hand(row.Reading, moment)]
    waiting = [row for row in rows if not _in_hand(row.Reading, moment)]
    left = [_left(row.Reading, moment) for row in taken]
    # What is in hand says most about what comes behind it.
    now = [
        (
            extension(row.filename),
            row.size,
            (moment - row.Reading.step_at).total_seconds() + seconds,
        )
        for row, seconds in zip(taken, left, strict=True)
        if seconds is not None
    ]
    ended, recently = _ended(uow, moment)
    turns = [_Turn(row.Reading.id, True, seconds) for row, seconds in zip(taken, left, strict=True)]
    turns += [
        _Turn(row.Reading.id, False, _cost(extension(row.filename), row.size, now, ended))
        for row in waiting
    ]
    return _Queue(turns, moves=bool(taken) or recently)


def _in_hand(reading: Reading, moment: datetime) -> bool:
    until = reading.lease_until
    return bool(reading.lease_token and until is not None and until > moment)


def _cost(kind: str, size: int, now: Sequence[_Sample], ended: Sequence[_Sample]) -> float | None:
    """What a file will take by the speed of others of its kind."""
    samples = [sample for sample in now if sample[0] == kind]
    if not samples:
        samples = [sample for sample in ended if sample[0] == kind]
        if len(samples) < FEWEST:
            return None
    return size * sum(sample[2] for sample in samples) / sum(sample[1] for sample in samples)


def _ended(uow: UnitOfWork, moment: datetime) -> tuple[list[_Sample], bool]:
    """The readings that ended last, and whether one did a short while ago."""
    rows = uow.session.execute(
        select(Version.filename, Blob.size, Reading.started_at, Reading.finished_at)
        .join(Version, Reading.version_id == Version.id)
        .join(Blob, Version.digest == Blob.digest)
        .where(Reading.state.in_(FINDABLE))
        .where(Reading.started_at.is_not(None), Reading.finished_at.is_not(None))
        .order_by(Reading.id.desc())
        .limit(RECENT)
    ).all()
    samples = [
        (extension(name), size, (finish - start).total_seconds())
        for name, size, start, finish in rows
        if start and finish
    ]
    return samples, any(row.finished_at > moment - LATE for row in rows)
