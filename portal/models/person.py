"""People who can sign in, and the roles they hold beside being employees."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.models.base import Base, Public, UtcDateTime, now, word


class Role(StrEnum):
    """What a person may be beside an employee; «head» is not here, it is `Department.head`."""

    HR = "hr"
    ADMINISTRATOR = "administrator"
    AUDITOR = "auditor"


class Person(Public, Base):
    """A person of the company. `password_hash` None means: cannot sign in yet."""

    __tablename__ = "people"

    email: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    language: Mapped[str | None] = mapped_column(String(8))
    password_hash: Mapped[str | None] = mapped_column(String(255))
    # Part of the session cookie: raising it signs the person out everywhere.
    session_version: Mapped[int] = mapped_column(default=1)
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)

    grants: Mapped[list[RoleGrant]] = relationship(
        cascade="all, delete-orphan", lazy="selectin", order_by="RoleGrant.role"
    )

    @property
    def roles(self) -> frozenset[Role]:
        """Roles beside employee and head."""
        return frozenset(grant.role for grant in self.grants)


class RoleGrant(Base):
    """One role of one person."""

    __tablename__ = "role_grants"

    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), primary_key=True)
    role: Mapped[Role] = mapped_column(word(Role), primary_key=True)
