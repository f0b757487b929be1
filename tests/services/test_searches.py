"""The search log: what is kept of a search, who learns what of it, and how it is taken back."""

from __future__ import annotations

import dataclasses

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.exc import OperationalError

from portal.errors import Forbidden, NotFound
from portal.models import Person, Search, SearchOutcome, SearchPosition
from portal.models.base import new_public_id
from portal.services import asked, reconciling, search, searches
from portal.services.asked import AskedPage
from portal.services.search_scope import SearchForm
from portal.services.searches import SearchRecord
from tests.company import Company
from tests.services.conftest import Desk
from tests.services.library import CLIENTS, Library

HIDDEN = ("receiver", "colleague", "neighbour", "outsider", "administrator", "auditor", "departed")


@pytest.fixture
def library(desk: Desk, case: str) -> Library:
    made = Library(desk, case)
    made.add(CLIENTS, "客户.md")
    return made


def ask(library: Library, who: str, query: str, **form: object) -> SearchRecord | None:
    """Search and keep it, as a request does."""
    wanted = SearchForm(query, **form)  # type: ignore[arg-type]
    found = library.search(who, query, **form)
    with library.desk.company.looking(who) as uow:
        record = searches.record_of(uow, wanted, found, None)
        person = uow.actor.id
    if record is not None:
        searches.keep(library.desk.resources, person, record)
    if record is not None and found.asks:
        # As the page does it: the answer comes by a request of its own.
        with library.desk.company.looking(who) as uow:
            answer = search.answer(uow, wanted)
            more = searches.record_of_answer(uow, wanted, record.token, answer)
        if more is not None:
            searches.keep(library.desk.resources, person, more)
    return record


def typed(
    company: Company, who: str, text: str, outcome: SearchOutcome = SearchOutcome.FOUND
) -> str:
    """A search for the position «sales», kept without searching."""
    position = company.positions["sales"].id
    record = SearchRecord(new_public_id(), text, text.casefold(), outcome, 0, (position,), True)
    searches.keep(company.resources, company.people[who].id, record)
    return record.token


def rows(company: Company) -> list[Search]:
    with company.resources.read() as uow:
        return list(uow.session.scalars(select(Search).order_by(Search.id)))


def page_of(company: Company, who: str = "head", days: int = 30) -> AskedPage:
    with company.looking(who) as uow:
        return asked.show(uow, company.positions["sales"].public_id, days)


def history_of(company: Company, who: str) -> list[str]:
    with company.looking(who) as uow:
        return [line.search.text for line in searches.history(uow).lines]


def test_what_came_of_a_search(library: Library) -> None:
    for query, form, outcome in (
        ("每月什么时候把对账单寄给客户？", {}, SearchOutcome.ANSWERED),
        ("火星上的氧气价格是多少？", {}, SearchOutcome.ABSTAINED),
        ("对账单", {}, SearchOutcome.FOUND),
        ("CRM-2041", {"kind": "pdf"}, SearchOutcome.NOTHING),
    ):
        ask(library, "receiver", query, **form)
        kept = rows(library.desk.company)[-1]
        assert (kept.text, kept.outcome) == (query, outcome)
        assert bool(kept.hits) is (outcome is not SearchOutcome.NOTHING)
    assert ask(library, "receiver", "  ") is None


def test_pages_filters_and_spellings_are_one_search(library: Library) -> None:
    company, clock = library.desk.company, library.desk.resources.clock
    first = ask(library, "receiver", "对账单 CRM", kind="pdf")
    for query, form in (
        ("對賬單，crm", {}),
        ("对账单CRM！", {"page": 2}),
        ("对账单 crm", {"kind": "pdf"}),
    ):
        clock.move(minutes=8)  # type: ignore[attr-defined]
        again = ask(library, "receiver", query, **form)
        assert first is not None
        assert again is not None
        assert again.token == first.token
    (kept,) = rows(company)
    assert (kept.text, kept.outcome) == ("对账单 CRM", SearchOutcome.FOUND)
    # Somebody else's is another, and so is one of a quarter of an hour later.
    ask(library, "leaver", "对账单 CRM")
    clock.move(minutes=15)  # type: ignore[attr-defined]
    ask(library, "receiver", "对账单 CRM")
    assert len(rows(company)) == 3


def test_the_positions_a_search_is_for(library: Library) -> None:
    company = library.desk.company
    sales = company.positions["sales"].public_id
    company.handover(leaver="neighbour", receivers=("outsider",), position="sales")

    def positions(who: str, **form: object) -> set[int]:
        record = ask(library, who, "对账单", **form)
        assert record is not None
        return set(record.positions)

    ids = {key: row.id for key, row in company.positions.items()}
    assert positions("colleague") == {ids["sales"]}
    assert positions("outsider") == {ids["engineer"], ids["sales"]}
    assert positions("chief", position=sales) == {ids["sales"]}
    assert positions("chief", handover=library.case) == {ids["sales"]}
    # Nobody adds to what is asked at a position by naming it: nothing of it is theirs to find.
    assert positions("hr", position=sales) == {ids["clerk"]}
    assert positions("hr", position="nowhere") == {ids["clerk"]}


def test_opening_a_hit_belongs_to_the_search(library: Library) -> None:
    company, version = library.desk.company, library.versions["客户"]
    record = ask(library, "receiver", "对账单")
    assert record is not None
    for who, token in (("leaver", record.token), ("receiver", "x\x00"), ("outsider", record.token)):
        searches.opened(company.resources, company.people[who].id, token, version)
    assert rows(company)[0].opened_at is None
    searches.opened(company.resources, company.receiver.id, record.token, version)
    with company.looking("receiver") as uow:
        (line,) = searches.history(uow).lines
        assert line.opened is not None
        assert line.opened.title == "客户"
    assert page_of(company).opened == 1


def test_a_search_that_cannot_be_kept_fails_nothing(
    library: Library, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    company = library.desk.company
    with company.resources.write() as uow:
        uow.session.execute(
            update(Person).where(Person.id == company.receiver.id).values(active=False)
        )

    def full(*_: object) -> None:
        raise OperationalError("INSERT", {}, Exception("disk full"))

    monkeypatch.setattr(searches, "_write", full)
    typed(company, "receiver", "a")
    searches.opened(company.resources, company.receiver.id, "token", library.versions["客户"])
    assert rows(company) == []
    assert [record.message for record in caplog.records] == [
        "a search was not kept",
        "the opening of a hit was not kept",
    ]


def test_nobody_sees_or_touches_the_history_of_others(company: Company) -> None:
    token = typed(company, "receiver", "a word")
    assert history_of(company, "receiver") == ["a word"]
    for who in ("leaver", "head", "chief", "hr", "administrator", "auditor"):
        assert history_of(company, who) == []
        with company.acting(who) as uow, pytest.raises(NotFound):
            searches.forget(uow, token)
        with company.acting(who) as uow:
            searches.clear(uow)
            assert searches.own(uow, 5) == []
    assert history_of(company, "receiver") == ["a word"]
    with company.looking("departed") as uow, pytest.raises(Forbidden):
        searches.history(uow)


def test_what_is_taken_back_is_a_number(company: Company) -> None:
    first = typed(company, "receiver", "one")
    for text in ("two", "two", "three"):
        typed(company, "receiver", text)
    typed(company, "leaver", "two")
    with company.looking("receiver") as uow:
        assert searches.own(uow, 2) == ["three", "two"]
    with company.acting("receiver") as uow:
        searches.forget(uow, first)
    assert history_of(company, "receiver") == ["three", "two", "two"]
    with company.acting("receiver") as uow:
        searches.clear(uow)
    assert (history_of(company, "receiver"), history_of(company, "leaver")) == ([], ["two"])
    left = [(row.person_id, row.text, row.plain, row.opened_id) for row in rows(company)]
    assert left[:4] == [(None, "", "", None)] * 4
    assert page_of(company).total == 5
    # An answer that was on its way when the history was cleared brings nothing back.
    late = SearchRecord(first, "one", "one", SearchOutcome.FOUND, 1, (), True)
    searches.keep(company.resources, company.receiver.id, late)
    assert history_of(company, "receiver") == []


def test_words_need_three_people(company: Company) -> None:
    for who in ("receiver", "colleague", "receiver", "receiver"):
        typed(company, who, "Where is the key", SearchOutcome.NOTHING)
    found = page_of(company)
    assert (found.often, found.missed, found.outcomes[SearchOutcome.NOTHING]) == ([], [], 4)
    answered = typed(company, "neighbour", "where is the key", SearchOutcome.ANSWERED)
    found = page_of(company)
    assert [(line.times, line.missed) for line in found.often] == [(5, 4)]
    assert found.often[0].text.casefold() == "where is the key"
    assert found.missed == []
    typed(company, "outsider", "where is the key", SearchOutcome.ABSTAINED)
    assert [line.times for line in page_of(company).missed] == [5]
    # Whoever takes back what they have asked is no longer among the three.
    with company.acting("neighbour") as uow:
        searches.forget(uow, answered)
    with company.acting("outsider") as uow:
        searches.clear(uow)
    found = page_of(company)
    assert (found.often, found.missed, found.total) == ([], [], 6)


def test_who_learns_what_is_asked(company: Company) -> None:
    for who in ("receiver", "colleague", "neighbour"):
        typed(company, who, "a word")
    for who in ("head", "chief", "hr"):
        assert [line.text for line in page_of(company, who).often] == ["a word"]
    for who in HIDDEN:
        with pytest.raises((Forbidden, NotFound)):
            page_of(company, who)
    with company.looking("head") as uow, pytest.raises(NotFound):
        asked.show(uow, company.positions["engineer"].public_id, 30)


def test_searches_are_kept_for_a_while(desk: Desk, company: Company) -> None:
    typed(company, "receiver", "old")
    desk.resources.clock.move(days=40)  # type: ignore[attr-defined]
    typed(company, "receiver", "new")
    assert (page_of(company).total, page_of(company, days=90).total) == (1, 2)
    assert page_of(company, days=77).days == 30
    assert page_of(company).periods == [30, 90, 180]
    desk.resources.clock.move(days=150)  # type: ignore[attr-defined]
    reconciling.reconcile(desk.resources)
    assert [row.text for row in rows(company)] == ["new"]
    with company.resources.read() as uow:
        assert uow.session.scalar(select(func.count()).select_from(SearchPosition)) == 1


def test_nothing_is_kept_where_nothing_is_to_be_kept(library: Library) -> None:
    company = library.desk.company
    typed(company, "receiver", "old")
    resources = library.desk.resources
    resources.settings = dataclasses.replace(resources.settings, search_log_days=0)
    assert ask(library, "receiver", "对账单") is None
    with company.resources.write() as uow:
        searches.sweep(uow)
    assert rows(company) == []
    assert page_of(company).periods == []


def test_a_password_in_the_wrong_box_is_not_kept(company: Company) -> None:
    resources = company.resources
    resources.settings = dataclasses.replace(resources.settings, guard=True)
    typed(company, "receiver", "密码：Tr0ub4dor&3xyz")
    (kept,) = rows(company)
    assert (kept.text, kept.plain) == ("", "")
