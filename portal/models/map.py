"""Knowledge maps as they were built, one row for each build."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.models.base import Base, Facts, UtcDateTime, now
from portal.models.position import Position


class Map(Base):
    """A knowledge map of a position. The newest number is shown; ids of areas survive rebuilds."""

    __tablename__ = "maps"
    __table_args__ = (UniqueConstraint("position_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    position_id: Mapped[int] = mapped_column(ForeignKey("positions.id"), index=True)
    number: Mapped[int]
    built_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    content: Mapped[Facts] = mapped_column(JSON)

    position: Mapped[Position] = relationship()
