"""Verifying: whether everything that should be found is found, passage by passage."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sqlalchemy import Select, exists, func, select
from sqlalchemy.orm import Session

from indexing.entry import IdArray
from indexing.generation import open_generation
from indexing.manifest import IdentityMismatch, IndexDamaged
from portal.models import Embedding, EmbeddingModel, IndexLogEntry, Passage, Reading
from portal.services import embeddings
from portal.unit_of_work import UnitOfWork


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
    unpublished = select(func.count()).select_from(embeddings.unpublished(model.id).subquery())
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
    folder = uow.resources.index_folder(model.identity)
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
