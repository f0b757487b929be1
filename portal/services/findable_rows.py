"""Findable rows: which readings a search may find, read once for each state of the database.

Rights have to hold a second after they are given or taken, and a company has tens of thousands of
documents: so the rows are not read for every search, but whether anything has changed is.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from sqlalchemy import ColumnElement, Row, Select, delete, exists, false, func, select
from sqlalchemy.orm import aliased

from indexing.entry import IdArray
from portal.findable import DRAFT, Findable, Scope
from portal.models import (
    FINDABLE,
    Document,
    FindableChange,
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
from portal.services import feedback
from portal.services.file_kinds import kind_of
from portal.unit_of_work import UnitOfWork

# Changes kept: what is older than all transactions under way names no state any more.
KEPT_CHANGES = 1000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_State = tuple[int, int]


def findable(uow: UnitOfWork, *columns: Any) -> Select[Any]:
    """Select `columns` of the readings this person may search, with all they belong to joined."""
    return _counting(*columns).where(uow.rows(Action.VIEW_VERSION))


def scope(uow: UnitOfWork) -> Scope:
    """What this person may find now."""
    scopes = uow.resources.scopes
    before = _state(uow)
    found = scopes.people.get((before, uow.actor))
    if found is not None:
        return found
    everything = scopes.columns.get(before) or _columns(uow)
    mine = uow.session.scalars(findable(uow, Reading.id).order_by(Reading.id))
    readings = np.fromiter(mine, np.int64)
    # PostgreSQL shows each statement what was committed before it, so the second may know of more.
    readings = np.intersect1d(readings, everything.readings, assume_unique=True)
    made = Scope(everything, everything.places(readings))
    if _state(uow) == before:
        scopes.columns.keep(before, everything)
        scopes.people.keep((before, uow.actor), made)
    return made


def prune(uow: UnitOfWork) -> None:
    """Forget old changes. What processes remember is read once more after it."""
    newest = uow.session.scalar(select(func.max(FindableChange.id))) or 0
    uow.session.execute(delete(FindableChange).where(FindableChange.id <= newest - KEPT_CHANGES))


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


def _state(uow: UnitOfWork) -> _State:
    """What names the state of everything a search depends on, apart from the person."""
    marks = select(func.count(), func.coalesce(func.sum(FindableChange.mark), 0))
    count, total = uow.session.execute(marks).one()
    return count, int(total)


def _counting(*columns: Any) -> Select[Any]:
    return (
        select(*columns)
        .select_from(Reading)
        .join(Version, Reading.version_id == Version.id)
        .join(Document, Version.document_id == Document.id)
        .join(Handover, Document.handover_id == Handover.id)
        .join(Position, Handover.position_id == Position.id)
        .join(Person, Document.owner_id == Person.id)
        .where(Reading.current, Reading.state.in_(FINDABLE))
    )


def _columns(uow: UnitOfWork) -> Findable:
    rows = uow.session.execute(
        _counting(
            Reading.id,
            Version.number,
            Document.id,
            Handover.position_id,
            Handover.id,
            Document.owner_id,
            # A document of no item makes it NULL.
            func.coalesce(verified(), false()),
            Version.sealed_at,
            Reading.finished_at,
            Reading.media_type,
            Reading.language,
            Version.id.label("version_id"),
        )
        .where(Document.removed_at.is_(None))
        .order_by(Reading.id)
    ).all()
    readings, numbers, documents, positions, handovers, people, accepted = _numbers(rows)
    kinds, kind_words = _coded([kind_of(row.media_type) for row in rows])
    weights = feedback.weights(uow)
    languages, language_words = _coded([row.language or "" for row in rows])
    return Findable(
        readings=readings,
        numbers=numbers,
        documents=documents,
        positions=positions,
        handovers=handovers,
        people=people,
        kinds=kinds,
        languages=languages,
        sealed=np.fromiter((_microseconds(row.sealed_at) for row in rows), np.int64),
        ended=np.fromiter((_microseconds(row.finished_at) for row in rows), np.int64),
        verified=accepted.astype(np.bool_),
        weights=np.fromiter((weights.get(row.version_id, 0.0) for row in rows), np.float32),
        kind_words=kind_words,
        language_words=language_words,
    )


def _numbers(rows: Sequence[Row[Any]]) -> list[IdArray]:
    """The first seven columns, which are numbers."""
    return list(np.array([tuple(row)[:7] for row in rows], np.int64).reshape(-1, 7).T.copy())


def _coded(words: Sequence[str]) -> tuple[IdArray, tuple[str, ...]]:
    """A number for each word, and the words by number."""
    known = {word: number for number, word in enumerate(dict.fromkeys(words))}
    return np.fromiter((known[word] for word in words), np.int64), tuple(known)


def _microseconds(moment: datetime | None) -> int:
    """Whole microseconds since 1970, exactly: a day's end must not be rounded into the next."""
    if moment is None:
        return int(DRAFT)
    return (moment - _EPOCH) // timedelta(microseconds=1)
