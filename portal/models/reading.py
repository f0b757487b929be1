"""Readings: what one reader made of one version, and how far it is."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import JSON, BigInteger, ColumnElement, ForeignKey, Index, String, or_, text
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.models.base import Base, Facts, UtcDateTime, now, word
from portal.models.version import Version


class ReadingState(StrEnum):
    """Queued, read, embedded, then one of three ends. «Partial» is findable with warnings."""

    QUEUED = "queued"
    READING = "reading"
    EMBEDDING = "embedding"
    FINDABLE = "findable"
    PARTIAL = "partial"
    FAILED = "failed"


FINISHED = frozenset({ReadingState.FINDABLE, ReadingState.PARTIAL, ReadingState.FAILED})
FINDABLE = frozenset({ReadingState.FINDABLE, ReadingState.PARTIAL})


class Reading(Base):
    """One reading of a version; a re-read is a new row, and `current` says which one counts.

    A `successor` is made by a better reader beside a current one that is findable, and takes its
    place when it is findable itself: until then nothing is lost to searches.

    A worker holds `lease_until` while it works and moves it on as it gets ahead; when it passes,
    the reconciler gives the reading to another worker. `attempts` bounds how often.
    """

    __tablename__ = "readings"
    __table_args__ = (
        Index(
            "uq_readings_current",
            "version_id",
            unique=True,
            sqlite_where=text("current"),
            postgresql_where=text("current"),
        ),
        Index("ix_readings_state", "state", "lease_until"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("versions.id"), index=True)
    current: Mapped[bool] = mapped_column(default=True)
    successor: Mapped[bool] = mapped_column(default=False)
    state: Mapped[ReadingState] = mapped_column(
        word(ReadingState),
        default=ReadingState.QUEUED,
    )
    queued_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    lease_token: Mapped[str | None] = mapped_column(String(32))
    attempts: Mapped[int] = mapped_column(default=0)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # When a worker took it, and when its present step began; a step that was only gone on with
    # after an interruption has no beginning, so that no speed is told that was not measured.
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    step_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    media_type: Mapped[str | None] = mapped_column(String(120))
    pages: Mapped[int | None]
    pages_done: Mapped[int] = mapped_column(default=0)
    # How many passages its text has, and how many of them have a vector.
    passages: Mapped[int | None]
    passages_done: Mapped[int] = mapped_column(default=0, server_default="0")
    characters: Mapped[int] = mapped_column(BigInteger, default=0)
    ocr_pages: Mapped[int] = mapped_column(default=0)
    ocr_confidence: Mapped[float | None]
    language: Mapped[str | None] = mapped_column(String(8))
    seconds: Mapped[float] = mapped_column(default=0.0)
    reason: Mapped[Facts | None] = mapped_column(JSON)
    warnings: Mapped[list[Facts]] = mapped_column(JSON, default=list)
    partial: Mapped[bool] = mapped_column(default=False)
    # What lies in the file, up to thousands of parts: loaded only where they are shown.
    parts: Mapped[list[Facts]] = mapped_column(JSON, default=list, deferred=True)
    # Where credentials and personal numbers stand in the text; None: not looked for yet.
    findings: Mapped[list[Facts] | None] = mapped_column(JSON)
    # Versions that hold nearly all of its text, as far as they were there; see `likeness`.
    alike: Mapped[list[Facts] | None] = mapped_column(JSON)
    reader_version: Mapped[int] = mapped_column(default=0)
    cutter_version: Mapped[int] = mapped_column(default=0)

    version: Mapped[Version] = relationship()

    @hybrid_property
    def alive(self) -> bool:
        """Whether work on it still counts."""
        return self.current or self.successor

    @alive.inplace.expression
    @classmethod
    def _alive(cls) -> ColumnElement[bool]:
        return or_(cls.current, cls.successor)

    @property
    def finished(self) -> bool:
        """Whether nothing more will happen without a person."""
        return self.state in FINISHED
