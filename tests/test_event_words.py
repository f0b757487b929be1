"""Words of events: a sentence, a name and a look for every kind any service records."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask_babel import Babel, force_locale

from portal import event_words
from portal.models import Event

PORTAL = Path(__file__).parent.parent / "portal"
LOOKS = {"neutral", "progress", "ok", "warn", "bad"}


def kinds_recorded() -> set[str]:
    """Every text that can be the first argument of `record(…)`; both sides of a choice."""
    found = set()
    for path in PORTAL.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "record":
                found |= set(_texts(node.args[0]))
    return found


def _texts(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant):
        yield str(node.value)
    elif isinstance(node, ast.IfExp):
        yield from _texts(node.body)
        yield from _texts(node.orelse)
    else:
        raise AssertionError(f"line {node.lineno}: the kind of an event must be a plain text")


KINDS = sorted(event_words.SENTENCES)


@pytest.fixture(params=["en", "zh_CN"])
def language(request: pytest.FixtureRequest) -> Iterator[str]:
    """A request in one of the languages; no database is needed for words."""
    app = Flask("portal", root_path=str(PORTAL))
    Babel(app)
    with app.test_request_context(), force_locale(request.param):
        yield request.param


def test_every_kind_recorded_has_words_and_no_other() -> None:
    recorded = kinds_recorded()
    assert "item_returned" in recorded
    assert set(event_words.SENTENCES) == recorded
    assert set(event_words.KINDS) == recorded
    assert set(event_words.LOOKS) <= recorded
    assert set(event_words.LOOKS.values()) <= LOOKS


@pytest.mark.parametrize("kind", KINDS)
def test_missing_facts_never_crash(language: str, kind: str) -> None:
    for facts in ({}, None, {"something": "else"}):
        event = Event(kind=kind, facts=facts)
        words = event_words.sentence(event)
        assert words
        assert "%(" not in words
        assert event_words.look(event) in LOOKS


@pytest.mark.parametrize("kind", KINDS)
def test_facts_stand_in_the_sentence(language: str, kind: str) -> None:
    wanted = re.findall(r"%\((\w+)\)s", str(event_words.SENTENCES[kind]))
    facts = {name: f"‹{name}›" for name in wanted}
    words = event_words.sentence(Event(kind=kind, facts=facts))
    assert all(fact in words for fact in facts.values()), words


CASES = (
    ("item_accepted", {"item": "客户档案", "reason": ""}, "Accepted «客户档案»."),
    (
        "item_accepted",
        {"item": "客户档案", "reason": "well done"},
        "Accepted «客户档案». well done",
    ),
    ("item_returned", {"item": "A", "reason": "100 % of it"}, "Returned «A»: 100 % of it"),
    ("item_returned", {"item": "A", "reason": "%(item)s"}, "Returned «A»: %(item)s"),
    (
        "completion_refused",
        {"missing": ["A", "B"]},
        "Tried to complete the handover; these were missing: A, B.",
    ),
    (
        "version_uploaded",
        {"number": 2, "document": "A", "filename": "a.txt"},
        "Uploaded version 2 of «A»: a.txt.",
    ),
    ("document_changed", {"document": None}, "Changed the draft «»."),
    ("unheard_of", {}, "unheard_of"),
)


@pytest.mark.parametrize(("kind", "facts", "expected"), CASES)
def test_sentences(kind: str, facts: dict[str, object], expected: str) -> None:
    app = Flask("portal", root_path=str(PORTAL))
    Babel(app)
    with app.test_request_context(), force_locale("en"):
        assert event_words.sentence(Event(kind=kind, facts=facts)) == expected


def test_a_kind_without_words_shows_itself(language: str) -> None:
    assert event_words.kind_words("unheard_of") == "unheard_of"
    assert event_words.kind_words("signed_in") not in ("", "signed_in")
