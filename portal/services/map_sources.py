"""What a knowledge map is made from: the rows of a position, as values of the leaf.

Sealed documents of visibility «position» and wider, of cases that were not cancelled. What only
receivers may read never enters a map: it is kept for years and shown to people who come later.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import Select, and_, select
from sqlalchemy.orm import joinedload

from indexing.tokens import latin_words, runs, tokenize
from knowledge_map import Expected, Piece, Source
from portal.models import (
    FINDABLE,
    Document,
    Embedding,
    Handover,
    HandoverState,
    Item,
    Passage,
    Position,
    Reading,
    RequirementKind,
    Version,
    Visibility,
)
from portal.services import blueprints, embeddings
from portal.unit_of_work import UnitOfWork

# Lines that ask for knowledge; the others become areas only when files were handed in for them.
HOLLOW_KINDS = frozenset({RequirementKind.DOCUMENT, RequirementKind.ENTITIES})
# Words looked at for a name, of each passage; the rest of a long one says the same.
MOST_WORDS = 120


def on_map() -> Select[Document, Version, Reading | None]:
    """Select document, sealed version and its reading (None before one ended well) of what belongs
    on a map, by document, older versions first. For the position, add a clause on `Handover`."""
    reads = and_(Reading.version_id == Version.id, Reading.current, Reading.state.in_(FINDABLE))
    return (
        select(Document, Version, Reading)
        .join(Version, Version.document_id == Document.id)
        .join(Handover, Document.handover_id == Handover.id)
        .outerjoin(Reading, reads)
        .where(Version.sealed_at.is_not(None), Document.removed_at.is_(None))
        .where(Document.visibility != Visibility.RECEIVERS)
        .where(Handover.state != HandoverState.CANCELLED)
        .order_by(Document.id, Version.number)
    )


def expected(uow: UnitOfWork, position: Position) -> list[Expected]:
    """The lines of the newest blueprint; none without one."""
    blueprint = blueprints.newest_of(uow, position)
    return [
        Expected(line.key, line.title, line.kind in HOLLOW_KINDS)
        for line in (blueprint.requirements if blueprint else [])
    ]


def sources(uow: UnitOfWork, position: Position) -> list[Source]:
    """The documents of a position, each with the text of its newest sealed version read."""
    rows = uow.session.execute(
        on_map()
        .where(Handover.position_id == position.id)
        .options(joinedload(Document.item).joinedload(Item.requirement))
    )
    documents: dict[int, Document] = {}
    readings: dict[int, int] = {}
    for document, _, reading in rows:
        documents[document.id] = document
        if reading is not None:
            readings[document.id] = reading.id
    pieces = _pieces(uow, list(readings.values()))
    return [
        _source(document, pieces[readings.get(document.id, 0)]) for document in documents.values()
    ]


def _source(document: Document, pieces: list[Piece]) -> Source:
    title, below = titled(document.title, pieces)
    key = document.item.requirement.key if document.item else None
    return Source(document.public_id, title, key, below)


def _pieces(uow: UnitOfWork, readings: Sequence[int]) -> dict[int, list[Piece]]:
    """Passages by the id of their reading, in their order, with vectors of the active model."""
    model = embeddings.active_model(uow.session)
    has_vector = and_(
        Embedding.passage_id == Passage.id, Embedding.model_id == (model.id if model else None)
    )
    rows = uow.session.execute(
        select(Passage.id, Passage.reading_id, Passage.text, Passage.place, Embedding.vector)
        .outerjoin(Embedding, has_vector)
        .where(Passage.reading_id.in_(readings))
        .order_by(Passage.reading_id, Passage.ordinal)
    )
    found: dict[int, list[Piece]] = defaultdict(list)
    for row in rows:
        vector = embeddings.from_bytes(row.vector) if row.vector is not None else None
        headings = tuple(str(each) for each in row.place.get("heading_path", []))
        found[row.reading_id].append(Piece(row.id, vector, words_of(row.text), headings))
    return found


def titled(title: str, pieces: list[Piece]) -> tuple[str, list[Piece]]:
    """What a document calls itself, and its passages without that heading: one that stands above
    all others is the title a person gave it, says more than a file's name, and divides nothing."""
    outermost = {piece.headings[0] for piece in pieces if piece.headings}
    if len(outermost) != 1:
        return title, pieces
    below = [Piece(each.id, each.vector, each.words, each.headings[1:]) for each in pieces]
    return outermost.pop(), below


def words_of(text: str) -> list[str]:
    """Words as they are written, Chinese ones as a dictionary cuts them, for naming areas."""
    found: list[str] = []
    for run, is_cjk in runs(text):
        if is_cjk:
            found += tokenize(run).words
        else:
            found += [match.group() for match in latin_words(run)]
        if len(found) > MOST_WORDS:
            break
    return found[:MOST_WORDS]
