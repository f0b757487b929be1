"""Items with their files, as the pages of a case show them to one person."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from portal.models import IN_HAND, Handover, Item, ItemState, Requirement
from portal.permissions import Action
from portal.services.documents import DocumentLine, lines
from portal.unit_of_work import UnitOfWork


@dataclass(frozen=True)
class ItemLine:
    """One item. `mine`: the person who looks has to submit it; the others: what they may do now."""

    item: Item
    requirement: Requirement
    documents: list[DocumentLine]
    overdue: bool
    mine: bool
    reviewable: bool
    waivable: bool
    reopenable: bool


def items_of(uow: UnitOfWork, handover: Handover) -> list[Item]:
    """The items of a case in the order of its checklist."""
    return list(
        uow.session.scalars(
            select(Item)
            .join(Requirement, Item.requirement_id == Requirement.id)
            .where(Item.handover_id == handover.id)
            .order_by(Requirement.ordinal)
        )
    )


def item_lines(uow: UnitOfWork, handover: Handover, items: Sequence[Item]) -> list[ItemLine]:
    """Lines for the items of a case that has been permitted before; four queries for any number."""
    of_item: dict[int | None, list[DocumentLine]] = defaultdict(list)
    for line in lines(uow, handover):
        of_item[line.document.item_id].append(line)
    return lines_with(uow, handover, items, of_item)


def lines_with(
    uow: UnitOfWork,
    handover: Handover,
    items: Sequence[Item],
    of_item: dict[int | None, list[DocumentLine]],
) -> list[ItemLine]:
    """As `item_lines`, with the documents already read and grouped by the row id of their item."""
    today = uow.resources.today()
    submits, reviews, waives = (
        _allowed(uow, handover, action)
        for action in (Action.SUBMIT_ITEM, Action.REVIEW_ITEM, Action.WAIVE_ITEM)
    )
    return [
        ItemLine(
            item=item,
            requirement=item.requirement,
            documents=of_item.get(item.id, []),
            overdue=is_overdue(item, handover, today),
            mine=item.id in submits,
            reviewable=handover.running
            and item.id in reviews
            and item.state is ItemState.SUBMITTED,
            waivable=handover.running and item.id in waives and not item.settled,
            reopenable=handover.running and item.id in waives and item.state is ItemState.WAIVED,
        )
        for item in items
    ]


def is_overdue(item: Item, handover: Handover, today: date) -> bool:
    """Whether the responsible person is late; what waits for acceptance is late for nobody."""
    return handover.running and item.state in IN_HAND and item.due_on < today


def _allowed(uow: UnitOfWork, handover: Handover, action: Action) -> frozenset[int]:
    found = select(Item.id).where(Item.handover_id == handover.id, uow.rows(action))
    return frozenset(uow.session.scalars(found))
