"""Blueprints: versioned lists of what a handover of a position must deliver."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.models.base import Base, Public, UtcDateTime, now, word
from portal.models.person import Person
from portal.models.position import Position


class RequirementKind(StrEnum):
    """What a requirement asks for. Only documents need files; the others need a statement."""

    DOCUMENT = "document"
    TASK = "task"
    ENTITIES = "entities"
    ACCESS = "access"
    SECRET = "secret"
    EXTERNAL = "external"


class Responsible(StrEnum):
    """Who has to submit an item."""

    LEAVER = "leaver"
    RECEIVER = "receiver"
    HEAD = "head"


class Blueprint(Public, Base):
    """One version of a position's blueprint. Rows are never changed: an edit adds a version."""

    __tablename__ = "blueprints"
    __table_args__ = (UniqueConstraint("position_id", "number"),)

    position_id: Mapped[int] = mapped_column(ForeignKey("positions.id"), index=True)
    number: Mapped[int]
    note: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))

    position: Mapped[Position] = relationship()
    created_by: Mapped[Person | None] = relationship()
    requirements: Mapped[list[Requirement]] = relationship(
        order_by="Requirement.ordinal", back_populates="blueprint"
    )


class Requirement(Base):
    """One line of one blueprint version.

    `key` names the same line in all versions. `due_working_days` counts back from the last working
    day: 0 is due on that day.
    """

    __tablename__ = "requirements"
    __table_args__ = (UniqueConstraint("blueprint_id", "key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    blueprint_id: Mapped[int] = mapped_column(ForeignKey("blueprints.id"), index=True)
    key: Mapped[str] = mapped_column(String(40))
    ordinal: Mapped[int]
    kind: Mapped[RequirementKind] = mapped_column(word(RequirementKind))
    title: Mapped[str] = mapped_column(String(200))
    criteria: Mapped[str] = mapped_column(Text, default="")
    required: Mapped[bool] = mapped_column(default=True)
    responsible: Mapped[Responsible] = mapped_column(word(Responsible))
    due_working_days: Mapped[int] = mapped_column(default=0)

    blueprint: Mapped[Blueprint] = relationship(back_populates="requirements")
