"""Blocks and passages: the text of a reading, as written and as searched."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, String, Text, UniqueConstraint
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
