"""Blocks and passages: the text of a reading, as written and as searched."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.models.base import Base, Facts
from portal.models.reading import Reading


class Block(Base):
    """One block of a document in its order: what the reading view shows."""

    __tablename__ = "blocks"

    reading_id: Mapped[int] = mapped_column(ForeignKey("readings.id"), primary_key=True)
    ordinal: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    level: Mapped[int | None]
    text: Mapped[str] = mapped_column(Text)
    place: Mapped[Facts] = mapped_column(JSON, default=dict)


class Passage(Base):
    """One passage: what search finds. `embedding_text` is what the model and the words see.

    `first_block` and `last_block` are the ordinals of the blocks it was cut from; `digest` is the
    same for texts that are the same but for spaces, width and case.
    """

    __tablename__ = "passages"
    __table_args__ = (
        UniqueConstraint("reading_id", "ordinal"),
        Index("ix_passages_digest", "digest", "reading_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    reading_id: Mapped[int] = mapped_column(ForeignKey("readings.id"))
    ordinal: Mapped[int]
    kind: Mapped[str] = mapped_column(String(20))
    text: Mapped[str] = mapped_column(Text)
    embedding_text: Mapped[str] = mapped_column(Text)
    place: Mapped[Facts] = mapped_column(JSON, default=dict)
    first_block: Mapped[int]
    last_block: Mapped[int]
    digest: Mapped[int | None] = mapped_column(BigInteger)

    reading: Mapped[Reading] = relationship()


class EmbeddingModel(Base):
    """A model that has made embeddings here. Exactly one is active: the one the index holds."""

    __tablename__ = "embedding_models"

    id: Mapped[int] = mapped_column(primary_key=True)
    identity: Mapped[str] = mapped_column(String(200), unique=True)
    dimension: Mapped[int]
    active: Mapped[bool] = mapped_column(default=False)


class Embedding(Base):
    """The vector of one passage by one model: float32, little endian, unit length."""

    __tablename__ = "embeddings"

    passage_id: Mapped[int] = mapped_column(ForeignKey("passages.id"), primary_key=True)
    model_id: Mapped[int] = mapped_column(ForeignKey("embedding_models.id"), primary_key=True)
    vector: Mapped[bytes] = mapped_column(LargeBinary)
