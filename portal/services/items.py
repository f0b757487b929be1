"""Items: submitting, accepting, returning, waiving, and taking a waiver back.

Every change first locks its case and reads the item afresh: changes of one case happen one after
the other, so a return and a completion cannot pass each other.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from portal.errors import InvalidInput, Problem, Refused
from portal.models import (
    IN_HAND,
    SETTLED,
    Event,
    Handover,
    Item,
    ItemState,
    RequirementKind,
)
from portal.permissions import Action
from portal.services import documents, findings
from portal.services.case_lines import ItemLine, item_lines
from portal.unit_of_work import UnitOfWork

STATEMENT_LENGTH = 4000
REASON_LENGTH = 2000
# What stands between the parts of a place in a vault.
PATH_SIGNS = frozenset("/\\›>：:")
# Kinds that are delivered in files; of the others a statement says what was done.
DELIVERED_IN_FILES = frozenset({RequirementKind.DOCUMENT, RequirementKind.ENTITIES})


@dataclass(frozen=True)
class ItemPage:
    """What the page of one item shows; `history` is newest first."""

    line: ItemLine
    handover: Handover
    history: list[Event]


def show(uow: UnitOfWork, item_id: str) -> ItemPage:
    """One item with its files and its history. Raises NotFound."""
    item = uow.load(Item, item_id, Action.VIEW_ITEM)
    handover = item.handover
    line = item_lines(uow, handover, [item])[0]
    subjects = [item.public_id, *(document.document.public_id for document in line.documents)]
    subjects += [each.version.public_id for found in line.documents for each in found.versions]
    history = uow.session.scalars(
        select(Event)
        .where(Event.handover_id == handover.id, Event.subject.in_(subjects))
        .where(uow.rows(Action.VIEW_EVENT))
        .order_by(Event.id.desc())
        .limit(200)
    )
    return ItemPage(line, handover, list(history))


def submit(uow: UnitOfWork, item_id: str, statement: str = "") -> Item:
    """Submit an item and seal the newest version of each of its documents.

    Raises NotFound, Forbidden, InvalidInput for a text too long, Refused when the case is closed,
    the item is not open or returned, or there is nothing to submit.
    """
    item, handover = _changing(uow, item_id, Action.SUBMIT_ITEM)
    if item.state not in IN_HAND:
        raise Refused("item_not_open")
    statement = _text(uow, "statement", statement, STATEMENT_LENGTH, item)
    versions = documents.drafts_of(uow, item)
    _ensure_something(item, statement, bool(versions))
    documents.seal(uow, handover, versions)
    item.state = ItemState.SUBMITTED
    item.statement = statement
    item.submitted_at, item.submitted_by_id = uow.resources.clock(), uow.actor.id
    item.decided_at = item.decided_by_id = None
    item.reason = ""
    uow.record(
        "item_submitted",
        handover,
        item,
        item=item.requirement.title,
        files=[version.filename for version in versions],
        statement=statement,
    )
    return item


def note_place(uow: UnitOfWork, item: Item, place: str) -> None:
    """Add a place in a vault to what the item's statement will say when it is submitted.

    For an item whose case is locked. Raises InvalidInput without a place, or with a password.
    """
    place = _text(uow, "place", place, STATEMENT_LENGTH, item)
    if not place:
        raise InvalidInput(Problem("place", "statement_missing"))
    lines = item.statement.splitlines()
    statement = "\n".join(lines if place in lines else [*lines, place])
    if len(statement) > STATEMENT_LENGTH:
        raise InvalidInput(Problem("place", "too_long", {"limit": STATEMENT_LENGTH}))
    item.statement = statement


def accept(uow: UnitOfWork, item_id: str, remark: str = "") -> Item:
    """Accept what was submitted. Raises NotFound, Forbidden, InvalidInput, Refused."""
    item, handover = _changing(uow, item_id, Action.REVIEW_ITEM)
    if item.state is not ItemState.SUBMITTED:
        raise Refused("item_settled" if item.state in SETTLED else "item_not_submitted")
    remark = _text(uow, "remark", remark, REASON_LENGTH)
    _decide(uow, item, ItemState.ACCEPTED, remark)
    uow.record("item_accepted", handover, item, item=item.requirement.title, reason=remark)
    return item


def send_back(uow: UnitOfWork, item_id: str, reason: str) -> Item:
    """Return a submitted item, or one accepted too early; `reason` says what would satisfy it.

    Raises NotFound, Forbidden, InvalidInput without a reason, Refused.
    """
    item, handover = _changing(uow, item_id, Action.REVIEW_ITEM)
    if item.state not in (ItemState.SUBMITTED, ItemState.ACCEPTED):
        raise Refused("item_settled" if item.state in SETTLED else "item_not_submitted")
    reason = _reason(uow, reason)
    _decide(uow, item, ItemState.RETURNED, reason)
    uow.record("item_returned", handover, item, item=item.requirement.title, reason=reason)
    return item


def waive(uow: UnitOfWork, item_id: str, reason: str) -> Item:
    """Let the gate pass an item that was not accepted; HR sees the reason.

    Raises NotFound, Forbidden, InvalidInput without a reason, Refused when it is settled already.
    """
    item, handover = _changing(uow, item_id, Action.WAIVE_ITEM)
    if item.state in SETTLED:
        raise Refused("item_settled")
    reason = _reason(uow, reason)
    _decide(uow, item, ItemState.WAIVED, reason)
    uow.record("item_waived", handover, item, item=item.requirement.title, reason=reason)
    return item


def reopen(uow: UnitOfWork, item_id: str, reason: str) -> Item:
    """Take a waiver back: the item is to be delivered after all.

    Raises NotFound, Forbidden, InvalidInput without a reason, Refused when it is not waived.
    """
    item, handover = _changing(uow, item_id, Action.WAIVE_ITEM)
    if item.state is not ItemState.WAIVED:
        raise Refused("item_not_settled")
    reason = _reason(uow, reason)
    state = ItemState.RETURNED if item.submitted_at else ItemState.OPEN
    _decide(uow, item, state, reason)
    uow.record("item_reopened", handover, item, item=item.requirement.title, reason=reason)
    return item


def _changing(uow: UnitOfWork, item_id: str, action: Action) -> tuple[Item, Handover]:
    """Load, permit, lock, read afresh. Raises NotFound, Forbidden, Refused for a closed case."""
    item = uow.load(Item, item_id, action)
    handover = documents.ensure_running(uow, item.handover_id)
    uow.session.refresh(item)
    # The part may have gone to somebody else while this waited for the lock.
    uow.permit(action, item)
    return item, handover


def _decide(uow: UnitOfWork, item: Item, state: ItemState, reason: str) -> None:
    item.state, item.reason = state, reason
    item.decided_at, item.decided_by_id = uow.resources.clock(), uow.actor.id


def _ensure_something(item: Item, statement: str, files: bool) -> None:
    kind = item.requirement.kind
    if kind is RequirementKind.DOCUMENT and not files:
        raise Refused("item_empty")
    if kind in DELIVERED_IN_FILES and files:
        return
    if not statement:
        raise InvalidInput(Problem("statement", "statement_missing"))


def _reason(uow: UnitOfWork, text: str) -> str:
    reason = _text(uow, "reason", text, REASON_LENGTH)
    if not reason:
        raise InvalidInput(Problem("reason", "reason_missing"))
    return reason


def _text(uow: UnitOfWork, field: str, text: str, limit: int, item: Item | None = None) -> str:
    """What was typed, for a field of so many characters; kept for ever, so nothing secret is in it.

    Of an item of kind secret it is the place in a vault: without a path a word may be the password.
    """
    text = text.replace("\x00", "").strip()
    if len(text) > limit:
        raise InvalidInput(Problem(field, "too_long", {"limit": limit}))
    secret = item is not None and item.requirement.kind is RequirementKind.SECRET
    hint = "密码：" if secret and not set(text) & PATH_SIGNS else ""
    findings.ensure_harmless(uow.resources, field, text, hint)
    return text
