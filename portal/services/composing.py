"""Answers a language model writes from passages a search has found, where an endpoint is set.

Three steps, so that no transaction is held while the model writes: `draft` chooses the passages
and says what is sent, `ask` sends it, `written` makes a page of what comes back. The first chooses
among what this person may read, and the last looks again: a right removed meanwhile holds no more.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import select

from indexing.marking import Fragment, excerpt
from indexing.model_unavailable import ModelUnavailable
from indexing.place import Place
from indexing.query import Query
from indexing.writing import Message, Said, checked, fitting, messages
from portal.answer_endpoint import Endpoint
from portal.errors import NotFound
from portal.models import Passage, Reading, Version
from portal.resources import Resources
from portal.services import findable_rows, search
from portal.services.passage_line import PassageLine
from portal.services.search_scope import SearchForm
from portal.unit_of_work import UnitOfWork

log = logging.getLogger(__name__)

# Passages sent, and their tokens in all: small local models often take four thousand.
MOST, BUDGET = 8, 2500


@dataclass(frozen=True)
class Draft:
    """What a model is asked: messages, and the row ids of the passages they number from 1 on."""

    query: Query
    passages: tuple[int, ...]
    messages: list[Message]


@dataclass(frozen=True)
class SourceLine(PassageLine):
    """A passage the answer names, and where it stands."""

    number: int
    excerpt: list[Fragment]


@dataclass(frozen=True)
class WrittenLine:
    """What the model wrote, as far as it names passages; `said` is empty where it found no answer.

    sources: by their numbers, ascending. given: passages it was sent; left_out: sentences without a
    source, which are not shown.
    """

    said: tuple[Said, ...]
    sources: dict[int, SourceLine]
    left_out: int
    given: int
    endpoint: Endpoint


def draft(uow: UnitOfWork, form: SearchForm) -> Draft:
    """Choose what is sent; no passages where nothing was found.

    Raises NotFound where no endpoint is set, Forbidden and NotReady.
    """
    _endpoint(uow.resources)
    query, found = search.nearest(uow, form, MOST)
    texts = [passage.text for passage, _ in found]
    chosen = found[: fitting(texts, _counter(uow), BUDGET)]
    quoted = [(_heading(passage, version), passage.text) for passage, version in chosen]
    ids = tuple(passage.id for passage, _ in chosen)
    return Draft(query, ids, messages(query.text, quoted))


def ask(resources: Resources, asked: Draft) -> str:
    """What the model writes; nothing is sent where there is no passage. Raises NotReady."""
    if not asked.passages:
        return ""
    endpoint, begin = _endpoint(resources), time.monotonic()
    text = endpoint.write(asked.messages)
    seconds = time.monotonic() - begin
    log.info("%s wrote from %d passages in %.1f s", endpoint.model, len(asked.passages), seconds)
    return text


def written(uow: UnitOfWork, asked: Draft, text: str) -> WrittenLine:
    """What may be shown of it. Raises NotFound where no endpoint is set, Forbidden."""
    endpoint, given = _endpoint(uow.resources), len(asked.passages)
    answer = checked(text, given)
    readable = _readable(uow, asked)
    if len(readable) < given:
        # Whatever it says may be of a document that is not theirs any more.
        return WrittenLine((), {}, 0, given, endpoint)
    numbers = sorted({number for each in answer.said for number in each.cited})
    sources = {
        number: _source(number, *readable[asked.passages[number - 1]], asked) for number in numbers
    }
    return WrittenLine(answer.said, sources, answer.left_out, given, endpoint)


def _endpoint(resources: Resources) -> Endpoint:
    endpoint = Endpoint.of(resources.settings)
    if endpoint is None:
        raise NotFound
    return endpoint


def _counter(uow: UnitOfWork) -> Callable[[str], int]:
    try:
        return uow.resources.encoder.count_tokens
    except ModelUnavailable:
        # A Chinese character is about a token; of other scripts fewer passages are sent.
        return len


def _heading(passage: Passage, version: Version) -> str:
    return " › ".join((version.document.title, *Place.from_json(passage.place).heading_path))


def _readable(uow: UnitOfWork, asked: Draft) -> dict[int, tuple[Passage, Version]]:
    """Those of the passages this person may find now, by row id."""
    mine = set(findable_rows.scope(uow).readings.tolist())
    rows = uow.session.execute(
        select(Passage, Version)
        .join(Reading, Passage.reading_id == Reading.id)
        .join(Version, Reading.version_id == Version.id)
        .where(Passage.id.in_(asked.passages), Reading.current)
    )
    return {row[0].id: (row[0], row[1]) for row in rows if row[0].reading_id in mine}


def _source(number: int, passage: Passage, version: Version, asked: Draft) -> SourceLine:
    return SourceLine(
        number=number,
        passage=passage,
        version=version,
        place=Place.from_json(passage.place),
        excerpt=excerpt(passage.text, asked.query),
    )
