"""Reading again what an older reader or cutter has read, sealed versions included.

Originals and the rows of versions stay as they are: a reading is derived from them. The new reading
works beside the old one, as its successor, and takes its place in the transaction that publishes
it; search, map and reading view have one of the two at every moment. A successor that fails leaves
the old one in its place, and is not ordered again before the next better reader.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import ColumnElement, and_, exists, func, or_, select, update
from sqlalchemy.orm import aliased

from indexing.extraction import READER_VERSION
from portal.models import FINDABLE, Document, Reading, ReadingState, Version
from portal.services import reading_text
from portal.unit_of_work import UnitOfWork

# So many at a time: what people upload meanwhile waits behind a few files, not behind all.
AT_ONCE = 4


def order(uow: UnitOfWork) -> None:
    """Order the next successors, the newest versions first."""
    under_way = uow.session.scalar(
        select(func.count()).select_from(Reading).where(Reading.successor)
    )
    room = AT_ONCE - (under_way or 0)
    if room <= 0:
        return
    # The version is locked as `readings.queue`'s callers do: a person may order a reading, too.
    wanted = uow.session.scalars(
        select(Version)
        .join(Reading, Reading.version_id == Version.id)
        .join(Document, Version.document_id == Document.id)
        .where(_outdated(), Document.removed_at.is_(None))
        .order_by(Version.id.desc())
        .limit(room)
        .with_for_update(of=Version, skip_locked=True)
    )
    for version in wanted.all():
        begin(uow, version)


def begin(uow: UnitOfWork, version: Version) -> None:
    """Order a successor of the reading that counts."""
    moment, settings = uow.resources.clock(), uow.resources.settings
    reading = Reading(
        version_id=version.id,
        current=False,
        successor=True,
        queued_at=moment,
        lease_until=moment + timedelta(seconds=settings.lease_seconds),
        # What it is made for: also when it fails before it has read anything.
        reader_version=READER_VERSION,
        cutter_version=reading_text.cutter(settings.passage_tokens),
    )
    uow.session.add(reading)
    uow.session.flush()
    uow.enqueue("read_version", reading.id)


def waiting(uow: UnitOfWork) -> int:
    """How many versions are still to be read by the present reader."""
    unfinished = or_(Reading.successor, _outdated())
    return uow.session.scalar(select(func.count()).select_from(Reading).where(unfinished)) or 0


def take_over(uow: UnitOfWork, successor: Reading) -> None:
    """Put a successor in the place of the reading it was made beside, whatever that is by now."""
    uow.session.execute(
        update(Reading)
        .where(Reading.version_id == successor.version_id, Reading.current)
        .values(current=False)
        .execution_options(synchronize_session="fetch")
    )
    successor.current, successor.successor = True, False
    uow.session.flush()


def _outdated() -> ColumnElement[bool]:
    """Current readings that ended, of an older reader or cutter, without a successor tried."""
    older = or_(
        Reading.reader_version < READER_VERSION,
        Reading.cutter_version < reading_text.cutter(0),
    )
    later = aliased(Reading)
    tried = exists().where(
        later.version_id == Reading.version_id,
        later.id > Reading.id,
        later.reader_version >= READER_VERSION,
        or_(later.cutter_version >= reading_text.cutter(0), later.state == ReadingState.FAILED),
    )
    ended = or_(
        and_(Reading.state.in_(FINDABLE), older),
        # It has no passages, so the cut is nothing to it.
        # One that no reader has seen, cancelled or damaged, waits for a person.
        and_(
            Reading.state == ReadingState.FAILED,
            Reading.reader_version.between(1, READER_VERSION - 1),
        ),
    )
    return and_(Reading.current, ended, ~tried)
