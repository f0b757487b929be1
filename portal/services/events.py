"""Events: reading the append-only log of operations. Writing is `UnitOfWork.record`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import joinedload

from portal.models import Event, Handover, Person
from portal.permissions import Action
from portal.unit_of_work import UnitOfWork

PAGE = 30
# On the page of a case the log stands beside the items and should not outgrow them.
CASE_PAGE = 12
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


@dataclass(frozen=True)
class EventChoices:
    """What the filters offer: kinds that have happened, everybody, every case newest first."""

    kinds: list[str]
    people: list[Person]
    handovers: list[Handover]


def of_handover(uow: UnitOfWork, handover_id: str, page: int) -> EventPage:
    """The log of one case. Raises NotFound."""
    handover = uow.load(Handover, handover_id, Action.VIEW_HANDOVER)
    return _page(uow, [Event.handover_id == handover.id], page, CASE_PAGE)


def browse(uow: UnitOfWork, wanted: EventFilter, page: int, size: int = PAGE) -> EventPage:
    """The log of the whole portal, for HR and auditors. Raises Forbidden."""
    uow.permit(Action.BROWSE_EVENTS)
    return _page(uow, _clauses(uow, wanted), page, size)


def choices(uow: UnitOfWork) -> EventChoices:
    """What the log can be narrowed to. Raises Forbidden."""
    uow.permit(Action.BROWSE_EVENTS)
    kinds = uow.session.scalars(select(Event.kind).distinct().order_by(Event.kind))
    people = uow.session.scalars(select(Person).order_by(Person.name, Person.id))
    handovers = uow.session.scalars(
        select(Handover)
        .options(joinedload(Handover.leaver), joinedload(Handover.position))
        .order_by(Handover.id.desc())
    )
    return EventChoices(list(kinds), list(people), list(handovers.unique()))


def export(uow: UnitOfWork, wanted: EventFilter) -> Iterator[Event]:
    """The newest `MOST_EXPORTED` events that fit, newest first, a few at a time in memory.

    Raises Forbidden, at the first one taken.
    """
    uow.permit(Action.BROWSE_EVENTS)
    yield from uow.session.scalars(
        _newest_first((*_clauses(uow, wanted), uow.rows(Action.VIEW_EVENT)))
        .limit(MOST_EXPORTED)
        .execution_options(yield_per=1000)
    )


def openable(uow: UnitOfWork, shown: Iterable[Event]) -> frozenset[int]:
    """Row ids of the cases of these events that this person may open; an auditor opens none."""
    ids = {event.handover_id for event in shown if event.handover_id is not None}
    return frozenset(
        uow.session.scalars(
            select(Handover.id).where(Handover.id.in_(ids), uow.rows(Action.VIEW_HANDOVER))
        )
    )


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
    # The first day of all has no moment before it in zones east of Greenwich.
    if wanted.since and wanted.since > date.min:
        clauses.append(Event.at >= _begin(uow, wanted.since))
    if wanted.until and wanted.until < date.max:
        clauses.append(Event.at < _begin(uow, wanted.until + timedelta(days=1)))
    return clauses


def _begin(uow: UnitOfWork, day: date) -> datetime:
    return datetime.combine(day, time.min, uow.resources.settings.zone)


def _page(uow: UnitOfWork, clauses: list[ColumnElement[bool]], page: int, size: int) -> EventPage:
    visible = (*clauses, uow.rows(Action.VIEW_EVENT))
    total = uow.session.scalar(select(func.count()).select_from(Event).where(*visible)) or 0
    found = uow.session.scalars(_newest_first(visible).limit(size).offset((page - 1) * size))
    return EventPage(list(found), total)


def _newest_first(clauses: Iterable[ColumnElement[bool]]) -> Select[Event]:
    return (
        select(Event)
        .where(*clauses)
        .options(
            joinedload(Event.actor),
            joinedload(Event.handover).joinedload(Handover.leaver),
        )
        .order_by(Event.id.desc())
    )
