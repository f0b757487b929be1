"""Index rows: what the search index is made of, and how it is kept up with them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from indexing.entry import Entry
from indexing.folding import FoldingBusy
from indexing.index import Index
from indexing.manifest import IdentityMismatch, Manifest
from indexing.shelf import IndexUnreachable
from portal.errors import NotReady
from portal.models import (
    Document,
    Embedding,
    EmbeddingModel,
    IndexLogEntry,
    Passage,
    Reading,
    Version,
)
from portal.resources import Resources
from portal.services import embeddings
from portal.unit_of_work import UnitOfWork

# Every process holds what is not folded in its own memory and reads it when it starts: so many
# passages take about a second.
FOLD_PASSAGES = 2000


class RowSource:
    """The passages of one model as `indexing.index` wants them, in the order they were published.

    Drafts are among them, and documents removed since: who may see what is decided for each search
    by the readings it allows. Readings that no longer count are left out; they never count again.
    A passage without a vector is found by its words: its vector here is zero, like no other.
    """

    def __init__(self, session: Session, model: EmbeddingModel) -> None:
        """Read through this session, which has to last as long as the source is used."""
        self._session = session
        self._model = model
        self._model_id = model.id
        self._dimension = model.dimension

    def head(self) -> int:
        """The newest sequence number of the model, 0 when there is none."""
        newest = select(func.max(IndexLogEntry.sequence)).where(
            IndexLogEntry.model_id == self._model_id
        )
        return self._session.scalar(newest) or 0

    def newest_head(self) -> int:
        """The same outside of this transaction, which may have begun a while ago."""
        with Session(self._session.get_bind()) as session:
            return RowSource(session, self._model).head()

    def entries_after(self, sequence: int, until: int) -> Iterator[tuple[int, list[Entry]]]:
        """Yield (number, its entries), ascending; a number whose reading is gone has none."""
        rows = self._session.execute(
            select(
                IndexLogEntry.sequence,
                Passage.id,
                Passage.reading_id,
                Document.title,
                Passage.embedding_text,
                Embedding.vector,
            )
            .join(Reading, IndexLogEntry.reading_id == Reading.id)
            .join(Version, Reading.version_id == Version.id)
            .join(Document, Version.document_id == Document.id)
            .join(Passage, Passage.reading_id == Reading.id)
            .outerjoin(
                Embedding,
                (Embedding.passage_id == Passage.id) & (Embedding.model_id == self._model_id),
            )
            .where(IndexLogEntry.model_id == self._model_id, Reading.current)
            .where(IndexLogEntry.sequence > sequence, IndexLogEntry.sequence <= until)
            .order_by(IndexLogEntry.sequence, Passage.ordinal)
            .execution_options(yield_per=500)
        )
        none = np.zeros(self._dimension, np.float32)
        for number, group in itertools.groupby(rows, key=lambda row: row[0]):
            yield (
                number,
                [
                    Entry(
                        passage_id,
                        reading_id,
                        title,
                        text,
                        none if vector is None else embeddings.from_bytes(vector),
                    )
                    for _, passage_id, reading_id, title, text, vector in group
                ],
            )


@contextmanager
def reached() -> Iterator[None]:
    """Raises NotReady when a server that holds the index does not answer."""
    try:
        yield
    except IndexUnreachable as error:
        raise NotReady("index_unreachable") from error


def caught_up(uow: UnitOfWork) -> Index:
    """The index with everything that was committed before now. Raises NotReady.

    What a search calls first: so a document is found by every process as soon as it is published.
    """
    model = embeddings.searched(uow)
    with reached():
        index = uow.resources.index(model)
        if model is not None:
            try:
                index.catch_up(RowSource(uow.session, model))
            except IdentityMismatch as error:
                raise NotReady("index_mismatch") from error
    return index


def waiting_passages(uow: UnitOfWork) -> int:
    """How many passages are published and not folded yet."""
    model = embeddings.active_model(uow.session)
    if model is None:
        return 0
    manifest = uow.resources.shelf(model.identity, model.dimension).manifest()
    usable = manifest is not None and manifest.identity == model.identity
    after = manifest.watermark if manifest is not None and usable else 0
    counted = (
        select(func.count())
        .select_from(Passage)
        .join(Reading, Passage.reading_id == Reading.id)
        .join(IndexLogEntry, IndexLogEntry.reading_id == Reading.id)
        .where(IndexLogEntry.model_id == model.id, IndexLogEntry.sequence > after)
        .where(Reading.current)
    )
    return uow.session.scalar(counted) or 0


def fold(resources: Resources) -> Manifest | None:
    """Fold what is published into the index folder; None when there is nothing or another folds.

    Raises OSError when the disk is full or not writable; the index stays as it was.
    """
    with resources.read() as uow:
        model = embeddings.active_model(uow.session)
    if model is None:
        return None
    try:
        return fold_model(resources, model)
    except FoldingBusy:
        return None


def fold_model(resources: Resources, model: EmbeddingModel, rebuild: bool = False) -> Manifest:
    """Put what is published of one model onto its shelf, with `rebuild` from nothing.

    One that is of another model is written anew: the rows are what counts. Raises FoldingBusy and
    OSError.
    """
    shelf = resources.shelf(model.identity, model.dimension)
    with resources.read() as uow:
        source = RowSource(uow.session, model)
        try:
            return shelf.fold(source, rebuild)
        except IdentityMismatch:
            return shelf.fold(source, rebuild=True)
