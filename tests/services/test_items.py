"""Items: every action in every state by everybody, and what submitting seals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from portal.models import Document, Handover, HandoverState, Item, ItemState, Version
from portal.services import documents, items
from portal.services.uploads import ToDocument, ToItem
from portal.unit_of_work import UnitOfWork
from tests.company import Company
from tests.conftest import Clock, Outbox
from tests.services.case_steps import (
    accept,
    close,
    document_of,
    events,
    outcome,
    row,
    set_items,
    state_of,
    submit,
    upload,
)

ACTIONS: dict[str, Callable[[UnitOfWork, str], Any]] = {
    "submit": lambda uow, item: items.submit(uow, item, "done"),
    "accept": lambda uow, item: items.accept(uow, item, "thank you"),
    "send_back": lambda uow, item: items.send_back(uow, item, "a name is missing"),
    "waive": lambda uow, item: items.waive(uow, item, "not needed any more"),
    "reopen": lambda uow, item: items.reopen(uow, item, "needed after all"),
}
# What an action makes of each state: the state after it, or the code it is refused with.
BECOMES = {
    "submit": {
        "open": "submitted",
        "submitted": "item_not_open",
        "returned": "submitted",
        "accepted": "item_not_open",
        "waived": "item_not_open",
    },
    "accept": {
        "open": "item_not_submitted",
        "submitted": "accepted",
        "returned": "item_not_submitted",
        "accepted": "item_settled",
        "waived": "item_settled",
    },
    "send_back": {
        "open": "item_not_submitted",
        "submitted": "returned",
        "returned": "item_not_submitted",
        "accepted": "returned",
        "waived": "item_settled",
    },
    "waive": {
        "open": "waived",
        "submitted": "waived",
        "returned": "waived",
        "accepted": "item_settled",
        "waived": "item_settled",
    },
    "reopen": {
        "open": "item_not_settled",
        "submitted": "item_not_settled",
        "returned": "item_not_settled",
        "accepted": "item_not_settled",
        "waived": "open",
    },
}
SEES_CASE = ("leaver", "receiver", "head", "chief", "hr")
EVERYBODY = (
    *SEES_CASE,
    "colleague",
    "neighbour",
    "outsider",
    "administrator",
    "auditor",
    "departed",
)
HEADS = ("head", "chief")
# The item of each responsible part, and who may do what with it.
MAY = {
    "confirm": {"submit": ("leaver",), "review": ("receiver",), "waive": HEADS},
    "desk": {"submit": HEADS, "review": ("receiver",), "waive": HEADS},
    "intro": {"submit": ("receiver",), "review": HEADS, "waive": HEADS},
}
RIGHT = {
    "submit": "submit",
    "accept": "review",
    "send_back": "review",
    "waive": "waive",
    "reopen": "waive",
}


def refusal(key: str, action: str, who: str) -> str | None:
    """Why not this person; None when it depends on the state alone."""
    if who in MAY[key][RIGHT[action]]:
        return None
    return "forbidden" if who in SEES_CASE else "not_found"


def tried(company: Company, who: str, action: str, item: str) -> str:
    """The state after the action, or the code it is refused with."""
    found = outcome(company, who, lambda uow: ACTIONS[action](uow, item))
    return state_of(company, Item, item) if found == "ok" else found


@pytest.mark.parametrize("action", ACTIONS)
def test_everybody_in_every_state(company: Company, action: str) -> None:
    case = company.handover()
    item = company.item(case, "confirm")
    found, expected = {}, {}
    for state in ItemState:
        for who in EVERYBODY:
            set_items(company, case, state, "confirm")
            found[state.value, who] = tried(company, who, action, item)
            why = refusal("confirm", action, who)
            expected[state.value, who] = why or BECOMES[action][state.value]
    assert found == expected


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("key", ["desk", "intro"])
def test_items_of_head_and_receiver(company: Company, key: str, action: str) -> None:
    case = company.handover()
    item = company.item(case, key)
    # A state in which the action is possible.
    state, after = next(
        (state, after) for state, after in BECOMES[action].items() if not after.startswith("item_")
    )
    found = {}
    for who in EVERYBODY:
        set_items(company, case, ItemState(state), key)
        found[who] = tried(company, who, action, item)
    assert found == {who: refusal(key, action, who) or after for who in EVERYBODY}


@pytest.mark.parametrize("end", [HandoverState.COMPLETED, HandoverState.CANCELLED])
@pytest.mark.parametrize("action", ACTIONS)
def test_in_a_closed_case_nothing_moves(company: Company, action: str, end: HandoverState) -> None:
    case = company.handover()
    item = company.item(case, "confirm")
    close(company, case, end)
    before = state_of(company, Item, item)
    found = {who: tried(company, who, action, item) for who in EVERYBODY}
    assert found == {who: refusal("confirm", action, who) or "handover_closed" for who in EVERYBODY}
    assert state_of(company, Item, item) == before


def test_submitting_seals_the_newest_version_of_each_document(
    company: Company, outbox: Outbox, clock: Clock
) -> None:
    case = company.handover()
    item = company.item(case, "clients")
    first = upload(company, "leaver", ToItem(item), "old list", "list.txt")
    second = upload(
        company, "leaver", ToDocument(document_of(company, first)), "new list", "list 2.txt"
    )
    other = upload(company, "leaver", ToItem(item), "letters", "letters.txt")
    removed = upload(company, "leaver", ToItem(item), "a mistake", "mistake.txt")
    with company.acting("leaver") as uow:
        documents.remove(uow, document_of(company, removed))
    outbox.jobs.clear()
    with company.acting("leaver") as uow:
        items.submit(uow, item)
        assert outbox.jobs == [], "jobs leave after the commit"
    with company.resources.read() as uow:
        sealed = {id: row(uow, Version, id).sealed for id in (first, second, other, removed)}
        seal = row(uow, Version, second)
        assert (seal.sealed_at, seal.sealed_by_id) == (clock.now, company.leaver.id)
    assert sealed == {first: False, second: True, other: True, removed: False}
    assert outbox.named("build_map") == [company.positions["sales"].id]
    (event,) = events(company, "item_submitted")
    assert event.facts["files"] == ["list 2.txt", "letters.txt"]
    assert {each.facts["filename"] for each in events(company, "version_sealed")} == {
        "list 2.txt",
        "letters.txt",
    }


def test_a_correction_is_a_new_version(company: Company) -> None:
    case = company.handover()
    item = submit(company, case, "clients")
    with company.acting("receiver") as uow:
        items.send_back(uow, item, "the address is missing")
    with company.looking("leaver") as uow:
        page = items.show(uow, item)
        assert page.line.item.reason == "the address is missing"
        first = page.line.documents[0].versions[0].version
        document = page.line.documents[0].document.public_id
    upload(company, "leaver", ToDocument(document), "with the address", "clients 2.txt")
    with company.acting("leaver") as uow:
        items.submit(uow, item)
    with company.looking("receiver") as uow:
        page = items.show(uow, item)
        assert [line.version.number for line in page.line.documents[0].versions] == [2, 1]
        assert page.line.documents[0].versions[1].version.digest == first.digest
        assert page.line.item.reason == "", "what was wrong is not said of the correction"
        assert page.line.reviewable
        kinds = [event.kind for event in page.history]
    assert kinds.count("version_sealed") == 2
    assert kinds[-1] == "document_added"


NOTHING = (
    # key, files, statement, outcome
    ("clients", False, "", "item_empty"),
    ("clients", False, "it is in my head", "item_empty"),
    ("clients", True, "", "ok"),
    ("confirm", False, "", "statement_missing"),
    ("confirm", False, " \n\x00", "statement_missing"),
    ("confirm", False, "Mrs Wang has agreed by phone", "ok"),
    ("confirm", True, "", "statement_missing"),
    ("crm", False, "", "statement_missing"),
    ("crm", False, "vault/sales/crm, checked today", "ok"),
    ("confirm", False, "x" * 4001, "too_long"),
)


@pytest.mark.parametrize(("key", "files", "statement", "expected"), NOTHING)
def test_what_has_to_be_there(
    company: Company, key: str, files: bool, statement: str, expected: str
) -> None:
    case = company.handover()
    item = company.item(case, key)
    if files:
        upload(company, "leaver", ToItem(item), "something", "file.txt")
    assert outcome(company, "leaver", lambda uow: items.submit(uow, item, statement)) == expected
    assert state_of(company, Item, item) == ("submitted" if expected == "ok" else "open")


def test_a_secret_takes_no_files(company: Company) -> None:
    case = company.handover()
    item = company.item(case, "crm")

    def put(uow: UnitOfWork) -> None:
        from portal.services import uploads

        uploads.check(uow, ToItem(item))

    assert outcome(company, "leaver", put) == "secret_takes_no_files"


REASONS = (
    ("send_back", "submitted", "receiver"),
    ("waive", "open", "head"),
    ("reopen", "waived", "head"),
)


@pytest.mark.parametrize(("action", "state", "who"), REASONS)
@pytest.mark.parametrize(
    ("reason", "expected"), [(" \x00 ", "reason_missing"), ("x" * 2001, "too_long")]
)
def test_a_reason_is_wanted(
    company: Company, action: str, state: str, who: str, reason: str, expected: str
) -> None:
    case = company.handover()
    item = company.item(case, "confirm")
    set_items(company, case, ItemState(state), "confirm")
    act = {"send_back": items.send_back, "waive": items.waive, "reopen": items.reopen}[action]
    assert outcome(company, who, lambda uow: act(uow, item, reason)) == expected
    assert state_of(company, Item, item) == state


def test_every_decision_is_kept_with_who_when_and_why(company: Company, clock: Clock) -> None:
    case = company.handover()
    item = submit(company, case, "confirm")
    with company.acting("receiver") as uow:
        items.accept(uow, item, "well done")
    clock.move(hours=1)
    with company.acting("receiver") as uow:
        items.send_back(uow, item, "too early")
    with company.acting("head") as uow:
        items.waive(uow, item, "the client has gone")
    with company.acting("head") as uow:
        items.reopen(uow, item, "the client is back")
    with company.looking("hr") as uow:
        found = items.show(uow, item)
        assert found.line.item.decided_at == clock.now
        assert found.line.item.decided_by_id == company.head.id
        assert [(event.kind, event.facts.get("reason")) for event in found.history] == [
            ("item_reopened", "the client is back"),
            ("item_waived", "the client has gone"),
            ("item_returned", "too early"),
            ("item_accepted", "well done"),
            ("item_submitted", None),
        ]
    assert state_of(company, Item, item) == "returned", "it had been submitted before"


def test_lines_say_what_each_may_do(company: Company) -> None:
    case = company.handover()
    item = submit(company, case, "confirm")
    found = {}
    for who in SEES_CASE:
        with company.looking(who) as uow:
            line = items.show(uow, item).line
            found[who] = (line.mine, line.reviewable, line.waivable, line.reopenable)
    head = (False, False, True, False)
    assert found == {
        "leaver": (True, False, False, False),
        "receiver": (False, True, False, False),
        "head": head,
        "chief": head,
        "hr": (False, False, False, False),
    }


def test_an_item_is_late_only_for_who_has_it_in_hand(company: Company, clock: Clock) -> None:
    case = company.handover()
    waiting, late = submit(company, case, "clients"), company.item(case, "orders")
    clock.move(days=40)
    with company.looking("hr") as uow:
        assert items.show(uow, late).line.overdue
        assert not items.show(uow, waiting).line.overdue
    close(company, case, HandoverState.CANCELLED)
    with company.looking("hr") as uow:
        assert not items.show(uow, late).line.overdue


def test_a_refused_submission_seals_nothing(company: Company) -> None:
    case = company.handover()
    item = company.item(case, "clients")
    version = upload(company, "leaver", ToItem(item), "draft", "draft.txt")
    found = outcome(company, "leaver", lambda uow: items.submit(uow, item, "x" * 4001))
    assert found == "too_long"
    with company.resources.read() as uow:
        assert not row(uow, Version, version).sealed
        assert row(uow, Document, document_of(company, version)).removed_at is None
    assert events(company, "item_submitted", "version_sealed") == []


def test_accepting_all_leaves_the_case_running(company: Company) -> None:
    case = company.handover()
    accept(company, case, "confirm", "crm", "desk", "intro")
    assert state_of(company, Handover, case) == "running"
