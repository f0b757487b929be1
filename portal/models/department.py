"""Departments: a tree, each with at most one head."""

from __future__ import annotations

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.models.base import Base, Public
from portal.models.person import Person


class Department(Public, Base):
    """A part of the company. Its head sees the cases of it and of all departments below it."""

    __tablename__ = "departments"

    name: Mapped[str] = mapped_column(String(200), unique=True)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("departments.id"), index=True)
    head_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)

    parent: Mapped[Department | None] = relationship(remote_side="Department.id")
    head: Mapped[Person | None] = relationship()
