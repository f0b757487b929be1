"""Findable changes: that something changed on which it depends who can find what."""

from __future__ import annotations

from sqlalchemy import BigInteger
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import Base


class FindableChange(Base):
    """One change, written by a trigger of the table that changed; `mark` is a random number.

    The sum of marks and their count name a state of the database as far as searches are concerned:
    two states with the same are the same. An ordinary counter would not do: on PostgreSQL its row
    would make every two changes wait for each other, and a database restored from a backup would
    give its numbers out again.
    """

    __tablename__ = "findable_changes"

    id: Mapped[int] = mapped_column(primary_key=True)
    mark: Mapped[int] = mapped_column(BigInteger)
