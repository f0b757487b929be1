"""Events: reading the append-only log of operations. Writing is `UnitOfWork.record`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import joinedload

from portal.models import Event, Handover, Person
from portal.permissions import Action
from portal.unit_of_work import UnitOfWork

PAGE = 30
# A file for a spreadsheet: more rows than this no spreadsheet opens with pleasure.
MOST_EXPORTED = 100_000


@dataclass(frozen=True)
class EventFilter:
    """Which events; None and empty mean all. Days are the company's, both inclusive."""

    kind: str = ""
    person: str = ""
    handover: str = ""
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True)
class EventPage:
    """One page of events, newest first, and how many there are in all."""

    events: list[Event]
    total: int


def of_handover(uow: UnitOfWork, handover_id: str, page: int) -> EventPage:
    """The log of one case. Raises NotFound."""
    handover = uow.load(Handover, handover_id, Action.VIEW_HANDOVER)
    return _page(uow, [Event.handover_id == handover.id], page, PAGE)


def browse(uow: UnitOfWork, wanted: EventFilter, page: int, size: int = PAGE) -> EventPage:
    """The log of the whole portal, for HR and auditors. Raises Forbidden."""
    uow.permit(Action.BROWSE_EVENTS)
    return _page(uow, _clauses(uow, wanted), page, size)


def kinds(uow: UnitOfWork) -> list[str]:
    """Every kind of event that has happened. Raises Forbidden."""
    uow.permit(Action.BROWSE_EVENTS)
    return list(uow.session.scalars(select(Event.kind).distinct().order_by(Event.kind)))


def _clauses(uow: UnitOfWork, wanted: EventFilter) -> list[ColumnElement[bool]]:
    clauses: list[ColumnElement[bool]] = []
    if wanted.kind:
        clauses.append(Event.kind == wanted.kind)
    if wanted.person:
        people = select(Person.id).where(Person.public_id == wanted.person)
        clauses.append(Event.actor_id.in_(people))
    if wanted.handover:
        cases = select(Handover.id).where(Handover.public_id == wanted.handover)
        clauses.append(Event.handover_id.in_(cases))
    if wanted.since:
        clauses.append(Event.at >= _begin(uow, wanted.since))
    if wanted.until and wanted.until < date.max:
        clauses.append(Event.at < _begin(uow, wanted.until + timedelta(days=1)))
    return clauses


def _begin(uow: UnitOfWork, day: date) -> datetime:
    return datetime.combine(day, time.min, uow.resources.settings.zone)


def _page(uow: UnitOfWork, clauses: list[ColumnElement[bool]], page: int, size: int) -> EventPage:
    visible = (*clauses, uow.rows(Action.VIEW_EVENT))
    total = uow.session.scalar(select(func.count()).select_from(Event).where(*visible)) or 0
    found = uow.session.scalars(
        select(Event)
        .where(*visible)
        .options(joinedload(Event.actor), joinedload(Event.handover))
        .order_by(Event.id.desc())
        .limit(size)
        .offset((page - 1) * size)
    )
    return EventPage(list(found), total)
