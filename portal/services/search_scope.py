"""What a search may look at: what this person may find, narrowed by the filters."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import numpy as np
from sqlalchemy import select

from indexing.entry import IdArray
from indexing.query import Query, parse
from indexing.scope import Allowed
from portal.errors import NotReady
from portal.findable import DRAFT, Findable, Mask, Scope
from portal.models import Handover, Person, Position
from portal.models.base import Public
from portal.services import findable_rows
from portal.services.accounts import clean_email
from portal.services.index_rows import caught_up
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
    def filters(self) -> tuple[object, ...]:
        """The values of all filters."""
        return tuple(getattr(self, name) for name in FILTERS)

    @property
    def filtered(self) -> bool:
        """Whether any filter is set."""
        return any(self.filters)


FILTERS = (
    "position", "handover", "kind", "language", "verified", "person", "after", "before",
)  # fmt: skip


def person_of(uow: UnitOfWork, email: str) -> int | None:
    """The row id of the person with this address; None when there is none. For the command line,
    whose user could read the database itself."""
    return uow.session.scalar(select(Person.id).where(Person.email == clean_email(email)))


def allowed(uow: UnitOfWork, scope: Scope, form: SearchForm) -> Allowed:
    """The readings a search with these filters may find."""
    found = masks(uow, scope.everything, form).values()
    if not found:
        return scope.allowed
    rows = scope.rows
    for fits in found:
        rows = rows[fits[rows]]
    return Allowed.of(scope.everything.readings[rows])


def understood(uow: UnitOfWork, typed: str) -> Query:
    """What was typed, with what it was found by in all this person may find; alone where the index
    is not to be had, for words are marked without it too."""
    if not typed.strip():
        return parse(typed)
    try:
        return caught_up(uow).read(typed, findable_rows.scope(uow).allowed)
    except NotReady:
        return parse(typed)


def masks(uow: UnitOfWork, everything: Findable, form: SearchForm) -> dict[str, Mask]:
    """For each filter that is set, which of the company's readings it lets through."""
    found: dict[str, Mask] = {}
    if form.position:
        found["position"] = everything.positions == _row_id(uow, Position, form.position)
    if form.person:
        found["person"] = everything.people == _row_id(uow, Person, form.person)
    if form.handover:
        found["handover"] = everything.handovers == _row_id(uow, Handover, form.handover)
    if form.kind:
        found["kind"] = _of_words(everything.kinds, everything.kind_words, (form.kind,))
    if form.language:
        wanted = LANGUAGES.get(form.language, ())
        found["language"] = _of_words(everything.languages, everything.language_words, wanted)
    if form.verified:
        found["verified"] = everything.verified
    if form.after:
        found["after"] = everything.sealed >= _begin(uow, form.after)
    if form.before:
        end = _begin(uow, form.before, timedelta(days=1))
        found["before"] = (everything.sealed < end) & (everything.sealed != DRAFT)
    return found


def _row_id(uow: UnitOfWork, table: type[Public], public_id: str) -> int:
    """The row with this public id, a number no row has when there is none."""
    return uow.session.scalar(select(table.id).where(table.public_id == public_id)) or 0


def _of_words(column: IdArray, known: tuple[str, ...], wanted: tuple[str, ...]) -> Mask:
    numbers = [number for number, word in enumerate(known) if word in wanted]
    return np.isin(column, numbers)


def _begin(uow: UnitOfWork, day: date, later: timedelta = timedelta(0)) -> int:
    """The moment a day begins where the company is, in microseconds since 1970."""
    inside = min(max(day, FIRST_DAY), LAST_DAY) + later
    moment = datetime.combine(inside, time.min, uow.resources.settings.zone)
    since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return since // timedelta(microseconds=1)
