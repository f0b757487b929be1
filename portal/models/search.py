"""Searches: what somebody asked and what came of it, kept for a while."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.models.base import Base, Public, UtcDateTime, now, word
from portal.models.document import Document


class SearchOutcome(StrEnum):
    """What the person got: sentences that answer, hits, hits of which none answers, or nothing."""

    ANSWERED = "answered"
    FOUND = "found"
    ABSTAINED = "abstained"
    NOTHING = "nothing"


class Search(Public, Base):
    """One search of one person; turning pages and changing filters belong to it.

    `plain` is `text` as searches are compared: one script, one case, no marks. Whoever clears the
    own history takes name, words and what was opened out of it; what is left is counted.
    `opened`: the document of the hit that was opened last.
    """

    __tablename__ = "searches"
    __table_args__ = (Index("ix_searches_person", "person_id", "asked_at"),)

    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now, index=True)
    text: Mapped[str] = mapped_column(Text)
    plain: Mapped[str] = mapped_column(Text)
    outcome: Mapped[SearchOutcome] = mapped_column(word(SearchOutcome))
    hits: Mapped[int] = mapped_column(default=0)
    opened_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    opened_id: Mapped[int | None] = mapped_column(ForeignKey("documents.id"))

    opened: Mapped[Document | None] = relationship()


class SearchPosition(Base):
    """A position a search was asked for."""

    __tablename__ = "search_positions"

    position_id: Mapped[int] = mapped_column(ForeignKey("positions.id"), primary_key=True)
    search_id: Mapped[int] = mapped_column(
        ForeignKey("searches.id", ondelete="CASCADE"), primary_key=True, index=True
    )
