"""Items: a requirement inside one handover, with its state."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.models.base import Base, Public, UtcDateTime, word
from portal.models.blueprint import Requirement
from portal.models.handover import Handover
from portal.models.person import Person


class ItemState(StrEnum):
    """Open until submitted; then accepted or returned; the head may waive what is not accepted."""

    OPEN = "open"
    SUBMITTED = "submitted"
    RETURNED = "returned"
    ACCEPTED = "accepted"
    WAIVED = "waived"


SETTLED = frozenset({ItemState.ACCEPTED, ItemState.WAIVED})
IN_HAND = frozenset({ItemState.OPEN, ItemState.RETURNED})


class Item(Public, Base):
    """One item. `reason` is why it was returned or waived, or what an acceptance remarked."""

    __tablename__ = "items"
    __table_args__ = (UniqueConstraint("handover_id", "requirement_id"),)

    handover_id: Mapped[int] = mapped_column(ForeignKey("handovers.id"), index=True)
    requirement_id: Mapped[int] = mapped_column(ForeignKey("requirements.id"))
    state: Mapped[ItemState] = mapped_column(
        word(ItemState),
        default=ItemState.OPEN,
    )
    due_on: Mapped[date]
    statement: Mapped[str] = mapped_column(Text, default="")
    submitted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    submitted_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    reason: Mapped[str] = mapped_column(Text, default="")

    handover: Mapped[Handover] = relationship()
    requirement: Mapped[Requirement] = relationship(lazy="joined", innerjoin=True)
    submitted_by: Mapped[Person | None] = relationship(foreign_keys=submitted_by_id)
    decided_by: Mapped[Person | None] = relationship(foreign_keys=decided_by_id)

    @property
    def settled(self) -> bool:
        """Whether the gate lets this item pass."""
        return self.state in SETTLED
