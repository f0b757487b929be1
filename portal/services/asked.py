"""What is asked at a position, for those who look after it: counted, and never by whom.

Words are shown only when several different people have typed the same; whoever has taken a search
back is not among them, and their words are gone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, case, func, select

from portal.models import Position, Search, SearchOutcome, SearchPosition
from portal.permissions import Action
from portal.unit_of_work import UnitOfWork

# Fewer people could be recognised by what they ask.
FEWEST_PEOPLE = 3
MOST = 20
PERIODS = (30, 90, 365)
UNANSWERED = (SearchOutcome.NOTHING, SearchOutcome.ABSTAINED)


@dataclass(frozen=True)
class Question:
    """The same words, typed by several people. `missed`: how often nothing answered them."""

    text: str
    times: int
    missed: int


@dataclass(frozen=True)
class AskedPage:
    """What was asked at a position in the last `days`.

    outcomes: searches by what came of them; opened: those with a hit that was opened. often: the
    most typed words; missed: those that nothing answered and nobody opened a hit of.
    """

    position: Position
    days: int
    periods: list[int]
    outcomes: dict[SearchOutcome, int]
    opened: int
    often: list[Question]
    missed: list[Question]

    @property
    def total(self) -> int:
        """All searches."""
        return sum(self.outcomes.values())


def show(uow: UnitOfWork, position_id: str, days: int) -> AskedPage:
    """What was asked at a position; `days` is one of the periods. Raises NotFound, Forbidden."""
    position = uow.load(Position, position_id, Action.VIEW_ASKED)
    kept = uow.resources.settings.search_log_days
    periods = [each for each in PERIODS if each < kept] + [kept]
    days = days if days in periods else periods[0]
    here = _here(uow, position, days)
    rows = uow.session.execute(
        select(Search.outcome, func.count(), func.count(Search.opened_at))
        .where(here)
        .group_by(Search.outcome)
    ).all()
    counted = {row[0]: row[1] for row in rows}
    unopened = Search.outcome.in_(UNANSWERED) & Search.opened_at.is_(None)
    return AskedPage(
        position=position,
        days=days,
        periods=periods if kept else [],
        outcomes={outcome: counted.get(outcome, 0) for outcome in SearchOutcome},
        opened=sum(row[2] for row in rows),
        often=_questions(uow, here),
        missed=_questions(uow, here & unopened),
    )


def _here(uow: UnitOfWork, position: Position, days: int) -> ColumnElement[bool]:
    since = uow.resources.clock() - timedelta(days=days)
    searches = select(SearchPosition.search_id).where(SearchPosition.position_id == position.id)
    return (Search.asked_at > since) & Search.id.in_(searches)


def _questions(uow: UnitOfWork, clause: ColumnElement[bool]) -> list[Question]:
    times = func.count()
    missed = func.sum(case((Search.outcome.in_(UNANSWERED), 1), else_=0))
    rows = uow.session.execute(
        select(func.max(Search.text), times, missed)
        .where(clause, Search.plain != "")
        .group_by(Search.plain)
        .having(func.count(Search.person_id.distinct()) >= FEWEST_PEOPLE)
        .order_by(times.desc(), Search.plain)
        .limit(MOST)
    )
    return [Question(*row) for row in rows]
