"""The gate: what is missing, who can act, no case without somebody who can, and races."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date

import pytest
from sqlalchemy import select

from portal.errors import CanAct, HandoverIncomplete
from portal.models import Assignment, Handover, Item, ItemState, Version
from portal.permissions import Action
from portal.services import blueprints, gate, handovers, items
from portal.services.blueprints import LineForm
from portal.services.handovers import ChangeForm, StartForm
from portal.services.uploads import ToItem
from portal.unit_of_work import UnitOfWork
from tests.company import LAST_DAY, Company
from tests.services.case_steps import (
    KEYS,
    accept,
    events,
    outcome,
    row,
    set_items,
    settle,
    state_of,
    submit,
    upload,
)

Act = Callable[[UnitOfWork], object]
ROUNDS = 12


def missing(company: Company, case: str) -> dict[str, list[tuple[str, str, str]]]:
    with company.looking("hr") as uow:
        found = gate.missing(uow, row(uow, Handover, case))
        return {item.title: [(w.name, w.part, w.act) for w in item.who] for item in found}


def leave(company: Company, name: str) -> None:
    """End all assignments of a person yesterday."""
    with company.resources.write() as uow:
        for held in uow.session.scalars(
            select(Assignment).where(Assignment.person_id == company.people[name].id)
        ):
            held.ends_on = date(2026, 3, 1)


def test_the_gate_says_who_can_act(company: Company) -> None:
    case = company.handover(receivers=("receiver", "colleague"))
    submit(company, case, "confirm")
    submit(company, case, "desk")
    accept(company, case, "crm")
    waive = ("陈 主管", "head", "waive")
    deliver = [("李 离职", "leaver", "submit"), waive]
    receivers = [("王 接收", "receiver", "review"), ("赵 同岗", "receiver", "review"), waive]
    assert missing(company, case) == {
        "客户档案": deliver,
        "未完成订单": deliver,
        "客户联系确认": receivers,
        "Desk and badge returned": receivers,
    }


@pytest.mark.parametrize("state", list(ItemState))
def test_only_accepted_and_waived_pass(company: Company, state: ItemState) -> None:
    case = company.handover()
    settle(company, case)
    set_items(company, case, state, "confirm", "tips")
    closed = state not in (ItemState.ACCEPTED, ItemState.WAIVED)
    assert list(missing(company, case)) == (["客户联系确认"] if closed else [])
    found = outcome(company, "head", lambda uow: handovers.complete(uow, case))
    assert found == ("handover_incomplete" if closed else "ok")


def test_the_refusal_carries_what_is_missing(company: Company) -> None:
    case = company.handover()
    settle(company, case, "crm")
    with pytest.raises(HandoverIncomplete) as refused, company.acting("head") as uow:
        handovers.complete(uow, case)
    (item,) = refused.value.missing
    assert (item.public_id, item.title, item.state) == (
        company.item(case, "crm"),
        "CRM 账号",
        "open",
    )
    assert item.who[0] == CanAct("李 离职", "leaver", "submit")
    assert item.actors == ("李 离职", "陈 主管")


def test_names_are_said_once() -> None:
    twice = (CanAct("A", "head", "submit"), CanAct("A", "head", "waive"))
    from portal.errors import MissingItem

    assert MissingItem("x", "y", "open", twice).actors == ("A",)


# How a case could get stuck: what happens to it, who then reviews what leaver, head and receiver
# deliver, as the gate names them.
STUCK: dict[str, tuple[tuple[str, ...], tuple[str, ...], dict[str, list[str]]]] = {
    "nothing happens": (
        ("receiver",),
        (),
        {"confirm": ["receiver"], "desk": ["receiver"], "intro": ["head"]},
    ),
    "the only receiver is the head": (
        ("head",),
        (),
        {"confirm": ["head"], "desk": ["hr"], "intro": ["hr"]},
    ),
    "the head is one of two receivers": (
        ("head", "receiver"),
        (),
        {"confirm": ["receiver", "head"], "desk": ["receiver"], "intro": ["hr"]},
    ),
    "the only receiver has left": (
        ("receiver",),
        ("receiver",),
        {"confirm": ["head"], "desk": ["hr"], "intro": ["head"]},
    ),
    "one of two receivers has left": (
        ("receiver", "colleague"),
        ("receiver",),
        {"confirm": ["colleague"], "desk": ["colleague"], "intro": ["head"]},
    ),
    "the head has left": (
        ("receiver",),
        ("head",),
        {"confirm": ["receiver"], "desk": ["receiver"], "intro": ["hr"]},
    ),
    "receiver and head have left": (
        ("receiver",),
        ("receiver", "head"),
        {"confirm": [], "desk": ["hr"], "intro": ["hr"]},
    ),
    "the leaver has left already": (
        ("receiver",),
        ("leaver",),
        {"confirm": ["receiver"], "desk": ["receiver"], "intro": ["head"]},
    ),
}


@pytest.mark.parametrize("what", STUCK)
def test_no_case_gets_stuck(company: Company, what: str) -> None:
    receivers, left, expected = STUCK[what]
    case = company.handover(receivers=receivers)
    set_items(company, case, ItemState.SUBMITTED, *KEYS)
    for name in left:
        leave(company, name)
    with company.looking("hr") as uow:
        parties = gate.parties_of(uow, row(uow, Handover, case))
    names = {person.id: name for name, person in company.people.items()}
    for key, reviewers in expected.items():
        may: dict[Action, set[str]] = {}
        for action in (Action.SUBMIT_ITEM, Action.REVIEW_ITEM):
            may[action] = {
                name for name in company.people if allowed(company, name, case, key, action)
            }
        responsible = {"confirm": "leaver", "desk": "head", "intro": "receiver"}[key]
        named = [names[p.id] for _, p in parties.reviewers(responsible)]  # type: ignore[arg-type]
        assert sorted(named) == sorted(reviewers), key
        assert set(named) <= may[Action.REVIEW_ITEM], f"{key}: the gate names who may"
        assert may[Action.REVIEW_ITEM], f"{key}: somebody may"
        both = may[Action.REVIEW_ITEM] & may[Action.SUBMIT_ITEM]
        assert both == set(), f"{key}: nobody reviews their own"
        who = next(iter(sorted(may[Action.REVIEW_ITEM])))
        with company.acting(who) as uow:
            items.accept(uow, company.item(case, key))


def allowed(company: Company, name: str, case: str, key: str, action: Action) -> bool:
    with company.looking(name) as uow:
        return uow.may(action, row(uow, Item, company.item(case, key)))


def test_without_a_head_hr_is_asked_to_name_one(company: Company) -> None:
    case = company.handover()
    settle(company, case, "crm")
    leave(company, "head")
    assert missing(company, case) == {
        "CRM 账号": [("李 离职", "leaver", "submit"), ("何 人事", "hr", "change")]
    }
    with company.acting("hr") as uow:
        people = company.people
        form = ChangeForm((people["receiver"].public_id,), people["chief"].public_id, LAST_DAY)
        handovers.change(uow, case, form)
    with company.acting("chief") as uow:
        items.waive(uow, company.item(case, "crm"), "the account is closed")
    with company.acting("chief") as uow:
        handovers.complete(uow, case)


def race(company: Company, *acts: tuple[str, Act]) -> list[str]:
    """Do all at the same moment, each in a thread and a transaction of its own; the outcomes."""
    barrier = threading.Barrier(len(acts))
    found = [""] * len(acts)

    def run(number: int, who: str, act: Act) -> None:
        barrier.wait()
        found[number] = outcome(company, who, act)

    threads = [threading.Thread(target=run, args=(n, *each)) for n, each in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def completing(case: str) -> Act:
    return lambda uow: handovers.complete(uow, case)


def cancelling(case: str) -> Act:
    return lambda uow: handovers.cancel(uow, case, "stays after all")


def on(item: str, act: Callable[[UnitOfWork, str], object]) -> Act:
    return lambda uow: act(uow, item)


def next_round(company: Company, case: str) -> None:
    """Out of the way: one running case of a person and a position at a time."""
    if state_of(company, Handover, case) == "running":
        with company.acting("hr") as uow:
            handovers.cancel(uow, case, "next round")


def test_two_completions_end_with_one(company: Company) -> None:
    for number in range(1, ROUNDS + 1):
        case = company.handover()
        settle(company, case)
        found = race(
            company,
            ("head", completing(case)),
            ("hr", completing(case)),
            ("chief", completing(case)),
        )
        assert sorted(found) == ["handover_closed", "handover_closed", "ok"]
        assert len(events(company, "handover_completed")) == number


REVERSALS: dict[str, tuple[ItemState, str, Callable[[UnitOfWork, str], object]]] = {
    "a return": (
        ItemState.ACCEPTED,
        "receiver",
        lambda uow, item: items.send_back(uow, item, "a name is missing"),
    ),
    "a waiver taken back": (
        ItemState.WAIVED,
        "chief",
        lambda uow, item: items.reopen(uow, item, "needed after all"),
    ),
}


@pytest.mark.parametrize("what", REVERSALS)
def test_a_completion_never_passes_what_opens_an_item(company: Company, what: str) -> None:
    state, who, act = REVERSALS[what]
    for _ in range(ROUNDS):
        case = company.handover()
        settle(company, case)
        item = company.item(case, "confirm")
        set_items(company, case, state, "confirm")
        before = len(events(company, "completion_refused"))
        found = race(
            company,
            (who, on(item, act)),
            ("head", completing(case)),
        )
        refused = len(events(company, "completion_refused")) - before
        closed, unsettled = state_of(company, Handover, case), state_of(company, Item, item)
        assert (found, closed, refused) in (
            (["ok", "handover_incomplete"], "running", 1),
            (["handover_closed", "ok"], "completed", 0),
        )
        assert (closed == "completed") == (unsettled == state.value)
        next_round(company, case)


def test_a_submission_racing_a_cancellation(company: Company) -> None:
    for _ in range(ROUNDS):
        case = company.handover()
        item = company.item(case, "clients")
        version = upload(company, "leaver", ToItem(item), f"clients of {case}")
        found = race(
            company,
            ("leaver", on(item, items.submit)),
            ("hr", cancelling(case)),
        )
        assert found in (["ok", "ok"], ["handover_closed", "ok"])
        with company.resources.read() as uow:
            sealed = row(uow, Version, version).sealed
        submitted = state_of(company, Item, item) == "submitted"
        assert sealed == submitted == (found[0] == "ok")


def test_two_starts_make_one_case(company: Company) -> None:
    people = company.people
    form = StartForm(
        people["leaver"].public_id,
        company.positions["sales"].public_id,
        (people["receiver"].public_id,),
        "",
        LAST_DAY,
    )
    for _ in range(ROUNDS):
        started: list[str] = []

        def begin(uow: UnitOfWork, ids: list[str] = started) -> None:
            ids.append(handovers.start(uow, form).public_id)

        found = race(company, ("hr", begin), ("hr", begin))
        assert sorted(found) == ["handover_running_already", "ok"]
        next_round(company, started[0])


def test_two_editors_of_a_blueprint(company: Company) -> None:
    position = company.positions["sales"].public_id

    def save(number: int, title: str) -> Act:
        line = LineForm(None, "task", title, "", True, "leaver", 0)
        return lambda uow: blueprints.save(uow, position, [line], "", number)

    for number in range(1, ROUNDS + 1):
        found = race(
            company, ("hr", save(number, f"A {number}")), ("head", save(number, f"B {number}"))
        )
        assert sorted(found) == ["blueprint_changed", "ok"]


def test_a_part_lost_while_waiting_for_the_lock_is_lost(company: Company) -> None:
    case = company.handover()
    item = submit(company, case, "confirm")
    people = company.people
    form = ChangeForm((people["colleague"].public_id,), people["head"].public_id, LAST_DAY)
    found: list[str] = []

    def late() -> None:
        found.append(outcome(company, "receiver", lambda uow: items.accept(uow, item)))

    with company.acting("hr") as uow:
        handovers.change(uow, case, form)
        uow.session.flush()
        thread = threading.Thread(target=late)
        thread.start()
        # Long enough for the other to stand at the lock; without it the test still holds.
        thread.join(0.3)
    thread.join()
    assert found == ["not_found"]
    assert state_of(company, Item, item) == "submitted"
