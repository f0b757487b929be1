"""The pages of questions: from a search without an answer to the answer on the home page."""

from __future__ import annotations

from dataclasses import replace

import pytest
from selectolax.lexbor import LexborNode as Node
from sqlalchemy import select

from portal.models import HandoverState, Question
from tests.company import Company
from tests.services.library import CLIENTS, Library
from tests.web.acting import EVERYBODY, Office, main_of, statuses
from tests.web.reading_pages import (
    loose_references,
    refused_by_policy,
    repeated_ids,
    tree_of,
    unnamed,
)

ASKED = "合同由谁签字？ <b>"


def ask(office: Office, case: str, who: str = "receiver", words: str = ASKED) -> str:
    """Send a question through the form; the address of its page."""
    sent = office.post(who, "/questions", {"handover": case, "text": words})
    assert sent.status_code == 302, main_of(sent)
    return str(sent.location)


def links(office: Office, who: str, url: str, css: str = "main a") -> list[str]:
    return [str(node.attributes["href"]) for node in tree_of(office.get(who, url)).css(css)]


def entry(office: Office, who: str, url: str, address: str) -> Node | None:
    return tree_of(office.get(who, url)).css_first(f'main .entry a[href="{address}"]')


def test_a_search_without_an_answer_becomes_a_question(office: Office, library: Library) -> None:
    library.add(CLIENTS, "客户.md")
    query = "/search?q=火星上的咖啡馆"
    (form,) = {each for each in links(office, "receiver", query) if "/questions/new" in each}
    page = tree_of(office.get("receiver", form))
    assert "火星上的咖啡馆" in page.css_first("textarea[name=text]").text()
    assert "李 离职" in page.css_first("main form").text()
    # Whoever leaves and whoever has nothing to do with it is offered nobody.
    for who in ("leaver", "outsider"):
        assert not [each for each in links(office, who, query) if "/questions/new" in each], who
    wrong = office.post("receiver", "/questions", {"handover": library.case, "text": " "})
    assert wrong.status_code == 400


def test_the_leaver_is_asked_answers_in_words_and_the_asker_is_told(
    office: Office, case: str
) -> None:
    address = ask(office, case)
    for place in ("/", f"/handovers/{case}", "/questions"):
        found = entry(office, "leaver", place, address)
        assert found is not None, place
        assert found.text() == ASKED
        assert entry(office, "head", place, address) is None, place
    assert entry(office, "receiver", "/questions", address) is not None
    assert "answer_form" not in main_of(office.get("receiver", address))
    sent = office.send("leaver", f"{address}/answer", text="赵经理。", script=False)
    assert sent.location == address
    assert entry(office, "leaver", "/", address) is None
    assert entry(office, "receiver", "/", address) is not None
    (version,) = [each for each in links(office, "receiver", address) if "/versions/" in each]
    assert office.get("receiver", version).status_code == 200
    # Having read it, the asker is told no more.
    assert entry(office, "receiver", "/", address) is None


def test_words_or_a_file_are_asked_for_neither_is_called_optional(
    office: Office, case: str
) -> None:
    form = tree_of(office.get("leaver", ask(office, case))).css_first("main form.card")
    assert "one of the two is needed" in form.text()
    assert "(optional)" not in form.text()
    assert form.css_first("textarea").attributes.get("required", "no") == "no"


def test_a_file_waits_for_its_seal(office: Office, case: str) -> None:
    address = ask(office, case)
    both = office.send(
        "leaver", f"{address}/answer", ("a.txt", b"a"), text="and words", script=False
    )
    assert both.status_code == 400
    assert "not both" in main_of(both)
    assert "and words" in main_of(both)
    office.send("leaver", f"{address}/answer", ("a.txt", b"a"), text="", script=False)
    assert "answers as soon as you have submitted it" in main_of(office.get("leaver", address))
    (document,) = [each for each in links(office, "leaver", address) if "/documents/" in each]
    assert office.post("leaver", f"{document}/submit").status_code == 302
    assert [each for each in links(office, "receiver", address) if "/versions/" in each]


def test_after_the_end_the_head_is_asked(office: Office, company: Company, case: str) -> None:
    office.close(case, HandoverState.COMPLETED)
    resources = company.resources
    resources.settings = replace(resources.settings, guard=True)
    form = main_of(office.get("colleague", "/questions/new"))
    assert "陈 主管" in form
    assert "has left" in form
    address = ask(office, case, "colleague")
    assert entry(office, "head", "/", address) is not None
    page = tree_of(office.get("head", address))
    assert page.css_first("main input[type=file]") is None
    refused = office.send("head", f"{address}/answer", ("a.txt", b"a"), script=True)
    assert (refused.status_code, refused.json["error"]["code"]) == (409, "answer_unread")
    office.send("head", f"{address}/answer", text="赵经理。", script=False)
    assert entry(office, "colleague", "/", address) is not None


def test_who_gets_in(office: Office, company: Company, case: str) -> None:
    address = ask(office, case)
    expected = dict.fromkeys(EVERYBODY, 404) | dict.fromkeys(
        ("leaver", "receiver", "head", "chief"), 200
    )
    with statuses(expected) as found:
        for who in EVERYBODY:
            found[who] = office.get(who, address).status_code
    for who in ("colleague", "hr", "outsider"):
        sent = office.send(who, f"{address}/answer", text="x", script=False)
        assert sent.status_code == 404, who
    assert office.get("visitor", "/questions").location == "/sign-in?next=/questions"
    assert office.post("leaver", f"{address}/withdraw").status_code == 403
    assert office.post("receiver", f"{address}/withdraw").location == "/questions"
    with company.resources.read() as uow:
        assert uow.session.scalars(select(Question.state)).one().value == "withdrawn"


@pytest.mark.parametrize("who", ["leaver", "receiver"])
def test_pages_are_in_order(office: Office, case: str, who: str) -> None:
    address = ask(office, case)
    for place in (address, "/questions", "/questions/new", "/"):
        page = tree_of(office.get(who, place))
        for check in (unnamed, repeated_ids, loose_references, refused_by_policy):
            assert check(page) == [], (place, check.__name__)
