"""Positions: what people are hired for; checklists and knowledge belong to them."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import joinedload

from portal.errors import InvalidInput, NotFound, Problem
from portal.models import Assignment, Department, Position
from portal.permissions import Action
from portal.services import blueprints
from portal.unit_of_work import UnitOfWork

NAME_LENGTH = 200


@dataclass(frozen=True)
class PositionForm:
    """A position as it was typed. `like`: a position whose checklist a new one begins with."""

    name: str
    department: str
    like: str = ""


@dataclass(frozen=True)
class PositionLine:
    """One position; `holders` counts who holds it today, `checklist` is None without one."""

    position: Position
    holders: int
    checklist: int | None


def listing(uow: UnitOfWork, text: str = "") -> list[PositionLine]:
    """Positions whose name or department holds `text`, by department. Raises Forbidden."""
    uow.permit(Action.MANAGE_POSITIONS)
    today = uow.resources.today()
    rows = uow.session.scalars(
        select(Position)
        .join(Department)
        .where(
            or_(
                Position.name.icontains(text, autoescape=True),
                Department.name.icontains(text, autoescape=True),
            )
        )
        .options(joinedload(Position.department))
        .order_by(Department.name, Position.name)
    ).all()
    held = uow.session.execute(
        select(Assignment.position_id, func.count())
        .where(
            Assignment.starts_on <= today,
            or_(Assignment.ends_on.is_(None), Assignment.ends_on >= today),
        )
        .group_by(Assignment.position_id)
    ).all()
    holders = {row[0]: row[1] for row in held}
    numbers = blueprints.newest_numbers(uow)
    return [PositionLine(row, holders.get(row.id, 0), numbers.get(row.id)) for row in rows]


def load(uow: UnitOfWork, position_id: str) -> Position:
    """One position. Raises Forbidden, NotFound."""
    uow.permit(Action.MANAGE_POSITIONS)
    found = uow.session.scalar(select(Position).where(Position.public_id == position_id))
    if found is None:
        raise NotFound
    return found


def save(uow: UnitOfWork, position_id: str | None, form: PositionForm) -> Position:
    """Make a position, or change one; a new one may begin with the checklist of a similar one.

    Raises Forbidden, NotFound, InvalidInput.
    """
    uow.permit(Action.MANAGE_POSITIONS)
    position = load(uow, position_id) if position_id else Position()
    name = form.name.strip()
    problems = []
    if not name:
        problems.append(Problem("name", "required"))
    elif len(name) > NAME_LENGTH:
        problems.append(Problem("name", "too_long", {"limit": NAME_LENGTH}))
    department = uow.session.scalar(
        select(Department).where(Department.public_id == form.department)
    )
    if department is None:
        problems.append(Problem("department", "choice_unknown"))
    similar = _similar(uow, form.like, problems) if position_id is None else None
    if problems or department is None:
        raise InvalidInput(*problems)
    position.name, position.department = name, department
    uow.session.add(position)
    try:
        uow.session.flush()
    except IntegrityError as error:
        raise InvalidInput(Problem("name", "name_taken")) from error
    uow.record("position_saved", subject=position, position=name, department=department.name)
    if similar is not None:
        blueprints.copy_lines(uow, position, similar)
    return position


def _similar(uow: UnitOfWork, like: str, problems: list[Problem]) -> Position | None:
    if not like:
        return None
    found = uow.session.scalar(select(Position).where(Position.public_id == like))
    if found is None:
        problems.append(Problem("like", "choice_unknown"))
    return found
