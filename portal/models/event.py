"""Events: the append-only log of who did what, on what, when and from where."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.models.base import Base, Facts, UtcDateTime, now
from portal.models.handover import Handover
from portal.models.person import Person


class Event(Base):
    """One operation. `actor_id` None is the portal itself; `facts` hold what the words need.

    `subject` is the public id of the thing it was done to.
    """

    __tablename__ = "events"
    __table_args__ = (
        Index("ix_events_handover", "handover_id", "id"),
        Index("ix_events_actor", "actor_id", "id"),
        Index("ix_events_kind", "kind", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    kind: Mapped[str] = mapped_column(String(40))
    handover_id: Mapped[int | None] = mapped_column(ForeignKey("handovers.id"))
    subject: Mapped[str | None] = mapped_column(String(64))
    address: Mapped[str | None] = mapped_column(String(64))
    facts: Mapped[Facts] = mapped_column(JSON, default=dict)

    actor: Mapped[Person | None] = relationship()
    handover: Mapped[Handover | None] = relationship()
