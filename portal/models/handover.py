"""Handovers: one case of one person leaving one position."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.models.base import Base, Public, UtcDateTime, now, word
from portal.models.blueprint import Blueprint
from portal.models.person import Person
from portal.models.position import Position


class HandoverState(StrEnum):
    """A case runs until it is completed or cancelled; both are final."""

    RUNNING = "running"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


class Handover(Public, Base):
    """A case. `blueprint_id` is frozen at its start and never follows later edits."""

    __tablename__ = "handovers"
    __table_args__ = (
        # One running case for a person and a position, whatever two requests do at once.
        Index(
            "uq_handovers_running",
            "leaver_id",
            "position_id",
            unique=True,
            sqlite_where=text("state = 'running'"),
            postgresql_where=text("state = 'running'"),
        ),
    )

    leaver_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    position_id: Mapped[int] = mapped_column(ForeignKey("positions.id"), index=True)
    head_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    blueprint_id: Mapped[int] = mapped_column(ForeignKey("blueprints.id"))
    last_day: Mapped[date]
    state: Mapped[HandoverState] = mapped_column(
        word(HandoverState),
        default=HandoverState.RUNNING,
    )
    started_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    started_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closed_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    close_reason: Mapped[str] = mapped_column(Text, default="")

    leaver: Mapped[Person] = relationship(foreign_keys=leaver_id)
    head: Mapped[Person] = relationship(foreign_keys=head_id)
    closed_by: Mapped[Person | None] = relationship(foreign_keys=closed_by_id)
    position: Mapped[Position] = relationship()
    blueprint: Mapped[Blueprint] = relationship()
    receivers: Mapped[list[Person]] = relationship(
        secondary="handover_receivers", order_by="Person.name"
    )

    @property
    def running(self) -> bool:
        """Whether anything in the case may still change."""
        return self.state is HandoverState.RUNNING


class HandoverReceiver(Base):
    """One receiver of one handover."""

    __tablename__ = "handover_receivers"

    handover_id: Mapped[int] = mapped_column(ForeignKey("handovers.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), primary_key=True, index=True)
