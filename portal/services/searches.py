"""The search log: what people ask and what came of it, kept for a while.

It is written after the answer is sent, in a transaction of its own, so that no search waits for it
or fails with it. The words belong to the person who typed them, who can look at them and take them
back; of others' one learns counts, and words only when several people have typed the same.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, bindparam, case, delete, func, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import joinedload

from indexing.query import parse
from indexing.tokens import tokenize
from portal.errors import PortalError
from portal.models import (
    Document,
    Handover,
    HandoverReceiver,
    Position,
    Search,
    SearchOutcome,
    SearchPosition,
    Version,
)
from portal.models.base import new_public_id
from portal.permissions import Action
from portal.resources import Resources
from portal.services import findings
from portal.services.answering import AnswerLine
from portal.services.inserting import insert_missing, inserting
from portal.services.search import Results
from portal.services.search_scope import SearchForm
from portal.unit_of_work import UnitOfWork

log = logging.getLogger(__name__)

# As `new_public_id` makes them.
_TOKEN = re.compile(r"[\w-]{22}")
# The same words again within this time are the same search: a page turned, a filter tried.
SAME_MINUTES = 10
PAGE = 30
# From the least to what was hoped for: of one search the best outcome counts.
RANK = (
    SearchOutcome.NOTHING,
    SearchOutcome.ABSTAINED,
    SearchOutcome.FOUND,
    SearchOutcome.ANSWERED,
)


# The newest search of the same words by the same person, by its token.
_SAME = (
    select(Search.public_id)
    .where(
        Search.person_id == bindparam("person"),
        Search.plain == bindparam("plain"),
        Search.asked_at >= bindparam("since"),
    )
    .order_by(Search.id.desc())
    .limit(1)
)
_RECEIVED = (
    select(Handover.position_id)
    .join(HandoverReceiver, HandoverReceiver.handover_id == Handover.id)
    .where(HandoverReceiver.person_id == bindparam("person"))
)


@dataclass(frozen=True)
class SearchRecord:
    """A search to be kept. `token` names it in the links of its hits, so that opening one of them
    is known to belong to it. `first`: of the first page, which alone says what came of it."""

    token: str
    text: str
    plain: str
    outcome: SearchOutcome
    hits: int
    positions: tuple[int, ...]
    first: bool


@dataclass(frozen=True)
class HistoryLine:
    """One own search; `opened` is None where nothing was, or what this person may no longer see."""

    search: Search
    opened: Document | None


@dataclass(frozen=True)
class History:
    """One page of the own searches, newest first, and how many there are in all."""

    lines: list[HistoryLine]
    total: int


def record_of(
    uow: UnitOfWork, form: SearchForm, found: Results, answer: AnswerLine | None
) -> SearchRecord | None:
    """What is to be kept of a search; None when nothing was asked, or nothing is to be kept.

    `answer` is None also where it has not been looked for yet: see `record_of_answer`.
    """
    text = found.query.text
    if not text or not uow.resources.settings.search_log_days:
        return None
    plain = _plain(text)
    since = uow.resources.clock() - timedelta(minutes=SAME_MINUTES)
    asked = {"person": uow.actor.id, "plain": plain, "since": since}
    same = uow.session.scalar(_SAME, asked)
    return SearchRecord(
        token=same or new_public_id(),
        text=text,
        plain=plain,
        outcome=_outcome(found, answer),
        hits=found.total,
        positions=_positions(uow, form, found),
        first=found.page == 1,
    )


def record_of_answer(
    uow: UnitOfWork, form: SearchForm, token: str, answer: AnswerLine | None
) -> SearchRecord | None:
    """What the answer adds to the search `token`; None when it adds nothing.

    A question counts as one without an answer until one is found.
    """
    if answer is not None and not answer.quotes:
        return None
    outcome = SearchOutcome.FOUND if answer is None else SearchOutcome.ANSWERED
    return _addition(uow, form, token, outcome)


def record_of_written(uow: UnitOfWork, form: SearchForm, token: str) -> SearchRecord | None:
    """What an answer that a model has written adds to the search `token`."""
    return _addition(uow, form, token, SearchOutcome.ANSWERED)


def _addition(
    uow: UnitOfWork, form: SearchForm, token: str, outcome: SearchOutcome
) -> SearchRecord | None:
    if not uow.resources.settings.search_log_days or not _TOKEN.fullmatch(token):
        return None
    text = parse(form.query).text
    return SearchRecord(token, text, _plain(text), outcome, 0, (), first=True)


def keep(resources: Resources, person_id: int, record: SearchRecord) -> None:
    """Write a search, or add to what was written of it. Raises nothing: it is only a log."""
    try:
        with resources.write() as uow:
            _write(uow, person_id, record)
    except (SQLAlchemyError, PortalError):
        log.warning("a search was not kept", exc_info=True)


def opened(resources: Resources, person_id: int, token: str, version_id: str) -> None:
    """A hit of the search `token` was opened. Raises nothing, as `keep`."""
    if not token or "\x00" in token:
        return
    try:
        with resources.write(person_id) as uow:
            version = uow.load(Version, version_id, Action.VIEW_VERSION)
            uow.session.execute(
                update(Search)
                .where(Search.public_id == token, uow.rows(Action.VIEW_SEARCH))
                .values(opened_id=version.document_id, opened_at=uow.resources.clock())
            )
    except (SQLAlchemyError, PortalError):
        log.warning("the opening of a hit was not kept", exc_info=True)


def history(uow: UnitOfWork, page: int = 1) -> History:
    """The own searches. Raises Forbidden for somebody who has left."""
    uow.permit(Action.SEARCH)
    total = uow.session.scalar(
        select(func.count()).select_from(Search).where(uow.rows(Action.VIEW_SEARCH))
    )
    rows = uow.session.scalars(
        select(Search)
        .where(uow.rows(Action.VIEW_SEARCH))
        .options(joinedload(Search.opened))
        .order_by(Search.asked_at.desc(), Search.id.desc())
        .offset((page - 1) * PAGE)
        .limit(PAGE)
    ).all()
    listed = set(
        uow.session.scalars(
            select(Document.id)
            .where(Document.id.in_([row.opened_id for row in rows if row.opened_id]))
            .where(uow.rows(Action.LIST_DOCUMENT))
        )
    )
    lines = [HistoryLine(row, row.opened if row.opened_id in listed else None) for row in rows]
    return History(lines, total or 0)


def own(uow: UnitOfWork, limit: int) -> list[str]:
    """What this person has searched for, each once, newest first."""
    newest = func.max(Search.id)
    rows = (
        select(newest.label("id"))
        .where(uow.rows(Action.VIEW_SEARCH), Search.text != "")
        .group_by(Search.plain)
        .order_by(newest.desc())
        .limit(limit)
        .subquery()
    )
    texts = select(Search.text).join(rows, Search.id == rows.c.id).order_by(Search.id.desc())
    return list(uow.session.scalars(texts))


def forget(uow: UnitOfWork, search_id: str) -> None:
    """Take one search out of the own history. Raises NotFound."""
    found = uow.load(Search, search_id, Action.VIEW_SEARCH)
    _forget(uow, [found.id])


def clear(uow: UnitOfWork) -> None:
    """Take everything out of the own history. Raises Forbidden."""
    uow.permit(Action.SEARCH)
    _forget(uow, uow.session.scalars(select(Search.id).where(uow.rows(Action.VIEW_SEARCH))).all())


def sweep(uow: UnitOfWork) -> None:
    """Delete what is older than searches are kept."""
    days = uow.resources.settings.search_log_days
    since = uow.resources.clock() - timedelta(days=days)
    uow.session.execute(delete(Search).where(Search.asked_at <= since))


def _write(uow: UnitOfWork, person_id: int, record: SearchRecord) -> None:
    """One statement, for every search waits on the same lock: the row is made or added to."""
    text, plain = _words(uow, record)
    row = {
        "public_id": record.token,
        "person_id": person_id,
        "text": text,
        "plain": plain,
        "outcome": record.outcome,
        "hits": record.hits if record.first else 0,
        "asked_at": uow.resources.clock(),
    }
    found = uow.session.scalar(_keeping(uow.session.get_bind().dialect.name, record.first), row)
    if found is not None:
        positions = [{"search_id": found, "position_id": each} for each in record.positions]
        insert_missing(uow.session, SearchPosition, positions)


@lru_cache(maxsize=4)
def _keeping(dialect: str, first: bool) -> Any:
    """Make the row of a search, or add to it, and return its id; nothing of one that is nobody's
    any more: taken back while its answer was on the way. first: as in `SearchRecord`."""
    table = Search.__table__.c
    new = inserting(dialect, Search.__table__)
    changed = {"asked_at": new.excluded.asked_at}
    if first:
        better = _rank(new.excluded.outcome) > _rank(table.outcome)
        changed["outcome"] = case((better, new.excluded.outcome), else_=table.outcome)
        changed["hits"] = case(
            (new.excluded.hits > table.hits, new.excluded.hits), else_=table.hits
        )
    return new.on_conflict_do_update(
        index_elements=[table.public_id],
        set_=changed,
        where=table.person_id == new.excluded.person_id,
    ).returning(table.id)


def _rank(outcome: ColumnElement[SearchOutcome]) -> ColumnElement[int]:
    return case({each: at for at, each in enumerate(RANK)}, value=outcome)


def _words(uow: UnitOfWork, record: SearchRecord) -> tuple[str, str]:
    """What was typed, and as it is compared; nothing of a password typed into the wrong box."""
    if uow.resources.settings.guard and findings.blocking(record.text):
        return "", ""
    return record.text, record.plain


def _plain(text: str) -> str:
    return " ".join(tokenize(text).sequence) or text


def _outcome(found: Results, answer: AnswerLine | None) -> SearchOutcome:
    if answer is not None and answer.quotes:
        return SearchOutcome.ANSWERED
    if not found.total:
        return SearchOutcome.NOTHING
    return SearchOutcome.ABSTAINED if found.asks else SearchOutcome.FOUND


def _positions(uow: UnitOfWork, form: SearchForm, found: Results) -> tuple[int, ...]:
    """Row ids of the positions a search is for: what it was narrowed to, as far as that is one this
    person finds something of; otherwise those held today and those of the cases received."""
    offered = {
        choice.value for choice in (*found.facets.positions.listed, *found.facets.handovers.listed)
    }
    if form.position in offered:
        narrowed = select(Position.id).where(Position.public_id == form.position)
    elif form.handover in offered:
        narrowed = select(Handover.position_id).where(Handover.public_id == form.handover)
    else:
        received = uow.session.scalars(_RECEIVED, {"person": uow.actor.id})
        return tuple(uow.actor.positions.union(received))
    return tuple(uow.session.scalars(narrowed))


def _forget(uow: UnitOfWork, ids: Sequence[int]) -> None:
    """The count stays, without the person, the words, and what was opened."""
    uow.session.execute(
        update(Search)
        .where(Search.id.in_(ids))
        .values(person_id=None, text="", plain="", opened_id=None)
    )
