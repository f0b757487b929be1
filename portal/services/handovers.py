"""Handovers: starting, changing, completing and cancelling a case."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import joinedload

from portal import working_days
from portal.actor import able
from portal.errors import HandoverIncomplete, InvalidInput, Problem, Refused
from portal.models import (
    Assignment,
    Department,
    Handover,
    HandoverState,
    Item,
    ItemState,
    Person,
    Position,
)
from portal.permissions import Action
from portal.services import findings, gate
from portal.services.blueprints import newest_of
from portal.services.case_lines import items_of
from portal.services.documents import ensure_running
from portal.unit_of_work import UnitOfWork

REASON_LENGTH = 2000
# Further away than this is a typing mistake in the year.
LONGEST_AHEAD_DAYS = 730


@dataclass(frozen=True)
class StartForm:
    """A case to be started; people and position by public id. An empty head means the usual one."""

    leaver: str
    position: str
    receivers: tuple[str, ...]
    head: str
    last_day: date


@dataclass(frozen=True)
class ChangeForm:
    """What of a running case may be changed."""

    receivers: tuple[str, ...]
    head: str
    last_day: date


@dataclass(frozen=True)
class StartChoices:
    """Who can leave which position, and who can receive or decide.

    head_of: who usually decides when the assignment with this public id ends.
    """

    leavers: list[Assignment]
    people: list[Person]
    head_of: dict[str, str]


def start_choices(uow: UnitOfWork) -> StartChoices:
    """What the form offers. Raises Forbidden."""
    uow.permit(Action.START_HANDOVER)
    today = uow.resources.today()
    leavers = uow.session.scalars(
        select(Assignment)
        .join(Person)
        .join(Position, Assignment.position_id == Position.id)
        .where(Person.active, *_holds_on(today))
        .options(
            joinedload(Assignment.person),
            joinedload(Assignment.position).joinedload(Position.department),
        )
        .order_by(Person.name, Position.name)
    ).all()
    people = uow.session.scalars(
        select(Person).where(Person.id.in_(able(today))).order_by(Person.name, Person.id)
    ).all()
    acting = {person.id for person in people}
    heads = {
        line.public_id: usual_head(line.position, acting - {line.person_id}) for line in leavers
    }
    head_of = {assignment: head.public_id for assignment, head in heads.items() if head}
    return StartChoices(list(leavers), list(people), head_of)


def start(uow: UnitOfWork, form: StartForm) -> Handover:
    """Start a case: the newest version of the position's blueprint becomes its items, for good.

    Raises Forbidden, InvalidInput, Refused (blueprint_missing, handover_running_already).
    """
    uow.permit(Action.START_HANDOVER)
    leaver, position = _leaver(uow, form)
    receivers, head = _parts(uow, form.receivers, form.head, leaver, position)
    _check_last_day(uow, form.last_day)
    blueprint = newest_of(uow, position)
    if blueprint is None:
        raise Refused("blueprint_missing")
    handover = Handover(
        leaver=leaver,
        position=position,
        head=head,
        blueprint=blueprint,
        receivers=receivers,
        last_day=form.last_day,
        started_at=uow.resources.clock(),
        started_by_id=uow.actor.id,
    )
    uow.session.add(handover)
    try:
        uow.session.flush()
    except IntegrityError as error:
        # Two people of HR at once: the partial index lets one through.
        raise Refused("handover_running_already") from error
    for line in blueprint.requirements:
        due = working_days.before(form.last_day, line.due_working_days)
        uow.session.add(Item(handover_id=handover.id, requirement=line, due_on=due))
    uow.record("handover_started", handover, handover, **_facts(handover))
    return handover


def change(uow: UnitOfWork, handover_id: str, form: ChangeForm) -> Handover:
    """Change receivers, head and last working day of a running case; due dates follow the day.

    Raises NotFound, Forbidden, InvalidInput, Refused when the case is closed.
    """
    handover = _changing(uow, handover_id, Action.CHANGE_HANDOVER)
    receivers, head = _parts(uow, form.receivers, form.head, handover.leaver, handover.position)
    if form.last_day != handover.last_day:
        _check_last_day(uow, form.last_day)
    before = _facts(handover)
    handover.head, handover.last_day = head, form.last_day
    handover.receivers = receivers
    for item in items_of(uow, handover):
        due = item.requirement.due_working_days
        item.due_on = working_days.before(form.last_day, due)
    if _facts(handover) != before:
        uow.record("handover_changed", handover, handover, **_facts(handover), before=before)
    return handover


def complete(uow: UnitOfWork, handover_id: str) -> Handover:
    """Complete a case whose gate is open.

    Lock, then look, then change, in one transaction: a return that comes first closes the gate, one
    that comes later finds the case closed. Raises NotFound, Forbidden, Refused when it is closed
    already, and HandoverIncomplete with what is missing; that refusal is kept as an event.
    """
    handover = _changing(uow, handover_id, Action.COMPLETE_HANDOVER)
    missing = gate.missing(uow, handover)
    if missing:
        titles = [item.title for item in missing]
        uow.record("completion_refused", handover, handover, missing=titles)
        # The caller's transaction ends with the exception; what was tried must stay in the log.
        uow.commit()
        raise HandoverIncomplete(missing)
    _close(uow, handover, HandoverState.COMPLETED, "")
    left = [item for item in items_of(uow, handover) if item.state is ItemState.OPEN]
    uow.record(
        "handover_completed",
        handover,
        handover,
        leaver=handover.leaver.name,
        not_delivered=[item.requirement.title for item in left],
    )
    return handover


def cancel(uow: UnitOfWork, handover_id: str, reason: str) -> Handover:
    """Cancel a running case; what is sealed stays with those who had a part in it.

    Raises NotFound, Forbidden, InvalidInput without a reason, Refused when it is closed already.
    """
    handover = _changing(uow, handover_id, Action.CANCEL_HANDOVER)
    reason = reason.replace("\x00", "").strip()
    if not reason:
        raise InvalidInput(Problem("reason", "reason_missing"))
    if len(reason) > REASON_LENGTH:
        raise InvalidInput(Problem("reason", "too_long", {"limit": REASON_LENGTH}))
    findings.ensure_harmless(uow.resources, "reason", reason)
    _close(uow, handover, HandoverState.CANCELLED, reason)
    handover.position.map_wanted_at = uow.resources.clock()
    uow.enqueue("build_map", handover.position_id)
    uow.record("handover_cancelled", handover, handover, reason=reason)
    return handover


def usual_head(position: Position, acting: set[int]) -> Person | None:
    """The head of the position's department, or of the nearest one above, among those acting."""
    department: Department | None = position.department
    seen: set[int] = set()
    while department is not None and department.id not in seen:
        head = department.head
        if head is not None and head.id in acting:
            return head
        seen.add(department.id)
        department = department.parent
    return None


def _changing(uow: UnitOfWork, handover_id: str, action: Action) -> Handover:
    """Load, permit, lock, read afresh. Raises NotFound, Forbidden, Refused for a closed case."""
    found = uow.load(Handover, handover_id, action)
    handover = ensure_running(uow, found.id)
    # Another head may have been named while this waited for the lock.
    uow.permit(action, handover)
    return handover


def _close(uow: UnitOfWork, handover: Handover, state: HandoverState, reason: str) -> None:
    handover.state, handover.close_reason = state, reason
    handover.closed_at, handover.closed_by_id = uow.resources.clock(), uow.actor.id


def _holds_on(today: date) -> tuple[ColumnElement[bool], ...]:
    return (
        Assignment.starts_on <= today,
        or_(Assignment.ends_on.is_(None), Assignment.ends_on >= today),
    )


def _leaver(uow: UnitOfWork, form: StartForm) -> tuple[Person, Position]:
    row = uow.session.scalar(
        select(Assignment)
        .join(Person)
        .join(Position, Assignment.position_id == Position.id)
        .where(
            Person.public_id == form.leaver,
            Position.public_id == form.position,
            Person.active,
            *_holds_on(uow.resources.today()),
        )
        .limit(1)
    )
    if row is None:
        raise InvalidInput(Problem("leaver", "not_holder"))
    return row.person, row.position


def _parts(
    uow: UnitOfWork, receivers: tuple[str, ...], head: str, leaver: Person, position: Position
) -> tuple[list[Person], Person]:
    """The people of a case. Raises InvalidInput with everything that is wrong."""
    acting = set(uow.session.scalars(able(uow.resources.today())))
    named = uow.session.scalars(select(Person).where(Person.public_id.in_({*receivers, head})))
    found = {person.public_id: person for person in named if person.id in acting}
    problems = []
    if not receivers:
        problems.append(Problem("receivers", "required"))
    elif any(receiver not in found for receiver in receivers):
        problems.append(Problem("receivers", "choice_unknown"))
    elif leaver.public_id in receivers:
        problems.append(Problem("receivers", "receiver_is_leaver"))
    chosen = found.get(head) if head else usual_head(position, acting - {leaver.id})
    if chosen is None:
        problems.append(Problem("head", "choice_unknown" if head else "required"))
    elif chosen.id == leaver.id:
        problems.append(Problem("head", "head_is_leaver"))
    if problems or chosen is None:
        raise InvalidInput(*problems)
    return [found[receiver] for receiver in dict.fromkeys(receivers)], chosen


def _check_last_day(uow: UnitOfWork, last_day: date) -> None:
    ahead = (last_day - uow.resources.today()).days
    if ahead < 0:
        raise InvalidInput(Problem("last_day", "date_in_past"))
    if ahead > LONGEST_AHEAD_DAYS:
        raise InvalidInput(Problem("last_day", "date_too_far"))


def _facts(handover: Handover) -> dict[str, object]:
    return {
        "leaver": handover.leaver.name,
        "position": handover.position.name,
        "receivers": sorted(person.name for person in handover.receivers),
        "head": handover.head.name,
        "last_day": handover.last_day.isoformat(),
    }
