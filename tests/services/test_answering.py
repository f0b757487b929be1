"""The answer above the hits: quoted from what this person may read, and nothing where none is."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from indexing.answering import Numbers
from tests.services.conftest import Desk
from tests.services.library import CLIENTS, SERVERS, Library
from tests.services.test_search_command import run


@pytest.fixture
def library(desk: Desk, case: str) -> Library:
    made = Library(desk, case)
    made.add(CLIENTS, "客户.md")
    made.add(SERVERS, "servers.md")
    return made


def quoted(library: Library, who: str, query: str) -> list[str] | None:
    """The sentences of the first quote; none when nothing answers; None when nothing was asked."""
    answer = library.answer(who, query)
    if answer is None:
        return None
    first = answer.quotes[0].sentences if answer.quotes else []
    return ["".join(part.text for part in sentence) for sentence in first]


def test_a_question_is_answered_with_its_place(library: Library) -> None:
    found = library.answer("receiver", "每月什么时候把对账单寄给客户？")
    assert found is not None
    quote = found.quotes[0]
    assert "每月五日前" in "".join(part.text for part in quote.sentences[0])
    assert any(part.marked for part in quote.sentences[0])
    assert (quote.document.title, quote.place.heading_path) == ("客户", ("客户档案", "对账"))
    assert quoted(library, "receiver", "CRM-2041") is None


def test_nothing_answers_what_no_document_tells(library: Library) -> None:
    assert quoted(library, "receiver", "火星上的氧气价格是多少？") == []
    # Neither does a document this person may not read: there is no hit to quote from.
    assert quoted(library, "outsider", "每月什么时候把对账单寄给客户？") is None


def test_where_nothing_is_found_nothing_answers(
    library: Library, client_of: Callable[..., FlaskClient]
) -> None:
    asked = {"q": "每月什么时候把对账单寄给客户？", "after": "2999-01-01"}
    client = client_of(library.desk.company.receiver)
    page = client.get("/search", query_string=asked).text
    assert "Nothing in the handed-over documents fits." in page
    assert "/search/answer?" in page
    for address, more in (("/search/answer", {}), ("/search", {"answer": "1"})):
        page = client.get(address, query_string=asked | more).text
        assert "No answer was found in the handover documents." in page


def test_another_model_has_no_numbers_and_no_answer(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Numbers, "of", lambda identity: None)
    assert library.answer("receiver", "每月什么时候把对账单寄给客户？") is None


def test_the_newest_version_is_quoted(library: Library) -> None:
    newer = CLIENTS.replace("每月五日前", "每月十日前")
    library.correct(library.versions["客户"], newer, "客户.md")
    sentences = quoted(library, "receiver", "每月什么时候把对账单寄给客户？")
    assert sentences is not None
    assert "每月十日前" in "".join(sentences)


def test_programs_get_it_too(library: Library) -> None:
    arguments = ("--as", "receiver@company.example", "--json", "每月什么时候把对账单寄给客户？")
    value = json.loads(run(library, *arguments).output)["answer"]
    assert "每月五日前" in value["quotes"][0]["sentences"][0]
    assert 0 < value["confidence"] < 1


def test_the_page_shows_it_above_the_hits(
    library: Library, client_of: Callable[..., FlaskClient]
) -> None:
    client = client_of(library.desk.company.receiver)
    page = client.get(
        "/search", query_string={"q": "每月什么时候把对账单寄给客户？", "answer": "1"}
    ).text
    assert page.index("Answer from the handover documents") < page.index("Passages found")
    page = client.get("/search", query_string={"q": "火星上的氧气价格是多少？", "answer": "1"}).text
    assert "No answer was found in the handover documents." in page
