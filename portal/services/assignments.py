"""Assignments: who holds which position from a day until a day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, or_, select
from sqlalchemy.orm import joinedload

from portal.errors import InvalidInput, NotFound, Problem
from portal.models import Assignment, Person, Position
from portal.permissions import Action
from portal.unit_of_work import UnitOfWork

PAGE = 50


@dataclass(frozen=True)
class AssignmentForm:
    """An assignment as it was typed; both days inclusive, `ends_on` None is open."""

    person: str
    position: str
    starts_on: date
    ends_on: date | None


@dataclass(frozen=True)
class AssignmentPage:
    """One page of assignments and how many there are in all."""

    assignments: list[Assignment]
    total: int


@dataclass(frozen=True)
class AssignmentChoices:
    """What the form offers."""

    people: list[Person]
    positions: list[Position]


def listing(uow: UnitOfWork, text: str, page: int) -> AssignmentPage:
    """Assignments whose person or position holds `text`; those that go on first.

    Raises Forbidden.
    """
    uow.permit(Action.MANAGE_ASSIGNMENTS)
    fits = or_(
        Person.name.icontains(text, autoescape=True),
        Position.name.icontains(text, autoescape=True),
    )
    joined = (
        select(Assignment)
        .join(Person, Assignment.person_id == Person.id)
        .join(Position, Assignment.position_id == Position.id)
        .where(fits)
    )
    total = uow.session.scalar(select(func.count()).select_from(joined.subquery())) or 0
    rows = uow.session.scalars(
        joined.options(
            joinedload(Assignment.person),
            joinedload(Assignment.position).joinedload(Position.department),
        )
        .order_by(Assignment.ends_on.is_not(None), Assignment.ends_on.desc(), Person.name)
        .limit(PAGE)
        .offset((page - 1) * PAGE)
    )
    return AssignmentPage(list(rows), total)


def choices(uow: UnitOfWork) -> AssignmentChoices:
    """People and positions to choose from. Raises Forbidden."""
    uow.permit(Action.MANAGE_ASSIGNMENTS)
    people = uow.session.scalars(select(Person).where(Person.active).order_by(Person.name))
    positions = uow.session.scalars(
        select(Position).options(joinedload(Position.department)).order_by(Position.name)
    )
    return AssignmentChoices(list(people), list(positions))


def load(uow: UnitOfWork, assignment_id: str) -> Assignment:
    """One assignment. Raises Forbidden, NotFound."""
    uow.permit(Action.MANAGE_ASSIGNMENTS)
    found = uow.session.scalar(select(Assignment).where(Assignment.public_id == assignment_id))
    if found is None:
        raise NotFound
    return found


def save(uow: UnitOfWork, assignment_id: str | None, form: AssignmentForm) -> Assignment:
    """Enter an assignment, or change the days of one; person and position then stay.

    Rights follow the days at once. Raises Forbidden, NotFound, InvalidInput.
    """
    uow.permit(Action.MANAGE_ASSIGNMENTS)
    assignment = load(uow, assignment_id) if assignment_id is not None else _new(uow, form)
    if form.ends_on is not None and form.ends_on < form.starts_on:
        raise InvalidInput(Problem("ends_on", "ends_before_start"))
    assignment.starts_on, assignment.ends_on = form.starts_on, form.ends_on
    _refuse_overlap(uow, assignment)
    uow.session.add(assignment)
    uow.session.flush()
    uow.record(
        "assignment_saved",
        subject=assignment,
        person=assignment.person.name,
        position=assignment.position.name,
        starts_on=form.starts_on.isoformat(),
        ends_on=form.ends_on.isoformat() if form.ends_on else None,
    )
    return assignment


def _new(uow: UnitOfWork, form: AssignmentForm) -> Assignment:
    person = uow.session.scalar(
        select(Person).where(Person.public_id == form.person, Person.active)
    )
    position = uow.session.scalar(select(Position).where(Position.public_id == form.position))
    problems = []
    if person is None:
        problems.append(Problem("person", "choice_unknown"))
    if position is None:
        problems.append(Problem("position", "choice_unknown"))
    if problems or person is None or position is None:
        raise InvalidInput(*problems)
    return Assignment(
        person_id=person.id, position_id=position.id, person=person, position=position
    )


def _refuse_overlap(uow: UnitOfWork, assignment: Assignment) -> None:
    """The same person in the same position twice at once is a mistake of typing.

    The person is locked, so that two requests for the same one come here one after the other.
    """
    person = select(Person.id).where(Person.id == assignment.person_id)
    uow.session.execute(person.with_for_update())
    with uow.session.no_autoflush:
        others = uow.session.scalars(
            select(Assignment).where(
                Assignment.person_id == assignment.person_id,
                Assignment.position_id == assignment.position_id,
                Assignment.id != (assignment.id or 0),
            )
        ).all()
    for other in others:
        begins_before = other.ends_on is None or assignment.starts_on <= other.ends_on
        ends_after = assignment.ends_on is None or other.starts_on <= assignment.ends_on
        if begins_before and ends_after:
            if assignment in uow.session.new:
                uow.session.expunge(assignment)
            raise InvalidInput(Problem("starts_on", "assignment_overlaps"))
