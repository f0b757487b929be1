"""Building the knowledge map of a position: the work of the job `build_map`.

The row of the position says what is to be done: `map_wanted_at` is the newest change no map has
seen. The job reads that moment first, then the documents, and clears it at the end only if it still
stands there. So a change while a map is built leaves it wanted, a kill anywhere leaves it wanted,
and the reconciler sends the job again.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from knowledge_map import KnowledgeMap
from knowledge_map import build as build_map
from portal.models import Map, Position
from portal.resources import Resources
from portal.services import map_sources
from portal.unit_of_work import UnitOfWork


@dataclass(frozen=True)
class _Claim:
    """What was there when the work began. number: of the newest map, 0 for none."""

    position_id: int
    wanted: datetime | None
    lease: datetime
    number: int


def build(resources: Resources, position_row_id: int) -> None:
    """Build the map if it is behind; does nothing when it is not, or somebody is building it.

    The same documents give the same map, and then no new row. Twice at once is harmless: whoever
    is ready first stores, the other's work is dropped. Raises nothing but the database's errors.
    """
    claim = _claim(resources, position_row_id)
    if claim is None:
        return
    with _leased(resources, claim):
        with resources.read() as uow:
            position = uow.session.get_one(Position, claim.position_id)
            expected = map_sources.expected(uow, position)
            sources = map_sources.sources(uow, position)
            row = newest(uow, position)
        # Outside of any transaction: hundreds of documents take seconds.
        made = build_map(expected, sources, known(row))
        _store(resources, claim, made)


def newest(uow: UnitOfWork, position: Position) -> Map | None:
    """The newest map of a position; None before the first. For services that have permitted."""
    return uow.session.scalar(
        select(Map).where(Map.position_id == position.id).order_by(Map.number.desc()).limit(1)
    )


def known(row: Map | None) -> KnowledgeMap | None:
    """The map of a row; None without one, or when it is of a format that is not read any more."""
    try:
        return KnowledgeMap.from_json(row.content) if row is not None else None
    except (ValueError, KeyError, TypeError):
        # A map is made from rows: one that cannot be read is built anew, never repaired.
        return None


def _claim(resources: Resources, position_row_id: int) -> _Claim | None:
    with resources.write() as uow:
        position = _locked(uow, position_row_id)
        if position is None:
            return None
        row = newest(uow, position)
        if position.map_wanted_at is None and known(row) is not None:
            return None
        moment = resources.clock()
        if position.map_lease_until is not None and position.map_lease_until > moment:
            return None
        position.map_lease_until = moment + timedelta(seconds=resources.settings.lease_seconds)
        number = row.number if row else 0
        return _Claim(position.id, position.map_wanted_at, position.map_lease_until, number)


@contextmanager
def _leased(resources: Resources, claim: _Claim) -> Iterator[None]:
    """Give the lease back when the work fails, so that the next attempt need not wait for it."""
    try:
        yield
    except BaseException:
        with resources.write() as uow:
            position = _locked(uow, claim.position_id)
            if position is not None:
                _give_back(position, claim)
        raise


def _give_back(position: Position, claim: _Claim) -> None:
    # A lease that ran out may be somebody else's by now.
    if position.map_lease_until == claim.lease:
        position.map_lease_until = None


def _store(resources: Resources, claim: _Claim, made: KnowledgeMap) -> None:
    with resources.write() as uow:
        position = _locked(uow, claim.position_id)
        if position is None:
            return
        # With the result, not after it: the job sent below must not find the lease taken.
        _give_back(position, claim)
        row = newest(uow, position)
        if (row.number if row else 0) != claim.number:
            # Somebody whose lease came after ours was faster, and saw at least what we saw.
            return
        if position.map_wanted_at is None and claim.wanted is not None:
            return
        content = made.to_json()
        if row is None or row.content != content:
            uow.session.add(
                Map(
                    position_id=position.id,
                    number=claim.number + 1,
                    built_at=resources.clock(),
                    content=content,
                )
            )
        if position.map_wanted_at == claim.wanted:
            position.map_wanted_at = None
        else:
            # Changed meanwhile, and its own job may have come and gone while we held the lease.
            uow.enqueue("build_map", position.id)


def _locked(uow: UnitOfWork, position_row_id: int) -> Position | None:
    return uow.session.scalar(
        select(Position)
        .where(Position.id == position_row_id)
        .with_for_update(of=Position)
        .execution_options(populate_existing=True)
    )
