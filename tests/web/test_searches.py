"""Searches in the browser: kept after the answer, seen by oneself, counted for the position."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from portal.models import Search
from tests.services.library import CLIENTS, Library
from tests.services.test_searches import typed
from tests.web.acting import Office, main_of, statuses, text_of

HISTORY = "/search/history"


def search(office: Office, who: str, query: str) -> str:
    """Search as a browser does; what is kept is written when the answer has been taken."""
    answer = office.get(who, "/search", query_string={"q": query})
    page = main_of(answer)
    answer.close()
    if found := re.search(r'data-answer="([^"]+)"', page):
        answer = office.get(who, found[1].replace("&amp;", "&"))
        page += answer.text
        answer.close()
    return page


def kept(office: Office) -> list[Search]:
    with office.company.resources.read() as uow:
        return list(uow.session.scalars(select(Search).order_by(Search.id)))


def test_a_search_is_kept_and_what_is_opened_with_it(office: Office, library: Library) -> None:
    library.add(CLIENTS, "客户.md")
    page = search(office, "receiver", "每月什么时候把对账单寄给客户？")
    (row,) = kept(office)
    links = re.findall(r'href="(/versions/[^"]+)"', page)
    assert len(links) > 1, "those of the answer as well"
    assert all(f"search={row.public_id}" in link for link in links)
    assert row.opened_at is None
    office.get("receiver", links[0].replace("&amp;", "&")).close()
    (row,) = kept(office)
    assert row.opened_at is not None
    own = text_of(office.get("receiver", HISTORY))
    assert "每月什么时候把对账单寄给客户？" in own
    assert "opened: 客户" in own
    assert "an answer found" in own
    start = main_of(office.get("receiver", "/search"))
    assert "You searched for:" in start


def test_an_answer_does_not_wait_for_the_log(
    office: Office, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    library.add(CLIENTS, "客户.md")
    answer = office.get("receiver", "/search", query_string={"q": "对账单"})
    assert "对账单" in main_of(answer)
    assert kept(office) == []
    answer.close()
    assert len(kept(office)) == 1


def test_the_own_history_is_taken_back(office: Office) -> None:
    first = typed(office.company, "receiver", "<b>one</b>")
    typed(office.company, "receiver", "two")
    page = main_of(office.get("receiver", HISTORY))
    assert "&lt;b&gt;one" in page
    assert "<b>one" not in page
    assert office.post("leaver", f"{HISTORY}/{first}/forget").status_code == 404
    office.post("receiver", f"{HISTORY}/{first}/forget")
    page = main_of(office.get("receiver", HISTORY))
    assert "one" not in re.findall(r'class="entry-title"[^>]*>([^<]*)', page)
    assert "1 search loses its words" in main_of(office.get("receiver", f"{HISTORY}/clear"))
    assert office.post("receiver", f"{HISTORY}/clear").status_code == 302
    assert "There is nothing in your history." in main_of(office.get("receiver", HISTORY))


def test_what_is_asked_at_a_position(office: Office) -> None:
    company = office.company
    address = f"/positions/{company.positions['sales'].public_id}/asked"
    for who in ("receiver", "colleague", "neighbour"):
        typed(company, who, "where is <i>it</i>")
    typed(company, "receiver", "my own secret question")
    who = {
        "head": 200, "chief": 200, "hr": 200,
        "leaver": 403, "receiver": 403, "colleague": 403,
        "neighbour": 404, "outsider": 404, "administrator": 404, "auditor": 404, "departed": 404,
    }  # fmt: skip
    with statuses(who) as found:
        for name in who:
            answer = office.get(name, address)
            found[name] = answer.status_code
            if answer.status_code == 200:
                page = main_of(answer)
                assert "where is &lt;i&gt;it" in page
                assert "my own secret question" not in page
                assert "王 接收" not in page
            else:
                assert "where is" not in text_of(answer)
    linked = {name: "/asked" in main_of(office.get(name, address[:-5] + "map")) for name in who}
    assert [name for name, there in linked.items() if there] == ["head", "chief", "hr"]
    assert office.get("head", f"{address}?days=x").status_code == 200
