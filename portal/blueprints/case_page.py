"""The case page: what waits for the person who looks comes first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import render_template, request

from portal import event_words, words
from portal.blueprints import file_rows
from portal.blueprints.paging import pages_of
from portal.models import IN_HAND, SETTLED, ItemState
from portal.services import events, questions
from portal.services.case_lines import ItemLine
from portal.services.cases import Case
from portal.unit_of_work import UnitOfWork

# Words and looks by the plain value of a state, for lists of missing items.
STATES: dict[str, Any] = {
    "states": {state.value: word for state, word in words.ITEM_STATE.items()},
    "looks": {state.value: look for state, look in words.ITEM_LOOK.items()},
}
LOG: dict[str, Any] = {"sentence": event_words.sentence, "look": event_words.look}


@dataclass(frozen=True)
class Groups:
    """The items by what they ask of the person: to hand over, to accept, nothing now, nothing more.

    next: the one to begin with; None when nothing waits for the person.
    """

    mine: list[ItemLine]
    review: list[ItemLine]
    others: list[ItemLine]
    done: list[ItemLine]
    next: ItemLine | None


def groups_of(case: Case) -> Groups:
    """Sort the items of a case. What was returned comes first, then by due date."""
    mine = [line for line in case.items if line.mine and line.item.state in IN_HAND]
    mine.sort(key=lambda line: (line.item.state is not ItemState.RETURNED, line.item.due_on))
    review = [
        line for line in case.items if line.reviewable and line.item.state is ItemState.SUBMITTED
    ]
    done = [line for line in case.items if line.item.state in SETTLED]
    taken = {id(line) for line in (*mine, *review, *done)}
    others = [line for line in case.items if id(line) not in taken]
    return Groups(mine, review, others, done, next(iter((*mine, *review)), None))


def show(uow: UnitOfWork, case: Case, page: int) -> str:
    """The page, with one page of the log."""
    history = events.of_handover(uow, case.handover.public_id, page)
    return render_template(
        "handovers/show.html",
        case=case,
        groups=groups_of(case) if case.handover.running else _closed(case),
        parts={part.value for part in case.part},
        files=file_rows.of_case(case),
        open_item=request.args.get("item"),
        removed=request.args.get("removed"),
        asked=questions.to_answer(uow, case.handover),
        history=history.events,
        page=page,
        pages=pages_of(history.total, events.CASE_PAGE),
        **STATES,
        **LOG,
    )


def _closed(case: Case) -> Groups:
    """Of a closed case nothing waits for anybody."""
    done = [line for line in case.items if line.item.state in SETTLED]
    others = [line for line in case.items if line.item.state not in SETTLED]
    return Groups([], [], others, done, None)
