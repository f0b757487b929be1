"""Embeddings: the vectors of passages, and which model they are of.

The database is the truth: a vector is computed once and stored, every index is made from rows.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from sqlalchemy import Select, exists, func, select, text
from sqlalchemy.orm import Session

from indexing.entry import FloatArray
from indexing.model_unavailable import ModelUnavailable
from portal.errors import NotReady
from portal.models import FINDABLE, Embedding, EmbeddingModel, IndexLogEntry, Passage, Reading
from portal.resources import Resources
from portal.services.inserting import insert_missing

if TYPE_CHECKING:
    from indexing.encoder import Encoder
    from portal.unit_of_work import UnitOfWork

log = logging.getLogger(__name__)

# Vectors written together: a second or two of work, all that a killed worker has to do again.
CHUNK = 64
COUNTER = "index"


def ready_encoder(resources: Resources) -> Encoder:
    """What new text is encoded with: the model that is searched, or if that is not to be had any
    more, the one of the settings, which will take its place. Raises NotReady: model_unavailable.
    """
    with resources.read() as uow:
        model = active_model(uow.session)
    if model is not None:
        try:
            return resources.encoder_of(model)
        except ModelUnavailable:
            log.info(
                "the vectors searched are of a model that cannot be loaded: %s", model.identity
            )
    return configured_encoder(resources)


def configured_encoder(resources: Resources) -> Encoder:
    """The model of the settings. Raises NotReady: model_unavailable."""
    try:
        return resources.encoder
    except ModelUnavailable as error:
        raise NotReady("model_unavailable") from error


def searched(uow: UnitOfWork) -> EmbeddingModel | None:
    """The active model, looked up once in a unit of work: the encoder of a question and the index
    it is asked must be of the same one, even while the portal changes to another."""
    known: dict[str, EmbeddingModel | None] = uow.session.info
    if "searched" not in known:
        known["searched"] = active_model(uow.session)
    return known["searched"]


def searched_with(uow: UnitOfWork) -> Encoder:
    """What questions are encoded with. Raises ModelUnavailable."""
    model = searched(uow)
    return uow.resources.encoder if model is None else uow.resources.encoder_of(model)


def active_model(session: Session) -> EmbeddingModel | None:
    """The model whose vectors are searched; None before the first reading."""
    return session.scalar(select(EmbeddingModel).where(EmbeddingModel.active))


def kept_active(session: Session) -> EmbeddingModel:
    """The active model, which stays it until the end of the transaction. Raises NotReady when it
    changes at this moment."""
    found = session.scalar(
        select(EmbeddingModel)
        .where(EmbeddingModel.active)
        .with_for_update(read=True)
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise NotReady("model_changed")
    return found


def model_of(uow: UnitOfWork, identity: str, dimension: int) -> EmbeddingModel:
    """The row of a model, made if it is new; the very first, of the settings, is active."""
    first = active_model(uow.session) is None
    row = {
        "identity": identity,
        "dimension": dimension,
        "active": first,
        "name": uow.resources.settings.model if first else None,
        "unused_since": None if first else uow.resources.clock(),
    }
    insert_missing(uow.session, EmbeddingModel, [row])
    return uow.session.scalars(
        select(EmbeddingModel).where(EmbeddingModel.identity == identity)
    ).one()


def missing(reading_id: int, model_id: int) -> Select[int, str]:
    """Passages of a reading that have no vector of the model: id and text, in their order."""
    done = exists().where(Embedding.passage_id == Passage.id, Embedding.model_id == model_id)
    return (
        select(Passage.id, Passage.embedding_text)
        .where(Passage.reading_id == reading_id, ~done)
        .order_by(Passage.ordinal)
    )


def encoded(
    resources: Resources, encoder: Encoder, reading_id: int, model_id: int
) -> Iterator[list[dict[str, object]]]:
    """Encode what has no vector yet, chunk by chunk; yields rows of embeddings to be written.

    A chunk has to be written before the next is asked for: what is left is read from rows.
    """
    while True:
        with resources.read() as uow:
            left = uow.session.execute(missing(reading_id, model_id).limit(CHUNK)).all()
        if not left:
            return
        vectors = encoder.encode_passages([row.embedding_text for row in left])
        yield [
            {"passage_id": row.id, "model_id": model_id, "vector": to_bytes(vector)}
            for row, vector in zip(left, vectors, strict=True)
        ]


def unpublished(model_id: int) -> Select[int]:
    """Findable readings that are not in the index of this model."""
    known = exists().where(
        IndexLogEntry.reading_id == Reading.id, IndexLogEntry.model_id == model_id
    )
    return (
        select(Reading.id)
        .where(Reading.current, Reading.state.in_(FINDABLE), ~known)
        .order_by(Reading.id)
    )


def left(session: Session, reading_id: int, model_id: int) -> int:
    """How many passages of the reading have no vector of the model yet."""
    without = missing(reading_id, model_id).subquery()
    return session.scalar(select(func.count()).select_from(without)) or 0


def complete(session: Session, reading_id: int, model_id: int) -> bool:
    """Whether every passage of the reading has a vector of the model."""
    return not left(session, reading_id, model_id)


def publish(session: Session, reading_id: int, model_id: int) -> None:
    """Give the reading the next sequence number: from the commit on every index takes it in.

    The counter's row stays locked until the commit, so numbers are given in the order of commits
    and nobody who has read up to one of them misses a smaller one. Do it last in a transaction.
    """
    session.flush()
    raised = text(
        "INSERT INTO counters (name, value) VALUES (:name, 1)"
        " ON CONFLICT (name) DO UPDATE SET value = counters.value + 1 RETURNING value"
    )
    sequence = session.execute(raised, {"name": COUNTER}).scalar_one()
    # Looked for only now: whoever publishes the same at this moment waits at the counter.
    known = exists().where(
        IndexLogEntry.reading_id == reading_id, IndexLogEntry.model_id == model_id
    )
    if session.scalar(select(known)):
        return
    session.add(IndexLogEntry(sequence=sequence, reading_id=reading_id, model_id=model_id))


def to_bytes(vector: FloatArray) -> bytes:
    """A vector as its column holds it: float32, little endian."""
    return vector.astype("<f4", copy=False).tobytes()


def from_bytes(stored: bytes) -> FloatArray:
    """The vector of a column's bytes."""
    return np.frombuffer(stored, "<f4").astype(np.float32, copy=False)
