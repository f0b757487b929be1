"""The text of a reading as rows: blocks as written, passages as searched."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Integer, delete, insert, literal, select
from sqlalchemy.orm import Session, aliased

from indexing.extraction import READER_VERSION, Extraction, Status
from indexing.likeness import digest
from indexing.passage import CUTTER_VERSION
from indexing.passage import Passage as CutPassage
from portal.models import (
    Block,
    Embedding,
    IndexLogEntry,
    Passage,
    Reading,
    ReadingState,
    Version,
)
from portal.services.filenames import extension

# What one reading knows about its file, apart from the text.
FACTS = (
    "media_type",
    "pages",
    "characters",
    "passages",
    "ocr_pages",
    "ocr_confidence",
    "language",
    "seconds",
    "reason",
    "warnings",
    "partial",
    "parts",
    "findings",
)


def cutter(passage_tokens: int) -> int:
    """The version of the cut: of the rules, and of the length a setting gives."""
    return CUTTER_VERSION * 10_000 + passage_tokens


def note(reading: Reading, extraction: Extraction) -> None:
    """Write to the reading what was found about its file."""
    reading.media_type = extraction.media_type
    reading.pages = extraction.pages
    if extraction.pages is not None:
        reading.pages_done = extraction.pages
    reading.characters = extraction.characters
    reading.ocr_pages = extraction.ocr_pages
    reading.ocr_confidence = extraction.ocr_confidence
    reading.language = extraction.language
    reading.seconds = extraction.seconds
    reading.reason = extraction.reason.to_json() if extraction.reason else None
    reading.warnings = [warning.to_json() for warning in extraction.warnings]
    reading.parts = [part.to_json() for part in extraction.parts]
    reading.partial = extraction.status is Status.PARTIAL
    reading.reader_version = READER_VERSION


def write(
    session: Session, reading: Reading, extraction: Extraction, cut: list[CutPassage]
) -> None:
    """Put blocks and passages in the place of whatever an earlier attempt left."""
    clear(session, reading.id)
    ordinals = {id(block): number for number, block in enumerate(extraction.blocks)}
    blocks = [
        {
            "reading_id": reading.id,
            "ordinal": number,
            "kind": block.kind.value,
            "level": block.level,
            "text": block.text,
            "place": block.place.to_json(),
        }
        for number, block in enumerate(extraction.blocks)
    ]
    passages = [
        {
            "reading_id": reading.id,
            "ordinal": number,
            "kind": passage.kind.value,
            "text": passage.text,
            "embedding_text": passage.embedding_text,
            "place": _place(passage),
            "first_block": ordinals[id(passage.blocks[0])],
            "last_block": ordinals[id(passage.blocks[-1])],
            "digest": digest(passage.text),
        }
        for number, passage in enumerate(cut)
    ]
    reading.passages = len(passages)
    session.execute(insert(Block), blocks)
    session.execute(insert(Passage), passages)


def clear(session: Session, reading_id: int) -> None:
    """Remove the text of a reading that was never finished."""
    passages = select(Passage.id).where(Passage.reading_id == reading_id)
    session.execute(delete(IndexLogEntry).where(IndexLogEntry.reading_id == reading_id))
    session.execute(delete(Embedding).where(Embedding.passage_id.in_(passages)))
    session.execute(delete(Passage).where(Passage.reading_id == reading_id))
    session.execute(delete(Block).where(Block.reading_id == reading_id))


def copy_from_twin(session: Session, reading: Reading, passage_tokens: int) -> bool:
    """Take the text of a finished reading of the same bytes by the same reader, if there is one.

    The ending of the name decides between kinds of text, so it has to be the same too. A reading in
    part is not copied: what stopped it may be mended. Returns whether there was one.
    """
    twin = _twin(session, reading, cutter(passage_tokens))
    if twin is None:
        return False
    clear(session, reading.id)
    other = twin.id
    _copy_rows(session, Block, Block.reading_id == other, reading.id)
    _copy_rows(session, Passage, Passage.reading_id == other, reading.id)
    old, new = aliased(Passage), aliased(Passage)
    session.execute(
        insert(Embedding).from_select(
            ["passage_id", "model_id", "vector"],
            select(new.id, Embedding.model_id, Embedding.vector)
            .join(old, Embedding.passage_id == old.id)
            .join(new, (new.reading_id == reading.id) & (new.ordinal == old.ordinal))
            .where(old.reading_id == other),
        )
    )
    for name in FACTS:
        setattr(reading, name, getattr(twin, name))
    reading.pages_done = twin.pages_done
    reading.reader_version, reading.cutter_version = twin.reader_version, twin.cutter_version
    return True


def _twin(session: Session, reading: Reading, cut_by: int) -> Reading | None:
    version = reading.version
    found = session.scalars(
        select(Reading)
        .join(Version, Reading.version_id == Version.id)
        .where(Version.digest == version.digest, Reading.id != reading.id)
        .where(Reading.state == ReadingState.FINDABLE, Reading.reader_version == READER_VERSION)
        .where(Reading.cutter_version == cut_by)
        .order_by(Reading.id.desc())
        .limit(20)
    )
    kind = extension(version.filename)
    return next((twin for twin in found if extension(twin.version.filename) == kind), None)


def _copy_rows(
    session: Session, table: type[Block | Passage], wanted: ColumnElement[bool], reading_id: int
) -> None:
    """Copy rows inside the database under another reading; new rows get keys of their own."""
    names = [
        column.name for column in table.__table__.columns if column.name not in ("id", "reading_id")
    ]
    columns = [table.__table__.columns[name] for name in names]
    source = select(literal(reading_id, Integer), *columns).where(wanted)
    session.execute(insert(table).from_select(["reading_id", *names], source))


def _place(passage: CutPassage) -> dict[str, object]:
    """The place, with the page it ends on where a sentence runs over a page break."""
    place = passage.place.to_json()
    if passage.last_boxes:
        place["last_page"] = passage.last_page
        place["last_boxes"] = [list(box) for box in passage.last_boxes]
    return place
