"""Feedback in the browser: at a hit, on the page of the passage, and before the head."""

from __future__ import annotations

import re

from portal.models import FeedbackWord
from tests.services.library import CLIENTS, Library
from tests.web.acting import Office, main_of, statuses, text_of

ASKED = "/search?q=对账单"
FETCH = {"X-Requested-With": "fetch"}


def pressed(page: str) -> list[str]:
    """The buttons that are pressed."""
    return re.findall(r'aria-pressed="true" data-feedback-word="(\w+)"', page)


def test_a_word_is_said_at_the_hit_and_taken_back(office: Office, library: Library) -> None:
    version = library.add(CLIENTS, "客户.md")
    address = f"/versions/{version}/feedback"
    page = main_of(office.get("receiver", ASKED))
    assert f'action="{address}"' in page
    assert page.count("data-feedback-word") == len(FeedbackWord)
    assert pressed(page) == []
    back = {"next": ASKED}
    answer = office.post("receiver", address, {"word": "outdated", **back})
    assert answer.headers["Location"].startswith("/search?")
    page = main_of(office.get("receiver", ASKED))
    assert pressed(page) == ["outdated"]
    assert "Remark for the head of the position" in page
    # Pressed again: the button of what was said sends nothing.
    assert re.search(r'name="word" value=""[^>]*data-feedback-word="outdated"', page)
    office.post("receiver", address, {"word": "", **back})
    assert pressed(main_of(office.get("receiver", ASKED))) == []
    # No way leads out of the portal.
    for target in ("https://elsewhere.example/", "//elsewhere.example", "//[", "/\\elsewhere"):
        answer = office.post("receiver", address, {"word": "helpful", "next": target})
        assert answer.headers["Location"] == "/", target


def test_a_script_gets_the_buttons(office: Office, library: Library) -> None:
    version = library.add(CLIENTS, "客户.md")
    address = f"/versions/{version}/feedback"
    answer = office.post("receiver", address, {"word": "unclear", "next": "/"}, headers=FETCH)
    assert answer.status_code == 200
    assert answer.text.startswith('<div class="feedback" data-feedback>')
    assert pressed(answer.text) == ["unclear"]
    fields = {"word": "unclear", "remark": "x" * 600}
    answer = office.post("receiver", address, fields, headers=FETCH)
    assert "field-error" in answer.text
    assert "x" * 600 in answer.text
    assert "<!doctype" not in answer.text
    assert office.post("outsider", address, fields, headers=FETCH).status_code == 404


def test_whoever_wrote_it_is_not_asked(office: Office, library: Library) -> None:
    version = library.add(CLIENTS, "客户.md")
    assert "data-feedback" not in main_of(office.get("leaver", ASKED))
    link = re.search(
        r'href="(/versions/[^"]+passage=[^"]+)"', main_of(office.get("receiver", ASKED))
    )
    assert link is not None
    passage = link[1].replace("&amp;", "&")
    assert "data-feedback" in main_of(office.get("receiver", passage))
    assert "data-feedback" not in main_of(office.get("leaver", passage))
    # Without a passage nobody came from a hit.
    assert "data-feedback" not in main_of(office.get("receiver", f"/versions/{version}"))
    refused = office.post("leaver", f"/versions/{version}/feedback", {"word": "helpful"})
    assert refused.status_code == 403


def test_the_head_looks_at_it_and_deals_with_it(office: Office, library: Library) -> None:
    version = library.add(CLIENTS, "客户.md")
    assert "What people say about documents" not in main_of(office.get("head", "/"))
    remark = {"word": "outdated", "remark": "<b>changed</b> in May"}
    office.post("receiver", f"/versions/{version}/feedback", remark)
    assert "Something is said about 1 document" in main_of(office.get("head", "/"))
    assert "Something is said" not in main_of(office.get("receiver", "/"))
    page = main_of(office.get("head", "/feedback"))
    assert "&lt;b&gt;changed&lt;/b&gt; in May" in page
    assert "王 接收" in page
    assert "changed" not in text_of(office.get("colleague", "/feedback"))
    who = {"leaver": 404, "receiver": 404, "colleague": 404, "outsider": 404, "hr": 404,
           "departed": 404, "visitor": 302, "head": 302}  # fmt: skip
    with statuses(who) as found:
        for name in who:
            found[name] = office.post(name, f"/versions/{version}/feedback/settle").status_code
    assert "Nothing is said that you have not dealt with." in main_of(
        office.get("head", "/feedback")
    )
