"""Index rows: what the search index is made of, and how it is kept up with them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from sqlalchemy import Select, exists, func, select, update
from sqlalchemy.orm import Session

from indexing.entry import Entry, IdArray
from indexing.folding import FoldingBusy
from indexing.folding import fold as fold_index
from indexing.generation import current_manifest, open_generation
from indexing.index import Index
from indexing.manifest import IdentityMismatch, IndexDamaged, Manifest
from indexing.model_unavailable import ModelUnavailable
from portal.errors import NotReady
from portal.models import (
    FINDABLE,
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
from portal.services.inserting import insert_missing
from portal.unit_of_work import UnitOfWork

# Every process holds what is not folded in its own memory and reads it when it starts: so many
# passages take about a second.
FOLD_PASSAGES = 2000


class RowSource:
    """The passages of one model as `indexing.index` wants them, in the order they were published.

    Drafts are among them, and documents removed since: who may see what is decided for each search
    by the readings it allows. Readings that no longer count are left out; they never count again.
    """

    def __init__(self, session: Session, model_id: int) -> None:
        """Read through this session, which has to last as long as the source is used."""
        self._session = session
        self._model_id = model_id

    def head(self) -> int:
        """The newest sequence number of the model, 0 when there is none."""
        newest = select(func.max(IndexLogEntry.sequence)).where(
            IndexLogEntry.model_id == self._model_id
        )
        return self._session.scalar(newest) or 0

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
            .join(
                Embedding,
                (Embedding.passage_id == Passage.id) & (Embedding.model_id == self._model_id),
            )
            .where(IndexLogEntry.model_id == self._model_id, Reading.current)
            .where(IndexLogEntry.sequence > sequence, IndexLogEntry.sequence <= until)
            .order_by(IndexLogEntry.sequence, Passage.ordinal)
            .execution_options(yield_per=500)
        )
        for number, group in itertools.groupby(rows, key=lambda row: row[0]):
            yield (
                number,
                [
                    Entry(passage_id, reading_id, title, text, embeddings.from_bytes(vector))
                    for _, passage_id, reading_id, title, text, vector in group
                ],
            )


def caught_up(uow: UnitOfWork) -> Index:
    """The index with everything that was committed before now. Raises NotReady.

    What a search calls first: so a document is found by every process as soon as it is published.
    """
    model = embeddings.active_model(uow.session)
    index = uow.resources.index(model)
    if model is not None:
        try:
            index.catch_up(RowSource(uow.session, model.id))
        except IdentityMismatch as error:
            raise NotReady("index_mismatch") from error
    return index


def waiting_passages(uow: UnitOfWork) -> int:
    """How many passages are published and not folded yet."""
    model = embeddings.active_model(uow.session)
    if model is None:
        return 0
    manifest = current_manifest(uow.resources.settings.index_folder)
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


def fold(resources: Resources, rebuild: bool = False) -> Manifest | None:
    """Fold what is published into the index folder; None when there is nothing or another folds.

    A folder of another model is written anew: the vectors in the rows are what counts. Raises
    OSError when the disk is full or not writable; the index stays as it was.
    """
    folder = resources.settings.index_folder
    with resources.read() as uow:
        model = embeddings.active_model(uow.session)
        if model is None:
            return None
        source = RowSource(uow.session, model.id)
        try:
            try:
                return fold_index(folder, model.identity, model.dimension, source, rebuild)
            except IdentityMismatch:
                return fold_index(folder, model.identity, model.dimension, source, rebuild=True)
        except FoldingBusy:
            return None


def rebuild(resources: Resources) -> Manifest | None:
    """Make every vector of the model in the settings that is missing, then the index from rows.

    With the same model it only writes the index anew. With another one the old vectors stay and are
    searched until the new ones are complete; killed in between, it goes on where it was. Raises
    NotReady (model_unavailable) and OSError.
    """
    try:
        encoder = resources.encoder
    except ModelUnavailable as error:
        raise NotReady("model_unavailable") from error
    with resources.write() as uow:
        model_id = embeddings.model_of(uow.session, encoder).id
    while not _activate(resources, model_id):
        with resources.read() as uow:
            unpublished = list(uow.session.scalars(_unpublished(model_id)))
        for reading_id in unpublished:
            for rows in embeddings.encoded(resources, encoder, reading_id, model_id):
                with resources.write() as uow:
                    insert_missing(uow.session, Embedding, rows)
            with resources.write() as uow:
                embeddings.publish(uow.session, reading_id, model_id)
    return fold(resources, rebuild=True)


def _activate(resources: Resources, model_id: int) -> bool:
    """Make the model the one that is searched, unless a findable reading lacks vectors of it."""
    with resources.write() as uow:
        if uow.session.scalar(_unpublished(model_id).limit(1)) is not None:
            return False
        uow.session.execute(
            update(EmbeddingModel).values(active=EmbeddingModel.id == model_id),
            execution_options={"synchronize_session": False},
        )
        return True


def _unpublished(model_id: int) -> Select[int]:
    """Findable readings the index of this model would not find."""
    known = exists().where(
        IndexLogEntry.reading_id == Reading.id, IndexLogEntry.model_id == model_id
    )
    return (
        select(Reading.id)
        .where(Reading.current, Reading.state.in_(FINDABLE), ~known)
        .order_by(Reading.id)
    )


@dataclass(frozen=True)
class IndexStatus:
    """Where the index stands. `model` None: nothing was read yet; `generation` 0: nothing folded.

    head: newest published number; watermark: newest folded one; waiting: passages between them.
    """

    model: str | None
    readings: int
    passages: int
    generation: int
    watermark: int
    head: int
    waiting: int


def status(uow: UnitOfWork) -> IndexStatus:
    """Where the index stands, without opening it or loading the model."""
    session = uow.session
    model = embeddings.active_model(session)
    findable = (Reading.current, Reading.state.in_(FINDABLE))
    readings = session.scalar(select(func.count()).select_from(Reading).where(*findable)) or 0
    passages = select(func.count()).select_from(Passage).join(Reading).where(*findable)
    manifest = current_manifest(uow.resources.settings.index_folder)
    return IndexStatus(
        model=model.identity if model else None,
        readings=readings,
        passages=session.scalar(passages) or 0,
        generation=manifest.generation if manifest else 0,
        watermark=manifest.watermark if manifest else 0,
        head=RowSource(session, model.id).head() if model else 0,
        waiting=waiting_passages(uow),
    )


@dataclass(frozen=True)
class Verdict:
    """What does not agree. unpublished: findable readings without a number in the log. vectorless:
    passages of published readings without a vector. unindexed: passages the folder should hold and
    does not. rowless: passages in the folder without a row. damage: what is wrong with its files.
    """

    unpublished: int
    vectorless: int
    unindexed: int
    rowless: int
    damage: str | None

    @property
    def sound(self) -> bool:
        """Whether everything agrees."""
        return not any(
            (self.unpublished, self.vectorless, self.unindexed, self.rowless, self.damage)
        )


def verify(uow: UnitOfWork) -> Verdict:
    """Compare rows with the index folder, file by file and passage by passage."""
    session = uow.session
    model = embeddings.active_model(session)
    if model is None:
        return Verdict(0, 0, 0, 0, None)
    unpublished = select(func.count()).select_from(_unpublished(model.id).subquery())
    has_vector = exists().where(Embedding.passage_id == Passage.id, Embedding.model_id == model.id)
    folded, watermark, damage = _folded(uow, model)
    published = (
        select(Passage.id)
        .join(Reading, Passage.reading_id == Reading.id)
        .join(IndexLogEntry, IndexLogEntry.reading_id == Reading.id)
        .where(IndexLogEntry.model_id == model.id, Reading.current)
    )
    vectorless = select(func.count()).select_from(published.where(~has_vector).subquery())
    expected = _ids(session, published.where(has_vector, IndexLogEntry.sequence <= watermark))
    every = _ids(session, select(Passage.id))
    return Verdict(
        unpublished=session.scalar(unpublished) or 0,
        vectorless=session.scalar(vectorless) or 0,
        unindexed=np.setdiff1d(expected, folded).size,
        rowless=np.setdiff1d(folded, every).size,
        damage=damage,
    )


def _folded(uow: UnitOfWork, model: EmbeddingModel) -> tuple[IdArray, int, str | None]:
    """Ids in the folder, up to which number, and the first damage found."""
    nothing: IdArray = np.empty(0, np.int64)
    folder = uow.resources.settings.index_folder
    try:
        generation = open_generation(folder, model.identity, model.dimension, {})
    except IdentityMismatch as error:
        return nothing, 0, str(error)
    except (IndexDamaged, OSError) as error:
        return nothing, 0, str(error)
    ids = [segment.passage_ids for _, segment in generation.segments]
    damage = str(generation.damage) if generation.damage else None
    return (np.concatenate(ids) if ids else nothing), generation.watermark, damage


def _ids(session: Session, wanted: Select[int]) -> IdArray:
    return np.fromiter(session.scalars(wanted), np.int64)
