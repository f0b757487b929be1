"""What waits for a person in their running cases, most urgent first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, and_, select

from portal.models import IN_HAND, SETTLED, Handover, Item, ItemState, Question, Requirement
from portal.permissions import Action
from portal.services import questions
from portal.unit_of_work import UnitOfWork

# What was returned first; what somebody else is late with after all the person can do alone.
ORDER = {"resubmit": 0, "submit": 1, "review": 1, "complete": 1, "question": 1, "missing_due": 2}


@dataclass(frozen=True)
class Waiting:
    """One thing that waits.

    kind: submit, resubmit (it was returned), review, complete (nothing required is missing; `item`
    is None), missing_due: a required item that somebody else is late with and this person, as
    a head, could waive; or question: one to answer, of a completed case, too.
    """

    kind: str
    item: Item | None
    handover: Handover
    due_on: date
    question: Question | None = None


def waiting(uow: UnitOfWork, handovers: Sequence[Handover]) -> list[Waiting]:
    """What waits in those of the cases that are running, and questions of any case.

    The number of queries is the same for any number of cases.
    """
    running = {handover.id: handover for handover in handovers if handover.running}
    late = and_(Requirement.required, Item.due_on < uow.resources.today())
    kinds = (
        ("missing_due", Action.WAIVE_ITEM, and_(Item.state.in_(IN_HAND), late)),
        ("review", Action.REVIEW_ITEM, Item.state == ItemState.SUBMITTED),
        ("submit", Action.SUBMIT_ITEM, Item.state == ItemState.OPEN),
        ("resubmit", Action.SUBMIT_ITEM, Item.state == ItemState.RETURNED),
    )
    # An item once, under the last kind that fits: what is theirs to do, before what they may waive.
    found: dict[int, Waiting] = {}
    for kind, action, condition in kinds:
        for item in _items(uow, list(running), and_(condition, uow.rows(action))):
            found[item.id] = Waiting(kind, item, running[item.handover_id], item.due_on)
    ready = [
        Waiting("complete", None, running[row], running[row].last_day)
        for row in _ready(uow, list(running))
    ]
    asked = [
        Waiting("question", None, question.handover, question.handover.last_day, question)
        for question in questions.to_answer(uow)
    ]
    return sorted(
        [*found.values(), *ready, *asked], key=lambda each: (ORDER[each.kind], each.due_on)
    )


def _items(uow: UnitOfWork, cases: list[int], condition: ColumnElement[bool]) -> list[Item]:
    return list(
        uow.session.scalars(
            select(Item)
            .join(Requirement, Item.requirement_id == Requirement.id)
            .where(Item.handover_id.in_(cases), condition)
            .order_by(Item.handover_id, Requirement.ordinal)
        )
    )


def _ready(uow: UnitOfWork, cases: list[int]) -> list[int]:
    """Cases without a missing item that this person may complete."""
    incomplete = (
        select(Item.handover_id)
        .join(Requirement, Item.requirement_id == Requirement.id)
        .where(Requirement.required, Item.state.not_in(SETTLED))
    )
    return list(
        uow.session.scalars(
            select(Handover.id)
            .where(Handover.id.in_(cases), Handover.id.not_in(incomplete))
            .where(uow.rows(Action.COMPLETE_HANDOVER))
            .order_by(Handover.id)
        )
    )
