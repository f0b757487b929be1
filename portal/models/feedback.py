"""Feedback: what people say about a version they have found."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.models.base import Base, Public, UtcDateTime, now, word
from portal.models.person import Person
from portal.models.version import Version


class FeedbackWord(StrEnum):
    """What somebody thinks of what was found."""

    HELPFUL = "helpful"
    OUTDATED = "outdated"
    UNCLEAR = "unclear"


class Feedback(Public, Base):
    """One person's word about one version, with a remark or without; a new word replaces the old.

    `passage_id` is the passage it was said at, which another reading of the version may not have.
    `settled_at`: a head has dealt with it; from then on it no longer lowers the version.
    """

    __tablename__ = "feedback"
    __table_args__ = (UniqueConstraint("version_id", "person_id"),)

    version_id: Mapped[int] = mapped_column(ForeignKey("versions.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    word: Mapped[FeedbackWord] = mapped_column(word(FeedbackWord))
    remark: Mapped[str] = mapped_column(Text, default="")
    passage_id: Mapped[int | None]
    given_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    settled_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))

    version: Mapped[Version] = relationship()
    person: Mapped[Person] = relationship(foreign_keys=person_id)
