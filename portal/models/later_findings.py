"""Later findings: what a better reading found in a version after its seal."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.models.base import Base, Facts, UtcDateTime, now
from portal.models.person import Person
from portal.models.version import Version


class LaterFindings(Base):
    """What one reading of a sealed version found and none before it did.

    `kinds`: how many of each kind of finding. `settled_at` None: nobody has dealt with it; with it
    go who did and the reason. The version itself stays as it was sealed.
    """

    __tablename__ = "later_findings"
    __table_args__ = (
        Index(
            "ix_later_findings_open",
            "version_id",
            sqlite_where=text("settled_at IS NULL"),
            postgresql_where=text("settled_at IS NULL"),
        ),
        CheckConstraint(
            "(settled_at IS NULL) = (settled_by_id IS NULL)"
            " AND (settled_at IS NULL) = (reason IS NULL)",
            name="settled_is_whole",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("versions.id"))
    kinds: Mapped[Facts] = mapped_column(JSON)
    found_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    settled_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    reason: Mapped[str | None] = mapped_column(Text)

    version: Mapped[Version] = relationship()
    settled_by: Mapped[Person | None] = relationship()
