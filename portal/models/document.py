"""Documents: named slots whose uploads are versions."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.models.base import Base, Public, UtcDateTime, now, word
from portal.models.handover import Handover
from portal.models.item import Item
from portal.models.person import Person


class Visibility(StrEnum):
    """Who may read a sealed document beside leaver, receivers and heads; each includes the last."""

    RECEIVERS = "receivers"
    POSITION = "position"
    DEPARTMENT = "department"
    COMPANY = "company"


class Document(Public, Base):
    """A document of a handover. `item_id` None is extra knowledge that no requirement asked for.

    `removed_at` marks a draft its owner took back; a document with a sealed version has none.
    `view_only`: whoever reads it sees its pages with their own name on them and has no original,
    but for its owner and the heads of the case.
    """

    __tablename__ = "documents"

    handover_id: Mapped[int] = mapped_column(ForeignKey("handovers.id"), index=True)
    item_id: Mapped[int | None] = mapped_column(ForeignKey("items.id"), index=True)
    owner_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    title: Mapped[str] = mapped_column(String(300))
    visibility: Mapped[Visibility] = mapped_column(
        word(Visibility),
        default=Visibility.POSITION,
    )
    view_only: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    handover: Mapped[Handover] = relationship()
    item: Mapped[Item | None] = relationship()
    owner: Mapped[Person] = relationship()
