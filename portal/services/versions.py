"""Versions: the reading view of one version, and its original bytes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO

from sqlalchemy import func, select

from portal.errors import NotReady
from portal.models import FINDABLE, Block, Document, Handover, Passage, Reading, Version
from portal.permissions import Action
from portal.resources import Resources
from portal.services import readings
from portal.unit_of_work import UnitOfWork
from storage import BlobMissing, StoreNotWritable, StoreUnreachable

# Blocks on one page of the reading view: a long chapter. A whole book at once would take a browser
# seconds to lay out.
PART_BLOCKS = 1500
GREATEST_KEY = 2**31 - 1


@dataclass(frozen=True)
class VersionPage:
    """What the reading view shows.

    reading: None before one is ordered. blocks: of this part; empty while there is no text.
    passage: the one asked for; None when none was, or it is not of this text. newer: the newest
    later version this person may read; None when this is it. part: 1-based, of `parts`.
    """

    version: Version
    document: Document
    handover: Handover
    reading: Reading | None
    blocks: list[Block]
    passage: Passage | None
    newer: Version | None
    part: int
    parts: int


def page(
    uow: UnitOfWork, version_id: str, passage_id: str | None = None, part: int | None = None
) -> VersionPage:
    """The reading view. A passage of another version is left aside, as are parts there are not.

    `part` None is the part of the passage, or the first. Raises NotFound and Forbidden.
    """
    version = uow.load(Version, version_id, Action.VIEW_VERSION)
    reading = readings.current(uow, version)
    shown = reading if reading is not None and reading.state in FINDABLE else None
    passage = _passage(uow, shown, passage_id)
    parts = _parts(uow, shown)
    if part is None:
        part = passage.first_block // PART_BLOCKS + 1 if passage else 1
    part = max(1, min(part, parts))
    return VersionPage(
        version=version,
        document=version.document,
        handover=version.document.handover,
        reading=reading,
        blocks=_blocks(uow, shown, part),
        passage=passage,
        newer=_newer(uow, version),
        part=part,
        parts=parts,
    )


def headings(uow: UnitOfWork, version_id: str) -> list[Block]:
    """The headings of a version's text, for its table of contents. Raises NotFound, Forbidden."""
    version = uow.load(Version, version_id, Action.VIEW_VERSION)
    reading = readings.current(uow, version)
    if reading is None or reading.state not in FINDABLE:
        return []
    return list(
        uow.session.scalars(
            select(Block)
            .where(Block.reading_id == reading.id, Block.kind == "heading")
            .order_by(Block.ordinal)
        )
    )


def original(uow: UnitOfWork, version_id: str) -> Version:
    """A version whose original is about to be downloaded, which is an event.

    Raises NotFound and Forbidden.
    """
    version = uow.load(Version, version_id, Action.VIEW_VERSION)
    document = version.document
    uow.record(
        "version_downloaded",
        document.handover,
        version,
        document=document.title,
        number=version.number,
        filename=version.filename,
    )
    return version


def opened(resources: Resources, version: Version) -> BinaryIO:
    """The original, to be closed. Raises NotReady (file_damaged, store_unavailable)."""
    try:
        return resources.store.open(version.digest)
    except BlobMissing as error:
        raise NotReady("file_damaged") from error
    except (StoreUnreachable, StoreNotWritable) as error:
        raise NotReady("store_unavailable") from error


def _passage(uow: UnitOfWork, reading: Reading | None, passage_id: str | None) -> Passage | None:
    if reading is None or not passage_id or not passage_id.isascii() or not passage_id.isdigit():
        return None
    # Digits without end are slow to convert, and a number beyond any key is an error to PostgreSQL.
    number = int(passage_id[:20])
    if number > GREATEST_KEY:
        return None
    return uow.session.scalar(
        select(Passage).where(Passage.id == number, Passage.reading_id == reading.id)
    )


def _parts(uow: UnitOfWork, reading: Reading | None) -> int:
    if reading is None:
        return 1
    last = select(func.max(Block.ordinal)).where(Block.reading_id == reading.id)
    return (uow.session.scalar(last) or 0) // PART_BLOCKS + 1


def _blocks(uow: UnitOfWork, reading: Reading | None, part: int) -> list[Block]:
    if reading is None:
        return []
    begin = (part - 1) * PART_BLOCKS
    return list(
        uow.session.scalars(
            select(Block)
            .where(Block.reading_id == reading.id)
            .where(Block.ordinal >= begin, Block.ordinal < begin + PART_BLOCKS)
            .order_by(Block.ordinal)
        )
    )


def _newer(uow: UnitOfWork, version: Version) -> Version | None:
    return uow.session.scalar(
        select(Version)
        .where(Version.document_id == version.document_id, Version.number > version.number)
        .where(uow.rows(Action.VIEW_VERSION))
        .order_by(Version.number.desc())
        .limit(1)
    )
