"""Positions: what people are hired for, and what knowledge belongs to."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.models.base import Base, Public, UtcDateTime
from portal.models.department import Department


class Position(Public, Base):
    """A position of a department.

    `map_wanted_at` is the moment of the newest change its knowledge map has not seen; None means
    the map is up to date. The job that builds the map clears it, so no change can be forgotten.
    """

    __tablename__ = "positions"
    __table_args__ = (UniqueConstraint("department_id", "name"),)

    name: Mapped[str] = mapped_column(String(200))
    department_id: Mapped[int] = mapped_column(ForeignKey("departments.id"), index=True)
    map_wanted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    map_lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)

    department: Mapped[Department] = relationship()
