"""Reading cases: the case page, the list, what waits for a person, the receipt."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select, true
from sqlalchemy.orm import joinedload, selectinload

from portal import working_days
from portal.errors import MissingItem
from portal.models import (
    IN_HAND,
    SETTLED,
    Document,
    Handover,
    HandoverReceiver,
    HandoverState,
    Item,
    ItemState,
    Person,
    Position,
    Requirement,
    Role,
    Version,
)
from portal.permissions import Action
from portal.services import gate
from portal.services.case_lines import ItemLine, items_of, lines_with
from portal.services.documents import DocumentLine, lines
from portal.services.waiting import Waiting, waiting
from portal.unit_of_work import UnitOfWork

PAGE = 20
# What a home page shows of each kind; the list of cases has the rest.
MOST_ON_HOME = 50
CASE_ACTIONS = (
    Action.CHANGE_HANDOVER,
    Action.CANCEL_HANDOVER,
    Action.COMPLETE_HANDOVER,
    Action.UPLOAD_EXTRA,
)


class Part(StrEnum):
    """The part a person has in a case."""

    LEAVER = "leaver"
    RECEIVER = "receiver"
    HEAD = "head"
    HR = "hr"


@dataclass(frozen=True)
class Case:
    """Everything the case page shows.

    done, total: items settled and in all. required_left: required items that keep the gate closed.
    days_left: working days after today up to the last one; negative when it is over. next_item: the
    first thing the person who looks has to deliver; None when there is none.
    """

    handover: Handover
    items: list[ItemLine]
    extras: list[DocumentLine]
    done: int
    total: int
    days_left: int
    missing: list[MissingItem]
    part: frozenset[Part]
    may: frozenset[Action]

    @property
    def required_left(self) -> int:
        """How many required items are neither accepted nor waived."""
        return len(self.missing)

    @property
    def next_item(self) -> ItemLine | None:
        """What was returned first, then by due date."""
        mine = [line for line in self.items if line.mine and line.item.state in IN_HAND]
        mine.sort(key=lambda line: (line.item.state is not ItemState.RETURNED, line.item.due_on))
        return mine[0] if mine else None


@dataclass(frozen=True)
class CaseFilter:
    """Which cases; None and empty mean all. `mine`: those the person has a part in."""

    state: HandoverState | None = None
    text: str = ""
    mine: bool = False


@dataclass(frozen=True)
class CaseLine:
    """One case in a list; `overdue` counts items whose responsible person is late."""

    handover: Handover
    done: int
    total: int
    required_left: int
    overdue: int
    days_left: int


@dataclass(frozen=True)
class Listing:
    """One page of cases and how many there are in all."""

    cases: list[CaseLine]
    total: int


@dataclass(frozen=True)
class MyCases:
    """Running cases by the person's part, and what waits, most urgent first."""

    leaving: list[CaseLine]
    receiving: list[CaseLine]
    heading: list[CaseLine]
    waiting: list[Waiting]


@dataclass(frozen=True)
class ReceiptLine:
    """One sealed version; `item` is the title of its item, None for extra knowledge."""

    item: str | None
    document: str
    filename: str
    number: int
    size: int
    digest: str
    sealed_at: datetime
    sealed_by: str


@dataclass(frozen=True)
class Receipt:
    """What proves what was handed over, when, and in which version."""

    handover: Handover
    versions: list[ReceiptLine]
    items: list[Item]


def show(uow: UnitOfWork, handover_id: str) -> Case:
    """One case as this person sees it. Raises NotFound."""
    handover = uow.load(Handover, handover_id, Action.VIEW_HANDOVER)
    items = items_of(uow, handover)
    of_item: dict[int | None, list[DocumentLine]] = defaultdict(list)
    for line in lines(uow, handover):
        of_item[line.document.item_id].append(line)
    return Case(
        handover=handover,
        items=lines_with(uow, handover, items, of_item),
        extras=of_item.get(None, []),
        done=sum(item.settled for item in items),
        total=len(items),
        days_left=working_days.left(uow.resources.today(), handover.last_day),
        missing=gate.missing(uow, handover),
        part=_part(uow, handover),
        may=frozenset(action for action in CASE_ACTIONS if uow.may(action, handover)),
    )


def listing(uow: UnitOfWork, wanted: CaseFilter, page: int) -> Listing:
    """Cases this person may see: running ones by last day, then the closed ones, newest first."""
    clauses = [uow.rows(Action.VIEW_HANDOVER), *_clauses(uow, wanted)]
    total = uow.session.scalar(select(func.count()).select_from(Handover).where(*clauses)) or 0
    running = case((Handover.state == HandoverState.RUNNING, 0), else_=1)
    found = uow.session.scalars(
        _with_people()
        .where(*clauses)
        .order_by(running, case((running == 0, Handover.last_day)), Handover.id.desc())
        .limit(PAGE)
        .offset((page - 1) * PAGE)
    ).all()
    return Listing(_case_lines(uow, found), total)


def mine(uow: UnitOfWork) -> MyCases:
    """What the home page shows: running cases by part, and what waits for this person."""
    found = uow.session.scalars(
        _with_people()
        .where(
            Handover.state == HandoverState.RUNNING,
            uow.rows(Action.VIEW_HANDOVER),
            or_(_has_part(uow), uow.rows(Action.COMPLETE_HANDOVER)),
        )
        .order_by(Handover.last_day, Handover.id)
        .limit(MOST_ON_HOME)
    ).all()
    cases = _case_lines(uow, found)
    parts = {line.handover.id: _part(uow, line.handover) for line in cases}

    def with_part(part: Part) -> list[CaseLine]:
        return [line for line in cases if part in parts[line.handover.id]]

    return MyCases(
        leaving=with_part(Part.LEAVER),
        receiving=with_part(Part.RECEIVER),
        heading=with_part(Part.HEAD),
        waiting=waiting(uow, [line.handover for line in cases]),
    )


def receipt(uow: UnitOfWork, handover_id: str) -> Receipt:
    """The receipt, without what was answered after the end. Raises NotFound."""
    handover = uow.load(Handover, handover_id, Action.VIEW_RECEIPT)
    sealed = uow.session.scalars(
        select(Version)
        .join(Document, Version.document_id == Document.id)
        .where(Document.handover_id == handover.id, Version.sealed_at.is_not(None))
        .where(Version.sealed_at <= handover.closed_at if handover.closed_at else true())
        .options(joinedload(Version.document).joinedload(Document.item))
        .options(joinedload(Version.sealed_by))
        .order_by(Document.item_id.is_(None), Document.item_id, Document.id, Version.number)
    )
    return Receipt(handover, [_receipt_line(each) for each in sealed], items_of(uow, handover))


def receipts(uow: UnitOfWork) -> list[Handover]:
    """Cases whose receipt this person keeps, newest first: the only thing left after leaving."""
    return list(
        uow.session.scalars(
            _with_people()
            .where(Handover.leaver_id == uow.actor.id, uow.rows(Action.VIEW_RECEIPT))
            .order_by(Handover.id.desc())
        )
    )


def at_risk(uow: UnitOfWork) -> list[CaseLine]:
    """Running cases this person may see, those with the least time and the most open first."""
    found = uow.session.scalars(
        _with_people()
        .where(Handover.state == HandoverState.RUNNING, uow.rows(Action.VIEW_HANDOVER))
        .order_by(Handover.last_day, Handover.id)
        .limit(MOST_ON_HOME)
    ).all()
    return sorted(_case_lines(uow, found), key=lambda line: (-line.overdue, line.days_left))


def _receipt_line(version: Version) -> ReceiptLine:
    item = version.document.item
    # A database constraint keeps moment and person together.
    assert version.sealed_at is not None
    assert version.sealed_by is not None
    return ReceiptLine(
        item=item.requirement.title if item else None,
        document=version.document.title,
        filename=version.filename,
        number=version.number,
        size=version.blob.size,
        digest=version.digest,
        sealed_at=version.sealed_at,
        sealed_by=version.sealed_by.name,
    )


def _with_people() -> Select[Handover]:
    return select(Handover).options(
        joinedload(Handover.leaver),
        joinedload(Handover.head),
        joinedload(Handover.position).joinedload(Position.department),
        selectinload(Handover.receivers),
    )


def _received(uow: UnitOfWork) -> ColumnElement[bool]:
    return Handover.id.in_(
        select(HandoverReceiver.handover_id).where(HandoverReceiver.person_id == uow.actor.id)
    )


def _has_part(uow: UnitOfWork) -> ColumnElement[bool]:
    """Also a head who leaves: that is a part, though not the head's."""
    own = Position.department_id.in_(uow.actor.headed)
    return or_(
        Handover.leaver_id == uow.actor.id,
        Handover.head_id == uow.actor.id,
        _received(uow),
        Handover.position_id.in_(select(Position.id).where(own)),
    )


def _clauses(uow: UnitOfWork, wanted: CaseFilter) -> list[ColumnElement[bool]]:
    clauses: list[ColumnElement[bool]] = []
    if wanted.state is not None:
        clauses.append(Handover.state == wanted.state)
    if wanted.mine:
        clauses.append(_has_part(uow))
    if wanted.text:
        person = Person.name.icontains(wanted.text, autoescape=True)
        position = Position.name.icontains(wanted.text, autoescape=True)
        clauses.append(
            or_(
                Handover.leaver_id.in_(select(Person.id).where(person)),
                Handover.position_id.in_(select(Position.id).where(position)),
            )
        )
    return clauses


def _part(uow: UnitOfWork, handover: Handover) -> frozenset[Part]:
    actor = uow.actor
    parts = set()
    heads = handover.head_id == actor.id or handover.position.department_id in actor.headed
    if handover.leaver_id == actor.id:
        parts.add(Part.LEAVER)
    elif heads:
        # As in `permissions`: who leaves is no head in the own case.
        parts.add(Part.HEAD)
    if any(person.id == actor.id for person in handover.receivers):
        parts.add(Part.RECEIVER)
    if actor.has(Role.HR):
        parts.add(Part.HR)
    return frozenset(parts)


def _case_lines(uow: UnitOfWork, handovers: Sequence[Handover]) -> list[CaseLine]:
    today, settled = uow.resources.today(), Item.state.in_(SETTLED)
    late = and_(Item.state.in_(IN_HAND), Item.due_on < today)
    counted = uow.session.execute(
        select(
            Item.handover_id,
            func.count(),
            func.count().filter(settled),
            func.count().filter(and_(Requirement.required, ~settled)),
            func.count().filter(late),
        )
        .join(Requirement, Item.requirement_id == Requirement.id)
        .where(Item.handover_id.in_([handover.id for handover in handovers]))
        .group_by(Item.handover_id)
    )
    counts = {row[0]: row[1:] for row in counted}
    found = []
    for handover in handovers:
        total, done, required_left, overdue = counts.get(handover.id, (0, 0, 0, 0))
        days_left = working_days.left(today, handover.last_day)
        late_now = overdue if handover.running else 0
        found.append(CaseLine(handover, done, total, required_left, late_now, days_left))
    return found
