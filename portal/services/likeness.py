"""Near-duplicates: versions that hold nearly all the text of another; told, never refused.

Looked for once, when a version becomes findable, among what stands in the same case and what is
sealed of the same position. What is kept are row ids; a person is shown those they may read.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import joinedload

from portal.models import FINDABLE, Document, Handover, Passage, Reading, Version
from portal.permissions import Action
from portal.unit_of_work import UnitOfWork

# In hundredths of the passages that differ from each other.
LEAST = 95
# Several, because the closest may be one that the person who looks may not read.
MOST = 20


@dataclass(frozen=True)
class Alike:
    """Another version with nearly the same text; percent: how much of the text is in it."""

    version: Version
    percent: int


def look(uow: UnitOfWork, reading: Reading) -> None:
    """Write to the reading which versions hold nearly all of its text."""
    document = reading.version.document
    own = select(Passage.digest).where(Passage.reading_id == reading.id).distinct()
    total = uow.session.scalar(select(func.count()).select_from(own.subquery())) or 0
    reading.alike = []
    if not total:
        return
    common = func.count(Passage.digest.distinct())
    found = uow.session.execute(
        select(Version.id, common)
        .select_from(Passage)
        .join(Reading, Passage.reading_id == Reading.id)
        .join(Version, Reading.version_id == Version.id)
        .join(Document, Version.document_id == Document.id)
        .join(Handover, Document.handover_id == Handover.id)
        .where(Passage.digest.in_(own), Reading.current, Reading.state.in_(FINDABLE))
        .where(Document.id != document.id, Document.removed_at.is_(None))
        .where(
            or_(
                Document.handover_id == document.handover_id,
                and_(
                    Version.sealed_at.is_not(None),
                    Handover.position_id == document.handover.position_id,
                ),
            )
        )
        .group_by(Version.id)
        .having(common * 100 >= total * LEAST)
        .order_by(common.desc(), Version.id.desc())
        .limit(MOST)
    )
    # Rounded down: «100 %» is said of the whole text only.
    reading.alike = [{"version": row, "percent": 100 * count // total} for row, count in found]


def seen(uow: UnitOfWork, readings: Iterable[Reading | None]) -> dict[int, Alike]:
    """Of each reading the closest version that this person may read, by the reading's row id."""
    with_some = [reading for reading in readings if reading is not None and reading.alike]
    wanted = {one["version"] for reading in with_some for one in reading.alike or []}
    if not wanted:
        return {}
    rows = uow.session.scalars(
        select(Version)
        .join(Document, Version.document_id == Document.id)
        .where(Version.id.in_(wanted), uow.rows(Action.VIEW_VERSION))
        .where(Document.removed_at.is_(None))
        .options(joinedload(Version.document))
    )
    readable = {version.id: version for version in rows}
    closest: dict[int, Alike] = {}
    for reading in with_some:
        for one in reading.alike or []:
            version = readable.get(one["version"])
            if version is not None:
                closest[reading.id] = Alike(version, one["percent"])
                break
    return closest
