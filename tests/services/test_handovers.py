"""Handovers: starting, changing, completing, cancelling; lists, what waits, the receipt."""

from __future__ import annotations

import dataclasses
from datetime import date

import pytest
from sqlalchemy import func, select

from portal.errors import InvalidInput, Problem
from portal.models import Assignment, Blueprint, Handover, HandoverState, Item, ItemState
from portal.services import blueprints, cases, handovers, items
from portal.services.blueprints import LineForm
from portal.services.cases import CaseFilter, Part
from portal.services.handovers import ChangeForm, StartForm
from portal.services.uploads import ToDocument, ToHandover
from tests.company import LAST_DAY, LINES, LONG_AGO, Company
from tests.conftest import Clock
from tests.services.case_steps import (
    REQUIRED,
    accept,
    close,
    document_of,
    events,
    outcome,
    row,
    set_items,
    settle,
    state_of,
    submit,
    upload,
)


def form(company: Company, **changed: object) -> StartForm:
    """A form that is right, with these fields changed; people and positions by their names."""
    people = {name: person.public_id for name, person in company.people.items()}
    words: dict[str, object] = {
        "leaver": "leaver",
        "position": "sales",
        "receivers": ("receiver",),
        "head": "",
        "last_day": LAST_DAY,
    } | changed
    position = str(words["position"])
    if position in company.positions:
        position = company.positions[position].public_id
    return StartForm(
        leaver=people.get(str(words["leaver"]), str(words["leaver"])),
        position=position,
        receivers=tuple(people.get(name, name) for name in words["receivers"]),  # type: ignore[attr-defined]
        head=people.get(str(words["head"]), str(words["head"])),
        last_day=words["last_day"],  # type: ignore[arg-type]
    )


def start(company: Company, **changed: object) -> str:
    with company.acting("hr") as uow:
        return handovers.start(uow, form(company, **changed)).public_id


def problems(company: Company, wanted: StartForm) -> dict[str, str]:
    with pytest.raises(InvalidInput) as refused, company.acting("hr") as uow:
        handovers.start(uow, wanted)
    return {problem.field: problem.code for problem in refused.value.problems}


def test_starting_makes_an_item_of_every_line_with_its_day(company: Company) -> None:
    case = start(company)
    with company.looking("hr") as uow:
        found = cases.show(uow, case)
        assert found.handover.head.name == "陈 主管"
    assert [line.requirement.title for line in found.items] == [line[2] for line in LINES]
    assert {line.requirement.key: line.item.due_on.isoformat() for line in found.items} == {
        "clients": "2026-03-10",
        "orders": "2026-03-24",
        "tips": "2026-03-27",
        "confirm": "2026-03-26",
        "crm": "2026-03-30",
        "desk": "2026-03-31",
        "intro": "2026-03-31",
    }
    assert {line.item.state for line in found.items} == {ItemState.OPEN}
    (event,) = events(company, "handover_started")
    assert event.actor_id == company.hr.id
    assert event.facts["receivers"] == ["王 接收"]
    assert event.address == "203.0.113.7"


BAD = (
    ("somebody else's position", {"position": "engineer"}, {"leaver": "not_holder"}),
    ("a position that is not there", {"position": "nowhere"}, {"leaver": "not_holder"}),
    ("has left", {"leaver": "departed"}, {"leaver": "not_holder"}),
    ("nobody", {"leaver": ""}, {"leaver": "not_holder"}),
    ("yesterday", {"last_day": date(2026, 3, 1)}, {"last_day": "date_in_past"}),
    ("a typing mistake", {"last_day": date(2062, 3, 31)}, {"last_day": "date_too_far"}),
    ("no receiver", {"receivers": ()}, {"receivers": "required"}),
    ("the leaver", {"receivers": ("receiver", "leaver")}, {"receivers": "receiver_is_leaver"}),
    ("a receiver who has left", {"receivers": ("departed",)}, {"receivers": "choice_unknown"}),
    ("a receiver nobody knows", {"receivers": ("x" * 22,)}, {"receivers": "choice_unknown"}),
    ("the leaver as head", {"head": "leaver"}, {"head": "head_is_leaver"}),
    ("a head who has left", {"head": "departed"}, {"head": "choice_unknown"}),
    (
        "several at once",
        {"head": "departed", "receivers": ()},
        {"head": "choice_unknown", "receivers": "required"},
    ),
)


@pytest.mark.parametrize(("what", "changed", "expected"), BAD, ids=[case[0] for case in BAD])
def test_bad_starts_leave_nothing(
    company: Company, what: str, changed: dict[str, object], expected: dict[str, str]
) -> None:
    assert problems(company, form(company, **changed)) == expected, what
    with company.looking("hr") as uow:
        assert uow.session.scalar(select(func.count()).select_from(Handover)) == 0


def test_today_is_the_last_day_that_can_be_chosen(company: Company) -> None:
    case = start(company, last_day=date(2026, 3, 2))
    assert state_of(company, Handover, case) == "running"


def test_the_day_is_the_companys(company: Company, clock: Clock) -> None:
    clock.move(hours=15)  # 01:00 on 3 March in Shanghai, still 2 March in UTC
    wanted = form(company, last_day=date(2026, 3, 2))
    assert problems(company, wanted) == {"last_day": "date_in_past"}


def test_an_inactive_receiver_cannot_be_chosen(company: Company) -> None:
    with company.resources.write() as uow:
        uow.session.merge(company.receiver).active = False
    assert problems(company, form(company)) == {"receivers": "choice_unknown"}


def test_a_leaver_twice_is_refused_and_again_after_the_end(company: Company) -> None:
    case = start(company)
    again = outcome(company, "hr", lambda uow: handovers.start(uow, form(company)))
    assert again == "handover_running_already"
    close(company, case, HandoverState.CANCELLED)
    assert start(company) != case


def test_without_blueprint_nothing_starts(company: Company) -> None:
    wanted = form(company, leaver="outsider", position="engineer")
    assert outcome(company, "hr", lambda uow: handovers.start(uow, wanted)) == "blueprint_missing"


def test_the_usual_head_is_the_nearest_one_who_can_act(company: Company) -> None:
    def chosen() -> str:
        with company.looking("hr") as uow:
            found = handovers.start_choices(uow)
        line = next(each for each in found.leavers if each.person_id == company.leaver.id)
        return found.head_of.get(line.public_id, "")

    assert chosen() == company.head.public_id
    with company.resources.write() as uow:
        uow.session.merge(company.head).active = False
    assert chosen() == company.chief.public_id
    with company.resources.write() as uow:
        uow.session.merge(company.departments["sales"]).head_id = company.leaver.id
    assert chosen() == company.chief.public_id, "nobody decides in the own case"
    with company.resources.write() as uow:
        uow.session.merge(company.departments["company"]).head_id = None
    assert chosen() == ""
    assert problems(company, form(company)) == {"head": "required"}


def test_choices_leave_out_who_has_left(company: Company) -> None:
    with company.looking("hr") as uow:
        found = handovers.start_choices(uow)
    assert company.departed.id not in {person.id for person in found.people}
    assert {line.person.name for line in found.leavers} == {
        person.name
        for name, person in company.people.items()
        if name not in ("departed", "administrator", "auditor")
    }


def test_later_edits_of_the_blueprint_change_no_running_case(company: Company) -> None:
    case = start(company)
    with company.acting("head") as uow:
        position = company.positions["sales"].public_id
        line = LineForm("clients", "document", "Something else", "", True, "leaver", 1)
        blueprints.save(uow, position, [line], "", based_on=1)
    with company.looking("hr") as uow:
        found = cases.show(uow, case)
        assert found.handover.blueprint.number == 1
        assert [line.requirement.title for line in found.items] == [line[2] for line in LINES]
        newest = uow.session.scalar(select(func.max(Blueprint.number)))
    assert newest == 2
    later = start(company, leaver="colleague")
    with company.looking("hr") as uow:
        titles = [line.requirement.title for line in cases.show(uow, later).items]
    assert titles == ["Something else"]


def change(company: Company, case: str, by: str = "hr", **changed: object) -> str:
    wanted = form(company, head="head", **changed)
    fields = ChangeForm(wanted.receivers, wanted.head, wanted.last_day)
    return outcome(company, by, lambda uow: handovers.change(uow, case, fields))


def test_change_moves_the_due_dates_and_says_what_was_before(company: Company) -> None:
    case = start(company)
    later = date(2026, 4, 10)
    assert change(company, case, last_day=later, receivers=("colleague", "receiver")) == "ok"
    with company.looking("hr") as uow:
        found = cases.show(uow, case)
        assert found.handover.last_day == later
        assert {person.name for person in found.handover.receivers} == {"赵 同岗", "王 接收"}
        due = {line.requirement.key: line.item.due_on for line in found.items}
    # 6 April is a holiday: ten working days from 10 April back over Qingming.
    assert due["clients"] == date(2026, 3, 19)
    assert due["desk"] == later
    (event,) = events(company, "handover_changed")
    assert event.facts["last_day"] == "2026-04-10"
    assert event.facts["before"]["last_day"] == "2026-03-31"
    assert event.facts["before"]["receivers"] == ["王 接收"]


def test_a_change_of_nothing_is_no_event(company: Company) -> None:
    case = start(company)
    assert change(company, case) == "ok"
    assert events(company, "handover_changed") == []


def test_a_last_day_that_has_passed_may_stay_but_not_be_chosen(
    company: Company, clock: Clock
) -> None:
    case = start(company)
    clock.move(days=60)
    assert change(company, case, receivers=("colleague",)) == "ok"
    assert change(company, case, last_day=date(2026, 4, 1)) == "date_in_past"


CHANGERS = (
    ("hr", "ok"),
    ("leaver", "forbidden"),
    ("receiver", "forbidden"),
    ("head", "forbidden"),
    ("outsider", "not_found"),
    ("administrator", "not_found"),
)


@pytest.mark.parametrize(("who", "expected"), CHANGERS)
def test_who_changes(company: Company, who: str, expected: str) -> None:
    case = start(company)
    assert change(company, case, by=who, last_day=date(2026, 4, 1)) == expected


def test_completing_with_something_missing_is_refused_and_kept(company: Company) -> None:
    case = start(company)
    settle(company, case, "orders", "desk", "tips")
    act = outcome(company, "head", lambda uow: handovers.complete(uow, case))
    assert act == "handover_incomplete"
    assert state_of(company, Handover, case) == "running"
    (event,) = events(company, "completion_refused")
    assert event.facts["missing"] == ["未完成订单", "Desk and badge returned"]
    assert event.actor_id == company.head.id
    assert events(company, "handover_completed") == []


def test_completing_when_all_that_is_required_is_settled(company: Company, clock: Clock) -> None:
    case = start(company)
    accept(company, case, "clients", "orders", "confirm", "crm")
    with company.acting("head") as uow:
        items.waive(uow, company.item(case, "desk"), "kept until the summer")
    with company.acting("head") as uow:
        handovers.complete(uow, case)
    with company.looking("hr") as uow:
        found = cases.show(uow, case)
    assert found.handover.state is HandoverState.COMPLETED
    assert found.handover.closed_at == clock.now
    assert found.handover.closed_by_id == company.head.id
    (event,) = events(company, "handover_completed")
    assert event.facts["not_delivered"] == [
        "Tips for the next person",
        "Introduced to the clients",
    ]
    again = outcome(company, "head", lambda uow: handovers.complete(uow, case))
    assert again == "handover_closed"


ENDERS = (
    # who, completing, cancelling
    ("hr", "ok", "ok"),
    ("head", "ok", "forbidden"),
    ("chief", "ok", "forbidden"),
    ("receiver", "forbidden", "forbidden"),
    ("outsider", "not_found", "not_found"),
    ("neighbour", "not_found", "not_found"),
    ("auditor", "not_found", "not_found"),
    ("departed", "not_found", "not_found"),
)


@pytest.mark.parametrize(("who", "completing", "cancelling"), ENDERS)
def test_who_ends_a_case(company: Company, who: str, completing: str, cancelling: str) -> None:
    first, second = company.handover(), company.handover("colleague")
    settle(company, first)
    assert outcome(company, who, lambda uow: handovers.complete(uow, first)) == completing
    assert outcome(company, who, lambda uow: handovers.cancel(uow, second, "stays")) == cancelling


def test_cancelling_wants_a_reason_and_keeps_what_is_sealed(company: Company, clock: Clock) -> None:
    case = start(company)
    submit(company, case, "clients")
    blank = outcome(company, "hr", lambda uow: handovers.cancel(uow, case, " \x00 "))
    assert blank == "reason_missing"
    long = outcome(company, "hr", lambda uow: handovers.cancel(uow, case, "x" * 2001))
    assert long == "too_long"
    with company.acting("hr") as uow:
        handovers.cancel(uow, case, " stays after all ")
    with company.looking("leaver") as uow:
        found = cases.receipt(uow, case)
    assert found.handover.close_reason == "stays after all"
    assert [line.filename for line in found.versions] == ["clients.txt"]
    with company.looking("hr") as uow:
        assert row(uow, Handover, case).position.map_wanted_at == clock.now


def test_the_case_page_counts_and_says_what_is_next(company: Company) -> None:
    case = start(company)
    accept(company, case, "confirm")
    orders = submit(company, case, "orders")
    with company.acting("receiver") as uow:
        items.send_back(uow, orders, "the May orders are missing")
    extra = upload(company, "leaver", ToHandover(case), "how the stove works", "stove.txt")
    with company.looking("leaver") as uow:
        found = cases.show(uow, case)
        assert (found.done, found.total, found.required_left, found.days_left) == (1, 7, 4, 21)
        assert found.part == {Part.LEAVER}
        assert found.next_item is not None
        assert found.next_item.item.public_id == orders, "what was returned comes first"
        assert [line.document.public_id for line in found.extras] == [document_of(company, extra)]
    with company.looking("receiver") as uow:
        seen = cases.show(uow, case)
        assert seen.extras == [], "drafts are the leaver's"
        assert seen.part == {Part.RECEIVER}
        assert seen.may == frozenset()
    with company.looking("chief") as uow:
        assert cases.show(uow, case).part == {Part.HEAD}


def test_a_head_who_leaves_is_only_the_leaver(company: Company) -> None:
    with company.resources.write() as uow:
        uow.session.merge(company.departments["sales"]).head_id = company.leaver.id
    case = start(company)
    settle(company, case)
    with company.looking("leaver") as uow:
        found = cases.show(uow, case)
        assert found.part == {Part.LEAVER}
        assert found.handover.head_id == company.chief.id
        assert [line.handover.public_id for line in cases.mine(uow).leaving] == [case]
        assert cases.mine(uow).heading == []
        assert cases.mine(uow).waiting == []
    refused = outcome(company, "leaver", lambda uow: handovers.complete(uow, case))
    assert refused == "forbidden"


def lists(company: Company, who: str, **wanted: object) -> list[str]:
    with company.looking(who) as uow:
        found = cases.listing(uow, CaseFilter(**wanted), 1)  # type: ignore[arg-type]
        assert found.total == len(found.cases)
        return [line.handover.public_id for line in found.cases]


def test_lists_and_filters(company: Company) -> None:
    late = company.handover(last_day=date(2026, 5, 1))
    soon = company.handover("colleague", last_day=date(2026, 3, 6))
    done = company.handover("departed", ("colleague",))
    close(company, done, HandoverState.COMPLETED)
    assert lists(company, "hr") == [soon, late, done]
    assert lists(company, "hr", state=HandoverState.RUNNING) == [soon, late]
    assert lists(company, "hr", text="李") == [late]
    assert lists(company, "hr", text="销售经") == [soon, late, done]
    assert lists(company, "hr", text="%") == [], "no wildcard"
    assert lists(company, "hr", mine=True) == []
    assert lists(company, "receiver") == [soon, late]
    assert lists(company, "colleague") == [soon, done]
    assert lists(company, "head", mine=True) == [soon, late, done]
    for nobody in ("outsider", "neighbour", "administrator", "auditor", "departed"):
        assert lists(company, nobody) == []


def test_pages_of_the_list(company: Company) -> None:
    for number in range(cases.PAGE + 1):
        case = company.handover(last_day=date(2026, 3, 3 + number % 5))
        close(company, case, HandoverState.CANCELLED)
    with company.looking("hr") as uow:
        first, second = (cases.listing(uow, CaseFilter(), page) for page in (1, 2))
        assert (first.total, len(first.cases), len(second.cases)) == (cases.PAGE + 1, cases.PAGE, 1)


def test_counts_of_a_line(company: Company, clock: Clock) -> None:
    case = start(company)
    accept(company, case, "confirm")
    submit(company, case, "clients")
    clock.move(days=23)  # 25 March: «orders» was due on the 24th, «clients» waits for acceptance
    with company.looking("hr") as uow:
        (line,) = cases.at_risk(uow)
    assert (line.done, line.total, line.required_left, line.overdue) == (1, 7, 4, 1)
    assert line.days_left == 4


def waits(company: Company, who: str) -> list[tuple[str, str]]:
    with company.looking(who) as uow:
        return [
            (each.kind, each.item.requirement.key if each.item else "")
            for each in cases.mine(uow).waiting
        ]


def test_what_waits_for_whom(company: Company, clock: Clock) -> None:
    case = start(company)
    assert waits(company, "leaver") == [
        ("submit", "clients"),
        ("submit", "orders"),
        ("submit", "confirm"),
        ("submit", "tips"),
        ("submit", "crm"),
    ]
    assert waits(company, "head") == [("submit", "desk")]
    assert waits(company, "receiver") == [("submit", "intro")]
    tips = submit(company, case, "tips")
    submit(company, case, "intro")
    assert waits(company, "receiver") == [("review", "tips")]
    assert waits(company, "head") == [("review", "intro"), ("submit", "desk")]
    with company.acting("receiver") as uow:
        items.send_back(uow, tips, "which tips?")
    assert waits(company, "leaver")[0] == ("resubmit", "tips")
    clock.move(days=9)  # 11 March: «clients» was due on the 10th
    assert waits(company, "head")[-1] == ("missing_due", "clients")
    assert waits(company, "hr") == []
    settle(company, case, "tips", "intro")
    for who in ("head", "chief", "hr"):
        assert ("complete", "") in waits(company, who)
    assert ("complete", "") not in waits(company, "leaver")
    close(company, case, HandoverState.COMPLETED)
    assert [waits(company, who) for who in ("leaver", "receiver", "head", "hr")] == [[], [], [], []]


def test_the_receipt_lists_what_is_sealed(company: Company, clock: Clock) -> None:
    case = start(company)
    clients = submit(company, case, "clients")
    with company.acting("receiver") as uow:
        items.send_back(uow, clients, "one client is missing")
    with company.looking("leaver") as uow:
        (line,) = cases.receipt(uow, case).versions
    with company.looking("leaver") as uow:
        document = next(
            each.documents[0].document.public_id
            for each in cases.show(uow, case).items
            if each.item.public_id == clients
        )
    upload(company, "leaver", ToDocument(document), "all clients", "clients 2.txt")
    upload(company, "leaver", ToHandover(case), "never submitted", "draft.txt")
    clock.move(days=1)
    with company.acting("leaver") as uow:
        items.submit(uow, clients)
    with company.looking("leaver") as uow:
        found = cases.receipt(uow, case)
    assert found.versions[0] == line, "what was proved once is proved for ever"
    assert [(v.number, v.filename, v.item) for v in found.versions] == [
        (1, "clients.txt", "客户档案"),
        (2, "clients 2.txt", "客户档案"),
    ]
    assert found.versions[1].sealed_at == clock.now
    assert found.versions[1].sealed_by == "李 离职"
    assert len(found.versions[1].digest) == 64
    assert [item.requirement.title for item in found.items] == [each[2] for each in LINES]


def test_the_leaver_keeps_the_receipt_after_leaving_and_nothing_else(
    company: Company, clock: Clock
) -> None:
    case = start(company)
    accept(company, case, *REQUIRED)
    with company.acting("head") as uow:
        handovers.complete(uow, case)
    with company.resources.write() as uow:
        held = uow.session.scalars(
            select(Assignment).where(Assignment.person_id == company.leaver.id)
        ).one()
        held.ends_on = LAST_DAY
    clock.move(days=30)
    with company.looking("leaver") as uow:
        assert uow.actor.departed
        assert len(cases.receipt(uow, case).versions) == 2
        assert [kept.public_id for kept in cases.receipts(uow)] == [case]
        assert cases.listing(uow, CaseFilter(), 1).total == 0
        assert dataclasses.astuple(cases.mine(uow)) == ([], [], [], [])
    gone = outcome(company, "leaver", lambda uow: cases.show(uow, case))
    assert gone == "not_found"
    others = outcome(company, "departed", lambda uow: cases.receipt(uow, case))
    assert others == "not_found"


def test_problems_are_plain_facts() -> None:
    problem = Problem("reason", "too_long", {"limit": 5})
    assert (problem.field, problem.code, problem.facts) == ("reason", "too_long", {"limit": 5})


def test_a_case_of_somebody_with_two_positions(company: Company) -> None:
    support = company.positions["support"]
    with company.resources.write() as uow:
        uow.session.add(
            Assignment(person_id=company.leaver.id, position_id=support.id, starts_on=LONG_AGO)
        )
        uow.session.add(Blueprint(position_id=support.id, number=1))
    first = start(company)
    second = start(company, position="support")
    with company.looking("hr") as uow:
        assert cases.show(uow, second).items == []
        assert uow.session.scalar(select(func.count()).select_from(Item)) == len(LINES)
    set_items(company, first, ItemState.ACCEPTED, *REQUIRED)
    assert {line[1] for line in waits(company, "head")} == {""}
