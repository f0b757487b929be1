"""The index log: which readings have become findable, in the order of their commits."""

from __future__ import annotations

from sqlalchemy import BigInteger, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import Base


class Counter(Base):
    """A number that only grows. Whoever raises it holds its row until commit.

    So the order of numbers is the order of commits, which a database sequence does not promise:
    a reader that has seen 7 can be sure that 6 will not appear later.
    """

    __tablename__ = "counters"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[int] = mapped_column(BigInteger, default=0)


class IndexLogEntry(Base):
    """All passages of `reading_id` have embeddings of `model_id` from this sequence number on."""

    __tablename__ = "index_log"
    __table_args__ = (
        UniqueConstraint("reading_id", "model_id"),
        Index("ix_index_log_model_id_sequence", "model_id", "sequence"),
    )

    # BigInteger would make SQLite use an ordinary column instead of the row id; both are given.
    sequence: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    reading_id: Mapped[int] = mapped_column(ForeignKey("readings.id"))
    model_id: Mapped[int] = mapped_column(ForeignKey("embedding_models.id"))
