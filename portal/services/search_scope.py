"""What a search may look at: the readings this person may read, narrowed by the filters.

Everything a search shows or counts goes through `findable`, so the policy is asked in one place.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import Any

import numpy as np
from sqlalchemy import ColumnElement, Select, exists, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, aliased

from indexing.entry import IdArray
from portal.models import (
    FINDABLE,
    Document,
    Handover,
    HandoverReceiver,
    Item,
    ItemState,
    Person,
    Position,
    Reading,
    Version,
)
from portal.permissions import Action
from portal.services.accounts import clean_email
from portal.services.file_kinds import KINDS, OTHER, kind_of
from portal.unit_of_work import UnitOfWork

# Days outside are taken for these: at the ends of the calendar no moment in UTC exists.
FIRST_DAY, LAST_DAY = date(1970, 1, 1), date(9000, 1, 1)
# Languages a reading can be in; a text in both is found under either.
LANGUAGES = {"zh": ("zh", "mixed"), "en": ("en", "mixed")}


@dataclass(frozen=True)
class SearchForm:
    """What was asked. Empty and None mean no filter; days are of the seal, both inclusive.

    position, handover, person: public ids; kind: one of `file_kinds`; language: one of `LANGUAGES`;
    verified: only what a successor has accepted. A filter that names nothing known matches nothing.
    """

    query: str = ""
    position: str = ""
    handover: str = ""
    kind: str = ""
    language: str = ""
    verified: bool = False
    person: str = ""
    after: date | None = None
    before: date | None = None
    page: int = 1

    @property
    def filtered(self) -> bool:
        """Whether any filter is set."""
        return any(getattr(self, name) for name in FILTERS)


FILTERS = (
    "position", "handover", "kind", "language", "verified", "person", "after", "before",
)  # fmt: skip


@dataclass(frozen=True)
class Choice:
    """One value of a filter with the number of documents this person may read."""

    value: str
    label: str
    count: int


@dataclass(frozen=True)
class Facets:
    """What the filters offer, within what this person may read and has not filtered away.

    verified: documents a successor has accepted.
    """

    positions: list[Choice] = field(default_factory=list)
    handovers: list[Choice] = field(default_factory=list)
    kinds: list[Choice] = field(default_factory=list)
    languages: list[Choice] = field(default_factory=list)
    people: list[Choice] = field(default_factory=list)
    verified: int = 0


def person_of(uow: UnitOfWork, email: str) -> int | None:
    """The row id of the person with this address; None when there is none. For the command line,
    whose user could read the database itself."""
    return uow.session.scalar(select(Person.id).where(Person.email == clean_email(email)))


def findable(uow: UnitOfWork, *columns: Any) -> Select[Any]:
    """Select `columns` of the readings this person may search, with all they belong to joined."""
    return (
        select(*columns)
        .select_from(Reading)
        .join(Version, Reading.version_id == Version.id)
        .join(Document, Version.document_id == Document.id)
        .join(Handover, Document.handover_id == Handover.id)
        .join(Position, Handover.position_id == Position.id)
        .join(Person, Document.owner_id == Person.id)
        .where(Reading.current, Reading.state.in_(FINDABLE), uow.rows(Action.VIEW_VERSION))
    )


def allowed(uow: UnitOfWork, form: SearchForm) -> IdArray:
    """Ids of the readings a search with these filters may find, ascending."""
    rows = findable(uow, Reading.id).where(*_narrowed(uow, form)).order_by(Reading.id)
    return np.fromiter(uow.session.scalars(rows), np.int64)


def readable(uow: UnitOfWork) -> int:
    """How many documents this person could find at all."""
    return uow.session.scalar(findable(uow, func.count(Document.id.distinct()))) or 0


def facets(uow: UnitOfWork, form: SearchForm) -> Facets:
    """Counts of documents for each filter, as if that filter alone were not set."""
    media = _counted(uow, replace(form, kind=""), Reading.media_type)
    kinds: Counter[str] = Counter()
    for (media_type,), count in media.items():
        kinds[kind_of(media_type)] += count
    positions = _counted(uow, replace(form, position=""), Position.public_id, Position.name)
    people = _counted(uow, replace(form, person=""), Person.public_id, Person.name)
    return Facets(
        positions=_choices(positions),
        handovers=_choices(_handovers(uow, replace(form, handover=""))),
        kinds=_choices({(kind, kind): count for kind, count in kinds.items()}),
        languages=_choices(_languages(uow, replace(form, language=""))),
        people=_choices(people),
        verified=_number(uow, replace(form, verified=True)),
    )


def _handovers(uow: UnitOfWork, form: SearchForm) -> dict[tuple[Any, ...], int]:
    """By case; named by its leaver, its position, and the year, as a person would tell it apart."""
    leaver = aliased(Person)
    columns = (Handover.public_id, leaver.name, Position.name, Handover.last_day)
    rows = uow.session.execute(
        findable(uow, *columns, func.count(Document.id.distinct()))
        .join(leaver, Handover.leaver_id == leaver.id)
        .where(*_narrowed(uow, form))
        .group_by(*columns)
    )
    return {(case, f"{who}, {what}, {day.year}"): count for case, who, what, day, count in rows}


def _languages(uow: UnitOfWork, form: SearchForm) -> dict[tuple[Any, ...], int]:
    found = {name: _number(uow, replace(form, language=name)) for name in LANGUAGES}
    return {(name, name): count for name, count in found.items() if count}


def _number(uow: UnitOfWork, form: SearchForm) -> int:
    rows = findable(uow, func.count(Document.id.distinct())).where(*_narrowed(uow, form))
    return uow.session.scalar(rows) or 0


def _choices(counted: dict[tuple[Any, ...], int]) -> list[Choice]:
    found = [Choice(value, label, count) for (value, label), count in counted.items()]
    return sorted(found, key=lambda choice: (-choice.count, choice.label, choice.value))


def _counted(
    uow: UnitOfWork, form: SearchForm, *columns: InstrumentedAttribute[Any]
) -> dict[tuple[Any, ...], int]:
    rows = uow.session.execute(
        findable(uow, *columns, func.count(Document.id.distinct()))
        .where(*_narrowed(uow, form))
        .group_by(*columns)
    )
    return {tuple(row[:-1]): row[-1] for row in rows}


def _narrowed(uow: UnitOfWork, form: SearchForm) -> list[ColumnElement[bool]]:
    clauses: list[ColumnElement[bool]] = []
    if form.position:
        clauses.append(Position.public_id == form.position)
    if form.person:
        clauses.append(Person.public_id == form.person)
    if form.handover:
        clauses.append(Handover.public_id == form.handover)
    if form.kind:
        clauses.append(_of_kind(form.kind))
    if form.language:
        clauses.append(Reading.language.in_(LANGUAGES.get(form.language, ())))
    if form.verified:
        clauses.append(verified())
    zone = uow.resources.settings.zone
    if form.after:
        begin = min(max(form.after, FIRST_DAY), LAST_DAY)
        clauses.append(Version.sealed_at >= datetime.combine(begin, time.min, zone))
    if form.before:
        end = min(max(form.before, FIRST_DAY), LAST_DAY) + timedelta(days=1)
        clauses.append(Version.sealed_at < datetime.combine(end, time.min, zone))
    return clauses


def _of_kind(kind: str) -> ColumnElement[bool]:
    if kind == OTHER:
        known = frozenset().union(*KINDS.values())
        return or_(Reading.media_type.is_(None), Reading.media_type.not_in(known))
    return Reading.media_type.in_(KINDS.get(kind, frozenset()))


def verified() -> ColumnElement[bool]:
    """The newest sealed versions of documents on items that a receiver of the case accepted."""
    newer = aliased(Version)
    later = exists().where(
        newer.document_id == Version.document_id,
        newer.number > Version.number,
        newer.sealed_at.is_not(None),
    )
    accepted = (
        select(Item.id)
        .join(HandoverReceiver, HandoverReceiver.handover_id == Item.handover_id)
        .where(Item.state == ItemState.ACCEPTED, Item.decided_by_id == HandoverReceiver.person_id)
    )
    return Version.sealed_at.is_not(None) & Document.item_id.in_(accepted) & ~later
