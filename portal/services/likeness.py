"""Near-duplicates: versions that hold nearly all the text of another; told, never refused.

Looked for once, when a version becomes findable, among what stands in the same case and what is
sealed of the same position. What is kept are row ids; a person is shown those they may read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import joinedload

from portal.models import FINDABLE, Document, Handover, Passage, Reading, Version
from portal.permissions import Action
from portal.unit_of_work import UnitOfWork

# In hundredths of the passages that differ from each other.
LEAST = 95
# Several, because the closest may be one that the person who looks may not read.
MOST = 20
# Digests asked for together.
AT_ONCE = 500


@dataclass(frozen=True)
class Alike:
    """Another version with nearly the same text; percent: how much of the text is in it."""

    version: Version
    percent: int


def look(uow: UnitOfWork, reading: Reading) -> None:
    """Write to the reading which versions hold nearly all of its text."""
    digests = uow.session.scalars(
        select(Passage.digest).where(Passage.reading_id == reading.id).distinct()
    )
    own = [digest for digest in digests if digest is not None]
    versions = _candidates(uow, reading.version.document)
    common: Counter[int] = Counter()
    if versions:
        # In steps, by the index: what a database would make of the whole as one join depends on
        # how well it knows its tables, and may take seconds for each thousand passages.
        for start in range(0, len(own), AT_ONCE):
            found = uow.session.execute(
                select(Passage.reading_id, Passage.digest)
                .where(Passage.digest.in_(own[start : start + AT_ONCE]))
                .distinct()
            )
            common.update(row.reading_id for row in found if row.reading_id in versions)
    # Rounded down: «100 %» is said of the whole text only.
    reading.alike = [
        {"version": versions[other], "percent": 100 * count // len(own)}
        for other, count in common.most_common(MOST)
        if count * 100 >= len(own) * LEAST
    ]


def _candidates(uow: UnitOfWork, document: Document) -> dict[int, int]:
    """Versions of other documents by the row ids of their readings."""
    position = document.handover.position_id
    sealed = and_(Version.sealed_at.is_not(None), Handover.position_id == position)
    rows = uow.session.execute(
        select(Reading.id, Version.id)
        .join(Version, Reading.version_id == Version.id)
        .join(Document, Version.document_id == Document.id)
        .join(Handover, Document.handover_id == Handover.id)
        .where(Reading.current, Reading.state.in_(FINDABLE))
        .where(Document.id != document.id, Document.removed_at.is_(None))
        .where(or_(Document.handover_id == document.handover_id, sealed))
    )
    return {row[0]: row[1] for row in rows}


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
