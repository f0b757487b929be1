"""Versions: the reading view of one version, and its original bytes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO

from sqlalchemy import ColumnElement, func, select

from portal.errors import NotReady
from portal.models import FINDABLE, Block, Document, Handover, Passage, Reading, Version
from portal.permissions import Action
from portal.resources import Resources
from portal.services import likeness, progress, readings
from portal.services.likeness import Alike
from portal.services.progress import Progress
from portal.unit_of_work import UnitOfWork
from storage import BlobMissing, StoreNotWritable, StoreUnreachable

# Blocks on one page of the reading view: a long chapter. A whole book at once would take a browser
# seconds to lay out.
PART_BLOCKS = 1500
GREATEST_KEY = 2**31 - 1


@dataclass(frozen=True)
class VersionHead:
    """A version and what stands above its text.

    reading: None before one is ordered. passage: the one asked for; None when none was, or it is
    not of this text. newer: the newest later version this person may read; None when this is it.
    progress: of a reading that goes on. alike: another document with nearly the same text.
    """

    version: Version
    document: Document
    handover: Handover
    reading: Reading | None
    passage: Passage | None
    newer: Version | None
    progress: Progress | None = None
    alike: Alike | None = None

    @property
    def text(self) -> Reading | None:
        """The reading whose text is shown; None while there is none."""
        return self.reading if self.reading and self.reading.state in FINDABLE else None


@dataclass(frozen=True)
class Window:
    """Some of the blocks that were asked for: the `part`-th of `parts`, counted from 1."""

    blocks: list[Block]
    part: int
    parts: int


def head(uow: UnitOfWork, version_id: str, passage_id: str | None = None) -> VersionHead:
    """The version; a passage of another one is left aside. Raises NotFound and Forbidden."""
    version = uow.load(Version, version_id, Action.VIEW_VERSION)
    reading = readings.current(uow, version)
    shown = reading if reading is not None and reading.state in FINDABLE else None
    key = reading.id if reading is not None else 0
    return VersionHead(
        version=version,
        document=version.document,
        handover=version.document.handover,
        reading=reading,
        passage=_passage(uow, shown, passage_id),
        newer=_newer(uow, version),
        progress=progress.of(uow, [reading]).get(key),
        alike=likeness.seen(uow, [reading]).get(key),
    )


def window(
    uow: UnitOfWork,
    head: VersionHead,
    wanted: Sequence[ColumnElement[bool]] = (),
    size: int | None = None,
    part: int | None = None,
) -> Window:
    """The blocks of the version's text for which `wanted` holds, `size` of them.

    `part` None is the part of the passage, or the first; one there is not is the last or first.
    """
    if head.text is None:
        return Window([], 1, 1)
    size = size or PART_BLOCKS
    chosen = [Block.reading_id == head.text.id, *wanted]
    count = uow.session.scalar(select(func.count()).where(*chosen)) or 0
    parts = max(1, -(-count // size))
    if part is None:
        part = _part_of(uow, head, chosen, size)
    part = max(1, min(part, parts))
    blocks = uow.session.scalars(
        select(Block).where(*chosen).order_by(Block.ordinal).offset((part - 1) * size).limit(size)
    )
    return Window(list(blocks), part, parts)


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
    version = uow.load(Version, version_id, Action.DOWNLOAD_VERSION)
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


def _part_of(
    uow: UnitOfWork, head: VersionHead, chosen: Sequence[ColumnElement[bool]], size: int
) -> int:
    if head.passage is None:
        return 1
    before = select(func.count()).where(*chosen, Block.ordinal < head.passage.first_block)
    return (uow.session.scalar(before) or 0) // size + 1


def _newer(uow: UnitOfWork, version: Version) -> Version | None:
    return uow.session.scalar(
        select(Version)
        .where(Version.document_id == version.document_id, Version.number > version.number)
        .where(uow.rows(Action.VIEW_VERSION))
        .order_by(Version.number.desc())
        .limit(1)
    )
