"""The first page, shaped by the parts a person has."""

from __future__ import annotations

from datetime import date

import pytest
from flask.testing import FlaskClient

from portal.models import HandoverState, ItemState
from tests.company import Company
from tests.conftest import Clock
from tests.web.acting import EVERYBODY, ClientOf, Office, main_of, text_of
from tests.web.reading_pages import tree_of

NOTHING = "Nothing waits for you."
RUNNING = "Running handovers"
NONE_RUNNING = "No handover is running."


def shown(office: Office, who: str) -> str:
    """What stands on the home page of this person, without the frame."""
    answer = office.get(who, "/")
    assert answer.status_code == 200
    return " ".join(tree_of(answer).css_first("main").text(separator=" ").split())


def waiting(office: Office, who: str) -> dict[str, str]:
    """Titles and badges of what waits for this person, in their order."""
    entries = tree_of(office.get(who, "/")).css("section[aria-labelledby=waiting-title] .entry")
    return {
        entry.css_first(".entry-title").text(): entry.css_first(".status").text()
        for entry in entries
    }


def test_visitors_sign_in_first(client_of: ClientOf) -> None:
    assert client_of(None).get("/").location == "/sign-in?next=/"


def test_leaver_sees_how_far_and_the_one_next_thing(office: Office, case: str) -> None:
    office.set_items(case, ItemState.ACCEPTED, "orders", "confirm")
    page = shown(office, "leaver")
    assert "Your handover: 销售经理" in page
    assert "2 of 7" in page
    assert "21 working days left" in page
    assert "Your next thing: 客户档案" in page
    link = tree_of(office.get("leaver", "/")).css_first("main .button-primary")
    item = office.company.item(case, "clients")
    assert link.attributes["href"] == f"/handovers/{case}?item={item}#item-{item}"
    assert office.get("leaver", str(link.attributes["href"])).status_code == 200


def test_returned_comes_before_open(office: Office, case: str) -> None:
    office.set_items(case, ItemState.RETURNED, "orders")
    found = waiting(office, "leaver")
    assert next(iter(found.items())) == ("未完成订单", "returned")
    assert found["客户档案"] == "to deliver"


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (27, "2 working days left"),
        (28, "1 working day left"),
        (29, "Today is the last working day"),
        (30, "The last working day is over"),
    ],
)
def test_days_left_are_told_in_words(
    office: Office, case: str, clock: Clock, days: int, words: str
) -> None:
    clock.move(days=days)
    assert words in shown(office, "leaver")


def test_leaver_who_has_submitted_everything_is_told_so(office: Office, case: str) -> None:
    office.set_items(case, ItemState.SUBMITTED, "clients", "orders", "tips", "confirm", "crm")
    assert "You have submitted everything." in shown(office, "leaver")
    assert waiting(office, "leaver") == {}


def test_receiver_sees_what_waits_for_acceptance_and_can_ask(office: Office, case: str) -> None:
    office.set_items(case, ItemState.SUBMITTED, "clients")
    found = waiting(office, "receiver")
    assert found["客户档案"] == "to accept"
    page = shown(office, "receiver")
    assert "You receive" in page
    assert "handover of 李 离职" in page
    assert tree_of(office.get("receiver", "/")).css_first("main form[role=search]") is not None


def test_head_sees_what_only_the_head_can_decide(office: Office, case: str, clock: Clock) -> None:
    assert "You decide" in shown(office, "head")
    clock.move(days=40)
    found = waiting(office, "head")
    assert found["客户档案"] == "overdue, yours to decide"
    assert found["Desk and badge returned"] == "overdue"
    assert "overdue" in shown(office, "head")


def test_head_and_hr_see_that_a_case_is_ready(office: Office, case: str) -> None:
    office.settle(case)
    for who in ("head", "hr"):
        assert "ready" in shown(office, who)
    assert waiting(office, "head") == {"Complete the handover of 李 离职": "ready"}


def test_hr_sees_running_cases_and_starts_new_ones(office: Office) -> None:
    assert NONE_RUNNING in shown(office, "hr")
    office.company.handover()
    assert RUNNING in shown(office, "hr")
    start = tree_of(office.get("hr", "/")).css_first("main .button-primary")
    assert start.attributes["href"] == "/handovers/new"


def test_cases_at_risk_come_first(office: Office, clock: Clock) -> None:
    office.company.handover(last_day=date(2026, 6, 30))
    late = office.company.handover("colleague", last_day=date(2026, 3, 4))
    clock.move(days=5)
    first = tree_of(office.get("hr", "/")).css_first(
        "section[aria-labelledby=running-title] .entry a"
    )
    assert first.attributes["href"] == f"/handovers/{late}"


def test_administrator_finds_what_is_to_be_set_up(office: Office) -> None:
    assert NOTHING not in shown(office, "administrator")
    assert "Set up" in shown(office, "administrator")
    assert "Set up" not in shown(office, "hr")


def test_holder_of_a_position_finds_its_map(office: Office) -> None:
    page = tree_of(office.get("outsider", "/"))
    links = [link.attributes["href"] for link in page.css("main .entry a")]
    assert links == [f"/positions/{office.company.positions['engineer'].public_id}/map"]


def test_departed_finds_receipts_alone(office: Office, company: Company) -> None:
    assert "There is no receipt for you here." in shown(office, "departed")
    case = company.handover("departed")
    office.close(case, HandoverState.COMPLETED)
    page = tree_of(office.get("departed", "/"))
    links = [link.attributes["href"] for link in page.css("main a")]
    assert links == [f"/handovers/{case}/receipt"]
    assert office.get("departed", str(links[0])).status_code == 200


def test_nobody_hears_of_a_case_that_is_not_theirs(office: Office, case: str) -> None:
    seen = {who for who in EVERYBODY if case in main_of(office.get(who, "/"))}
    assert seen == {"leaver", "receiver", "head", "chief", "hr"}


def test_closed_cases_wait_for_nobody(office: Office, case: str) -> None:
    office.close(case, HandoverState.CANCELLED)
    for who in ("leaver", "receiver", "head"):
        assert waiting(office, who) == {}


def test_names_are_shown_as_text(client_of: ClientOf, company: Company) -> None:
    with company.resources.write() as uow:
        uow.session.merge(company.leaver).name = "<script>alert(1)</script>"
    browser: FlaskClient = client_of(company.leaver)
    assert "<script>alert" not in browser.get("/").text
    assert "Hello, <script>alert(1)</script>" in text_of(browser.get("/"))
