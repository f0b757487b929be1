"""Embeddings: vectors of passages, the models that make them, the change from one to another."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import Base, UtcDateTime


class EmbeddingModel(Base):
    """A model that has made embeddings here. Exactly one is active: the one that is searched.

    `name` is what the settings called it; None where that is not known. `wanted_since`: the
    settings name it instead of the active one, and its embeddings are being made. `unused_since`:
    it is neither, and its embeddings are removed some time after.

    `measured` passages were encoded with it from `measured_from` to `measured_to`.
    """

    __tablename__ = "embedding_models"

    id: Mapped[int] = mapped_column(primary_key=True)
    identity: Mapped[str] = mapped_column(String(200), unique=True)
    dimension: Mapped[int]
    active: Mapped[bool] = mapped_column(default=False)
    name: Mapped[str | None] = mapped_column(String(500))
    wanted_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    unused_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    measured_from: Mapped[datetime | None] = mapped_column(UtcDateTime)
    measured_to: Mapped[datetime | None] = mapped_column(UtcDateTime)
    measured: Mapped[int] = mapped_column(default=0)


class Embedding(Base):
    """The vector of one passage by one model: float32, little endian, unit length."""

    __tablename__ = "embeddings"

    passage_id: Mapped[int] = mapped_column(ForeignKey("passages.id"), primary_key=True)
    model_id: Mapped[int] = mapped_column(ForeignKey("embedding_models.id"), primary_key=True)
    vector: Mapped[bytes] = mapped_column(LargeBinary)


class Reembedding(Base):
    """A reading whose embeddings by the model of the settings are ordered or under way.

    When `lease_until` passes, the job is sent again.
    """

    __tablename__ = "reembeddings"

    reading_id: Mapped[int] = mapped_column(ForeignKey("readings.id"), primary_key=True)
    lease_until: Mapped[datetime] = mapped_column(UtcDateTime)
