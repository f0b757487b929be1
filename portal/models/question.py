"""Questions: what a search did not answer, sent to somebody who knows."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.models.base import Base, Public, UtcDateTime, now, word
from portal.models.document import Document
from portal.models.handover import Handover
from portal.models.person import Person


class QuestionState(StrEnum):
    """Open until somebody answers it or the asker takes it back."""

    OPEN = "open"
    ANSWERED = "answered"
    WITHDRAWN = "withdrawn"


class Question(Public, Base):
    """One question about a case. Whom it waits for follows from the case: its leaver while that is
    running, afterwards the heads; so a question is never left with somebody who has gone.

    `document` is the answer, a document of the case like any other; it answers when it is sealed.
    `seen_at`: when the asker has read that it was answered.
    """

    __tablename__ = "questions"
    __table_args__ = (
        CheckConstraint("state <> 'answered' OR document_id IS NOT NULL", name="answer_is_there"),
    )

    handover_id: Mapped[int] = mapped_column(ForeignKey("handovers.id"), index=True)
    asker_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    text: Mapped[str] = mapped_column(Text)
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    state: Mapped[QuestionState] = mapped_column(
        word(QuestionState),
        default=QuestionState.OPEN,
    )
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    answered_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    document_id: Mapped[int | None] = mapped_column(ForeignKey("documents.id"), unique=True)
    seen_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    handover: Mapped[Handover] = relationship()
    asker: Mapped[Person] = relationship(foreign_keys=asker_id)
    answered_by: Mapped[Person | None] = relationship(foreign_keys=answered_by_id)
    document: Mapped[Document | None] = relationship()
