"""The log: every operation leaves its line, a refused one none, and who reads which lines."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import func, select

from portal.errors import Forbidden, NotFound
from portal.models import Event
from portal.services import events, handovers, items
from portal.services.events import EventFilter
from tests.company import Company
from tests.conftest import Clock
from tests.services.case_steps import outcome, submit


def kinds(company: Company, who: str, **wanted: object) -> list[str]:
    """Kinds of the events of the first page, newest first."""
    with company.looking(who) as uow:
        found = events.browse(uow, EventFilter(**wanted), 1)  # type: ignore[arg-type]
        assert found.total == len(found.events)
        return [event.kind for event in found.events]


def test_a_line_says_who_what_on_what_when_and_from_where(company: Company, clock: Clock) -> None:
    case = company.handover()
    clock.move(minutes=5)
    item = submit(company, case, "confirm")
    with company.looking("hr") as uow:
        (event,) = events.of_handover(uow, case, 1).events
        assert event.handover is not None
        assert event.actor is not None
        found = (
            event.at,
            event.actor.name,
            event.kind,
            event.handover.public_id,
            event.subject,
            event.address,
            event.facts["item"],
        )
    assert found == (
        clock.now,
        "李 离职",
        "item_submitted",
        case,
        item,
        "203.0.113.7",
        "客户联系确认",
    )


def test_what_is_refused_leaves_no_line(company: Company) -> None:
    case = company.handover()
    item = company.item(case, "confirm")
    for who in ("leaver", "receiver", "outsider", "hr"):
        assert outcome(company, who, lambda uow: items.waive(uow, item, "because")) != "ok"
    assert outcome(company, "head", lambda uow: items.waive(uow, item, "")) != "ok"
    with company.resources.read() as uow:
        assert uow.session.scalar(select(func.count()).select_from(Event)) == 0


def test_a_transaction_that_fails_later_takes_its_line_with_it(company: Company) -> None:
    case = company.handover()
    with pytest.raises(RuntimeError), company.acting("hr") as uow:
        handovers.cancel(uow, case, "stays after all")
        raise RuntimeError
    assert kinds(company, "hr") == []


def test_names_stay_as_they_were(company: Company) -> None:
    case = company.handover()
    with company.acting("hr") as uow:
        handovers.cancel(uow, case, "stays after all")
    with company.acting("administrator") as uow:
        uow.session.merge(company.leaver).name = "another name"
    with company.looking("hr") as uow:
        (event,) = events.of_handover(uow, case, 1).events
        assert event.facts == {"reason": "stays after all"}


@pytest.fixture
def log(company: Company, clock: Clock) -> tuple[str, str]:
    """Two cases, and something that belongs to none, on three days."""
    first, second = company.handover(), company.handover("colleague")
    submit(company, first, "confirm")
    clock.move(days=1)
    with company.acting("head") as uow:
        items.waive(uow, company.item(second, "crm"), "no account")
    clock.move(hours=15)  # after midnight where the company is
    with company.acting("administrator") as uow:
        uow.record("person_saved", person="somebody")
    return first, second


FILTERS = (
    ({}, ["person_saved", "item_waived", "item_submitted"]),
    ({"kind": "item_waived"}, ["item_waived"]),
    ({"kind": "no such kind"}, []),
    ({"person": "leaver"}, ["item_submitted"]),
    ({"person": "outsider"}, []),
    ({"person": "x"}, []),
    ({"handover": "second"}, ["item_waived"]),
    ({"since": date(2026, 3, 3)}, ["person_saved", "item_waived"]),
    ({"until": date(2026, 3, 3)}, ["item_waived", "item_submitted"]),
    ({"since": date(2026, 3, 4), "until": date(2026, 3, 4)}, ["person_saved"]),
    ({"since": date(2026, 3, 5)}, []),
    ({"since": date.min.replace(year=2), "until": date.max}, None),
    ({"kind": "item_waived", "until": date(2026, 3, 2)}, []),
)


@pytest.mark.parametrize(("wanted", "expected"), FILTERS, ids=[str(case[0]) for case in FILTERS])
def test_filters(
    company: Company,
    log: tuple[str, str],
    wanted: dict[str, object],
    expected: list[str] | None,
) -> None:
    asked = dict(wanted)
    if wanted.get("person") in company.people:
        asked["person"] = company.people[str(wanted["person"])].public_id
    if "handover" in wanted:
        asked["handover"] = log[1]
    everything = ["person_saved", "item_waived", "item_submitted"]
    assert kinds(company, "hr", **asked) == (everything if expected is None else expected)


def test_who_browses(company: Company, log: tuple[str, str]) -> None:
    found = {}
    for who in company.people:
        with company.looking(who) as uow:
            try:
                found[who] = events.browse(uow, EventFilter(), 1).total
            except Forbidden:
                continue
    assert found == {"hr": 3, "auditor": 3}


def test_filters_offer_what_there_is(company: Company, log: tuple[str, str]) -> None:
    with company.looking("auditor") as uow:
        found = events.choices(uow)
        assert found.kinds == ["item_submitted", "item_waived", "person_saved"]
        assert len(found.people) == len(company.people)
        assert [case.public_id for case in found.handovers] == [log[1], log[0]]


def test_the_log_of_a_case_is_for_who_sees_the_case(company: Company, log: tuple[str, str]) -> None:
    first, second = log
    found = set()
    for who in company.people:
        with company.looking(who) as uow:
            try:
                page = events.of_handover(uow, first, 1)
            except NotFound:
                continue
            assert [event.kind for event in page.events] == ["item_submitted"]
            found.add(who)
    assert found == {"leaver", "receiver", "head", "chief", "hr"}
    with company.looking("colleague") as uow:
        assert events.of_handover(uow, second, 1).total == 1


def test_pages(company: Company) -> None:
    case = company.handover()
    with company.acting("hr") as uow:
        for number in range(events.PAGE + 1):
            uow.record("signed_in", number=number)
    with company.looking("hr") as uow:
        first, second, beyond = (events.browse(uow, EventFilter(), page) for page in (1, 2, 3))
        assert [first.total, second.total, beyond.total] == [events.PAGE + 1] * 3
        assert first.events[0].facts["number"] == events.PAGE
        assert [event.facts["number"] for event in second.events] == [0]
        assert beyond.events == []
        assert events.of_handover(uow, case, 1).total == 0
