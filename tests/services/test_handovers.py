"""Handovers: starting, changing, completing, cancelling."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import func, select

from portal.errors import InvalidInput
from portal.models import Assignment, Blueprint, Handover, HandoverState, Item, ItemState
from portal.services import blueprints, cases, handovers, items
from portal.services.blueprints import LineForm
from portal.services.handovers import ChangeForm, StartForm
from tests.company import LINES, LONG_AGO, Company
from tests.conftest import Clock
from tests.services.case_steps import (
    REQUIRED,
    accept,
    close,
    events,
    form,
    outcome,
    row,
    set_items,
    settle,
    start,
    state_of,
    submit,
)


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
    with company.looking("head") as uow:
        # A checklist without lines keeps no case open.
        ready = {each.handover.public_id for each in cases.mine(uow).waiting if not each.item}
    assert ready == {first, second}
