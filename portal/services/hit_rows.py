"""The rows of hits: what a page of them is made of, by statements put together once.

Putting one together takes longer than asking it, and every search asks them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import joinedload, lazyload, load_only

from indexing.entry import Hit
from portal.models import Document, Handover, Passage, Person, Reading, Version
from portal.permissions import Action
from portal.unit_of_work import UnitOfWork

_DOCUMENT = joinedload(Version.document)
_READ = (
    select(Reading, Version)
    .join(Version, Reading.version_id == Version.id)
    .where(Reading.id.in_(bindparam("readings", expanding=True)), Reading.current)
    .options(
        load_only(Reading.media_type, Reading.pages),
        # The roles of authors and the size of files are nothing to a hit.
        lazyload(Version.blob),
        _DOCUMENT.joinedload(Document.owner).lazyload(Person.grants),
        _DOCUMENT.joinedload(Document.handover).joinedload(Handover.position),
    )
)
_PASSAGES = select(Passage).where(Passage.id.in_(bindparam("passages", expanding=True)))
_NEWEST = (
    select(Version.document_id, func.max(Version.number))
    .where(Version.document_id.in_(bindparam("documents", expanding=True)))
    .group_by(Version.document_id)
)


def read(uow: UnitOfWork, hits: Sequence[Hit]) -> dict[int, tuple[Reading, Version]]:
    """Readings with their versions, by the reading's row id; hits are of what this person may read.

    Of a reading only what a list shows of it.
    """
    rows = uow.session.execute(_READ, {"readings": list({hit.reading_id for hit in hits})})
    return {reading.id: (reading, version) for reading, version in rows}


def versions(uow: UnitOfWork, hits: Sequence[Hit]) -> dict[int, Version]:
    """The versions alone."""
    return {at: version for at, (_, version) in read(uow, hits).items()}


def passages(uow: UnitOfWork, hits: Sequence[Hit]) -> dict[int, Passage]:
    """Passages by their row ids."""
    found = uow.session.scalars(_PASSAGES, {"passages": [hit.passage_id for hit in hits]})
    return {passage.id: passage for passage in found}


def newer(uow: UnitOfWork, shown: Iterable[Version]) -> dict[int, Version]:
    """By document, the newest version this person may read, read or not yet, where it is not the
    one that is shown."""
    numbers = {version.document_id: version.number for version in shown}
    newest = uow.session.execute(_NEWEST, {"documents": list(numbers)})
    outdated = [at for at, last in newest if last > numbers[at]]
    if not outdated:
        return {}
    rows = uow.session.scalars(
        select(Version)
        .where(Version.document_id.in_(outdated), uow.rows(Action.VIEW_VERSION))
        .order_by(Version.number)
    )
    found = {version.document_id: version for version in rows}
    return {at: version for at, version in found.items() if version.number > numbers[at]}
