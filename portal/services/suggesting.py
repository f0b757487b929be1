"""Suggestions: what a question could be about, from titles and headings this person may read, and
from what they have searched for themselves."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import select

from indexing.query import parse
from portal.models import Document
from portal.permissions import Action
from portal.services import headings, searches
from portal.services.findable_rows import scope
from portal.services.headings import folded
from portal.unit_of_work import UnitOfWork

SUGGESTIONS = 8
# Of them, from the own history; and how far back that goes.
REMEMBERED, HISTORY = 3, 200
# Readings whose titles and headings are looked through, the newest: it is done for every key.
READINGS = 2000
EXAMPLES = 4
# Readings that examples are taken from, the newest.
EXAMPLE_READINGS = 40
# Characters of a heading that reads like something one would ask for.
EXAMPLE_LENGTH = range(4, 41)


class SuggestionKind(StrEnum):
    """Where a suggestion is from."""

    HISTORY = "history"
    TITLE = "title"
    HEADING = "heading"


@dataclass(frozen=True)
class Suggestion:
    """Something to ask for."""

    text: str
    kind: SuggestionKind


def suggestions(uow: UnitOfWork, text: str) -> list[Suggestion]:
    """What holds what was typed: own searches first, then titles and headings, those that begin
    with it before the others, the shortest first; none for blanks. Raises Forbidden."""
    uow.permit(Action.SEARCH)
    typed = folded(parse(text).text)
    if not typed:
        return []
    found = dict.fromkeys(_own(uow, typed), SuggestionKind.HISTORY)
    others = _held(uow, typed)
    for each in _ordered(others, typed):
        found.setdefault(each, others[each])
    return [Suggestion(each, kind) for each, kind in found.items()][:SUGGESTIONS]


def examples(uow: UnitOfWork) -> list[str]:
    """A few things one could ask for, each from another document, newest first.

    Raises Forbidden.
    """
    uow.permit(Action.SEARCH)
    found: list[str] = []
    for of_one in headings.of(uow, scope(uow).newest(EXAMPLE_READINGS)):
        # The outermost heading is the title, which says what the document is and asks nothing.
        inner = (each.text for each in of_one if each.level > 1)
        found += next(([text] for text in inner if len(text) in EXAMPLE_LENGTH), [])
    return list(dict.fromkeys(found))[:EXAMPLES]


def _own(uow: UnitOfWork, typed: str) -> list[str]:
    """The newest first, but what begins with it before the others; what stands in the box already
    is no suggestion."""
    held = [each for each in searches.own(uow, HISTORY) if typed in folded(each)]
    others = [each for each in held if folded(each) != typed]
    return sorted(others, key=lambda each: not folded(each).startswith(typed))[:REMEMBERED]


def _held(uow: UnitOfWork, typed: str) -> dict[str, SuggestionKind]:
    """Titles and headings with it; a heading that is a title, too, is one."""
    mine = scope(uow)
    found = {
        each.text: SuggestionKind.HEADING
        for of_one in headings.of(uow, mine.newest(READINGS))
        for each in of_one
        if typed in each.plain
    }
    documents = mine.everything.documents[mine.rows[-READINGS:]].tolist()
    titles = uow.session.scalars(select(Document.title).where(Document.id.in_(documents)))
    return found | {each: SuggestionKind.TITLE for each in titles if typed in folded(each)}


def _ordered(texts: Iterable[str], typed: str) -> list[str]:
    return sorted(texts, key=lambda each: (not folded(each).startswith(typed), len(each), each))
