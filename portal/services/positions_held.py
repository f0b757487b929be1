"""Positions a person holds today."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from portal.models import Position
from portal.unit_of_work import UnitOfWork


def today(uow: UnitOfWork) -> list[Position]:
    """The positions this person holds today, by name."""
    return list(
        uow.session.scalars(
            select(Position)
            .where(Position.id.in_(uow.actor.positions))
            .options(joinedload(Position.department))
            .order_by(Position.name)
        )
    )
