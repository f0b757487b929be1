"""The log of operations: who reads it, what the filters leave, and the table to take along."""

from __future__ import annotations

import csv
import io
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

import portal.services
from portal import event_words
from portal.blueprints.events import harmless
from portal.models import Event, Handover
from portal.services import events
from tests.company import Company
from tests.conftest import MORNING
from tests.web.acting import EVERYBODY, Office, main_of, statuses, text_of
from tests.web.reading_pages import tree_of

# From newest to oldest: who, what, of the case or not, days before MORNING
HAPPENED = (
    ("receiver", "item_accepted", True, 0),
    ("leaver", "version_sealed", True, 1),
    (None, "version_read", True, 2),
    ("administrator", "person_saved", False, 3),
    ("hr", "handover_started", True, 10),
)
FACTS = {
    "item": "客户档案",
    "reason": "",
    "document": "=HYPERLINK(1)",
    "number": 2,
    "person": "Nora New",
    "leaver": "李 离职",
    "position": "销售经理",
    "last_day": "2026-03-31",
}


@pytest.fixture
def log(company: Company, case: str) -> str:
    """A log of one line of each kind; the public id of the case."""
    with company.resources.write() as uow:
        handover = uow.session.scalars(select(Handover).where(Handover.public_id == case)).one()
        for who, kind, of_case, days in reversed(HAPPENED):
            uow.session.add(
                Event(
                    at=MORNING - timedelta(days=days),
                    actor_id=company.people[who].id if who else None,
                    kind=kind,
                    handover_id=handover.id if of_case else None,
                    address="203.0.113.7" if who else None,
                    facts=FACTS,
                )
            )
            uow.session.flush()
    return case


def kinds_shown(office: Office, query: str = "", who: str = "hr") -> list[str]:
    """Kinds of the events on the page, told by their sentences."""
    with office.company.resources.read() as uow:
        sentences = {event_words.sentence(e): e.kind for e in uow.session.scalars(select(Event))}
    answer = office.get(who, f"/events{query}")
    assert answer.status_code == 200
    cells = tree_of(answer).css("main tbody th")
    return [sentences[" ".join(cell.text().split())] for cell in cells]


def table_of(office: Office, query: str = "") -> list[list[str]]:
    answer = office.get("hr", f"/events.csv{query}")
    assert answer.status_code == 200
    return list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"), newline="")))


ALL = [line[1] for line in HAPPENED]


def test_hr_and_auditors_read_it(office: Office, log: str) -> None:
    may = {"hr", "auditor"}
    urls = ("/events", "/events?kind=signed_in", "/events.csv", "/events?since=x")
    wanted = {f"{who} {url}": 200 if who in may else 403 for url in urls for who in EVERYBODY}
    wanted |= {f"{who} /events?since=x": 400 for who in may}
    with statuses(wanted) as found:
        for url in urls:
            for who in EVERYBODY:
                found[f"{who} {url}"] = office.get(who, url).status_code
    assert office.get("visitor", "/events").status_code == 302
    assert office.get("visitor", "/events.csv").status_code == 302


def test_it_tells_who_did_what_on_what_when_and_from_where(office: Office, log: str) -> None:
    assert kinds_shown(office) == ALL
    rows = [" ".join(row.text(separator=" ").split()) for row in
            tree_of(office.get("hr", "/events")).css("main tbody tr")]  # fmt: skip
    assert "王 接收" in rows[0]
    assert "Accepted «客户档案»." in rows[0]
    assert "203.0.113.7" in rows[0]
    assert "Mar 2, 2026" in rows[0] or "3/2/26" in rows[0]
    assert "the portal" in rows[2]


def test_hr_opens_the_case_from_it_and_an_auditor_does_not(office: Office, log: str) -> None:
    link = f'href="/handovers/{log}"'
    assert link in main_of(office.get("hr", "/events"))
    page = main_of(office.get("auditor", "/events"))
    assert "李 离职" in page
    assert link not in page


def filters(company: Company, case: str) -> list[tuple[str, list[str]]]:
    return [
        ("?kind=item_accepted", ["item_accepted"]),
        ("?kind=nothing", []),
        (f"?person={company.leaver.public_id}", ["version_sealed"]),
        ("?person=nobody", []),
        (f"?handover={case}", [kind for kind in ALL if kind != "person_saved"]),
        ("?handover=nowhere", []),
        ("?since=2026-02-28", ALL[:3]),
        ("?until=2026-02-27", ALL[3:]),
        ("?since=2026-02-28&until=2026-02-28", ["version_read"]),
        ("?since=2026-03-02&until=2026-02-01", []),
        (f"?handover={case}&until=2026-02-20", ["handover_started"]),
        ("?since=0001-01-01&until=9999-12-31", ALL),
        ("?kind=&person=&handover=&since=&until=", ALL),
        ("?kind=%00", ALL),
        ("?page=9", []),
        ("?page=x", ALL),
    ]


def test_filters_narrow_page_and_table_alike(office: Office, company: Company, log: str) -> None:
    for query, kinds in filters(company, log):
        assert kinds_shown(office, query) == kinds, query
        if "page" not in query:
            assert [row[2] for row in table_of(office, query)[1:]] == kinds, query


def test_days_are_the_company_s(office: Office, company: Company) -> None:
    """17:00 UTC is one o'clock of the next day in Shanghai."""
    with company.resources.write() as uow:
        at = datetime(2026, 3, 1, 17, 0, tzinfo=UTC)
        uow.session.add(Event(at=at, kind="signed_in", facts={}))
    assert kinds_shown(office, "?since=2026-03-02&until=2026-03-02") == ["signed_in"]
    assert kinds_shown(office, "?until=2026-03-01") == []
    assert table_of(office)[1][0] == "2026-03-02T01:00:00+08:00"


def test_a_day_that_is_none_is_told_and_matches_nothing(office: Office, log: str) -> None:
    for query in ("?since=yesterday", "?until=2026-02-30", "?since=99999-01-01"):
        answer = office.get("hr", f"/events{query}")
        assert answer.status_code == 400
        assert "Please enter a date" in text_of(answer)
        assert "Accepted" not in main_of(answer).split("</form>")[1]
        assert office.get("hr", f"/events.csv{query}").status_code == 400


def test_what_was_chosen_stays_chosen_and_goes_into_every_link(
    office: Office, company: Company, log: str
) -> None:
    with company.resources.write() as uow:
        for _ in range(events.PAGE):
            uow.record("signed_in", person=company.leaver.name)
    page = tree_of(office.get("hr", "/events?kind=signed_in&since=2026-01-01"))
    assert page.css_first("#kind option[selected]").attributes["value"] == "signed_in"
    assert page.css_first("#since").attributes["value"] == "2026-01-01"
    download = page.css_first("main .page-header .actions a").attributes["href"]
    assert download == "/events.csv?kind=signed_in&since=2026-01-01"
    pages = tree_of(office.get("hr", "/events?since=2026-01-01")).css(".pagination a")
    assert pages
    assert all("since=2026-01-01" in (link.attributes["href"] or "") for link in pages)
    assert len(table_of(office, "?kind=signed_in")) == events.PAGE + 1


def test_the_table_is_one_for_spreadsheets(office: Office, log: str) -> None:
    answer = office.get("hr", "/events.csv")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert re.fullmatch(
        r'attachment; filename="operations-\d{4}-\d\d-\d\d\.csv"',
        answer.headers["Content-Disposition"],
    )
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.data.startswith(b"\xef\xbb\xbf")
    first = table_of(office)[1]
    assert first[1:] == [
        "王 接收", "item_accepted", "Accepted «客户档案».", "李 离职", "203.0.113.7", "",
    ]  # fmt: skip


@pytest.mark.parametrize("start", [*"=+-@＝＋－＠", "\t=", "\r=", "\n="])
def test_no_cell_of_the_table_is_a_formula(start: str) -> None:
    assert harmless(f"{start}1+1") == f"'{start}1+1"
    assert harmless(f"x{start}") == f"x{start}"


def test_names_that_are_formulas_are_harmless(office: Office, company: Company, log: str) -> None:
    with company.resources.write() as uow:
        uow.session.merge(company.receiver).name = "=cmd|' /C calc'!A0"
    assert table_of(office)[1][1] == "'=cmd|' /C calc'!A0"
    with company.resources.write() as uow:
        uow.record("person_saved", person="<b>Nora</b>")
    assert "<b>" not in main_of(office.get("hr", "/events"))


def test_an_empty_log_says_so(office: Office) -> None:
    assert "Nothing has happened yet." in text_of(office.get("hr", "/events"))
    assert len(table_of(office)) == 1


def test_every_kind_recorded_has_words() -> None:
    folder = Path(portal.services.__path__[0])
    recorded = set()
    for path in folder.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        recorded |= set(re.findall(r"\.record\(\s*\"(\w+)\"", text))
    assert recorded
    assert recorded <= event_words.SENTENCES.keys()
    assert event_words.SENTENCES.keys() == event_words.KINDS.keys()
