"""Search: a sentence in, passages on their pages out, and only those the person may read.

The filter is inside: the permission policy selects the readings, their ids go into both halves of
the index, and nothing outside them is scored, counted or suggested. What it selects is remembered
only while nothing has changed on which it depends, which every search asks the database for: so a
right removed a second ago no longer holds.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from indexing.answering import PASSAGES, asks
from indexing.entry import FloatArray, Hit
from indexing.index import Index
from indexing.marking import Fragment, excerpt, matches
from indexing.model_unavailable import ModelUnavailable
from indexing.place import Place
from indexing.query import Query, parse
from indexing.retrieval import Encoding
from indexing.terms import Weights
from portal.findable import Facets, Findable, Scope
from portal.models import Passage, Reading, Version
from portal.permissions import Action
from portal.services import answering, embeddings, hit_rows, search_scope
from portal.services.answering import AnswerLine
from portal.services.facets import facets
from portal.services.findable_rows import scope
from portal.services.index_rows import caught_up, reached
from portal.services.passage_line import PassageLine
from portal.services.search_scope import SearchForm
from portal.unit_of_work import UnitOfWork

__all__ = ["DEPTH", "PAGE", "HitLine", "Results", "SearchForm", "search"]

PAGE = 10
# Passages looked at: whoever has not found it after some pages asks differently.
DEPTH = 200
# A passage of the newest version stands for its document unless an older version fits clearly
# better. Two versions of the same words differ by less, a passage that was rewritten by more.
NEARLY = 0.8
# A further passage of a document is told of when the words weigh half as much in it.
WORTH_TELLING = 0.5


@dataclass(frozen=True)
class HitLine(PassageLine):
    """One document found by its best passage. `more` counts its other passages with the words.

    `newer` is a newer version this person may read; None when this is the newest. has_words: a word
    of the question that says something stands in it; if not, it was found by its meaning alone.
    verified: a successor has accepted this version. reading: how its text was read.
    """

    reading: Reading
    excerpt: list[Fragment]
    more: int
    newer: Version | None
    has_words: bool
    verified: bool


@dataclass(frozen=True)
class Results:
    """One page of the documents found, best first; `total` documents in all, `page` of `pages`.

    readable: documents this person could find at all. by_words: the model was not available, so
    only words were compared. by_meaning: none of the words stands in the hits of this page; they
    are what is nearest, which may answer or not. asks: it is a question, which `answer` looks for
    an answer to.
    """

    query: Query
    hits: list[HitLine]
    total: int
    page: int
    pages: int
    facets: Facets
    readable: int
    by_words: bool
    by_meaning: bool
    asks: bool


def search(uow: UnitOfWork, form: SearchForm) -> Results:
    """Find passages. An empty query finds nothing and still says what could be filtered.

    Raises Forbidden for somebody who has left, NotReady when the index cannot be used.
    """
    found = _retrieved(uow, form)
    pages = max(1, -(-len(found.groups) // PAGE))
    page = min(max(form.page, 1), pages)
    lines = _lines(uow, found.query, found.groups[(page - 1) * PAGE : page * PAGE])
    return Results(
        query=found.query,
        hits=lines,
        total=len(found.groups),
        page=page,
        pages=pages,
        facets=facets(uow, found.mine, form),
        readable=found.mine.documents,
        by_words=bool(found.query.text) and found.vector is None,
        by_meaning=bool(lines) and not any(line.has_words for line in lines),
        asks=page == 1
        and bool(found.mine.rows.size)
        and found.vector is not None
        and asks(found.query),
    )


def answer(uow: UnitOfWork, form: SearchForm) -> AnswerLine | None:
    """What answers a question, without quotes where nothing does; None where nothing was asked in a
    sentence, or the model has no measured numbers to answer by.

    Apart from `search`, because it costs several times as much: the hits need not wait for it.
    Raises Forbidden and NotReady.
    """
    found = _retrieved(uow, form)
    if found.vector is None or not found.mine.rows.size:
        return None
    hits = found.quotable
    with reached():
        weights = found.index.weights(found.query.text) if found.index else Weights({}, 0.0)
    readable = hit_rows.versions(uow, hits[:PASSAGES])
    return answering.answered(uow, found.query, weights, hits, readable)


def nearest(
    uow: UnitOfWork, form: SearchForm, most: int
) -> tuple[Query, list[tuple[Passage, Version]]]:
    """The passages nearest to what was asked, best first, at most so many, with their versions.

    Raises Forbidden and NotReady.
    """
    found = _retrieved(uow, form)
    hits = found.quotable[:most]
    versions, passages = hit_rows.versions(uow, hits), hit_rows.passages(uow, hits)
    return found.query, [
        (passages[hit.passage_id], versions[hit.reading_id])
        for hit in hits
        if hit.passage_id in passages and hit.reading_id in versions
    ]


@dataclass(frozen=True)
class _Retrieved:
    """What a query finds. vector: None where nothing was typed or the model is not to be had;
    index: None where there is nothing to look in."""

    query: Query
    mine: Scope
    index: Index | None
    vector: FloatArray | None
    groups: list[_Group]

    @property
    def quotable(self) -> list[Hit]:
        """All hits, best first, without those of a version that another one stands for."""
        hits = [h for g in self.groups for h in g.hits if h.reading_id == g.shown.reading_id]
        return sorted(hits, key=lambda hit: (-hit.score, hit.passage_id))


def _retrieved(uow: UnitOfWork, form: SearchForm) -> _Retrieved:
    uow.permit(Action.SEARCH)
    query, mine = parse(form.query), scope(uow)
    if not query.text:
        return _Retrieved(query, mine, None, None, [])
    # Encoded in a thread of its own, while the database and the words are asked.
    vector, allowed = _encoding(uow, query), search_scope.allowed(uow, mine, form)
    if not allowed.ids.size:
        return _Retrieved(query, mine, None, vector(), [])
    index = caught_up(uow)
    with reached():
        query = index.read(query.text, allowed)
        hits = index.search(query, vector, allowed, DEPTH)
    return _Retrieved(query, mine, index, vector(), _weighed(_grouped(mine, hits)))


@dataclass(frozen=True)
class _Group:
    """What was found in one document: the hit that stands for it and all of them, best first.

    document: its row id. Of the version shown: verified, that a successor has accepted it; weight,
    by how much feedback raises it.
    """

    document: int
    shown: Hit
    hits: list[Hit]
    verified: bool
    weight: float

    @property
    def more(self) -> int:
        enough = WORTH_TELLING * (self.shown.lexical or 0.0)
        return sum(
            1
            for hit in self.hits
            if hit is not self.shown
            and hit.reading_id == self.shown.reading_id
            and hit.lexical is not None
            and enough
            and hit.lexical >= enough
        )


def _encoding(uow: UnitOfWork, query: Query) -> Encoding:
    """What waits for the encoded query; None when the model is not to be had: words still are."""
    try:
        encoder = embeddings.searched_with(uow)
    except ModelUnavailable:
        return lambda: None
    return uow.resources.aside.submit(encoder.encode_query, query.text).result


def _grouped(mine: Scope, hits: Sequence[Hit]) -> list[_Group]:
    """Hits by document, in the order of the best."""
    everything = mine.everything
    places = everything.places(np.array([hit.reading_id for hit in hits], np.int64))
    found: dict[int, list[tuple[Hit, int]]] = defaultdict(list)
    for hit, place in zip(hits, places.tolist(), strict=True):
        found[int(everything.documents[place])].append((hit, place))
    return [_group(everything, document, each) for document, each in found.items()]


def _weighed(groups: list[_Group]) -> list[_Group]:
    """In the order of their scores with what people say of them; all of them, as before."""
    return sorted(groups, key=lambda each: -each.hits[0].score - each.weight)


def _group(everything: Findable, document: int, placed: Sequence[tuple[Hit, int]]) -> _Group:
    hits = [hit for hit, _ in placed]
    newest = max(placed, key=lambda each: (everything.numbers[each[1]], each[0].score))
    shown, place = newest if newest[0].score >= NEARLY * hits[0].score else placed[0]
    verified, weight = bool(everything.verified[place]), float(everything.weights[place])
    return _Group(document, shown, hits, verified, weight)


def _lines(uow: UnitOfWork, query: Query, groups: Sequence[_Group]) -> list[HitLine]:
    read = hit_rows.read(uow, [group.shown for group in groups])
    shown = [group for group in groups if group.shown.reading_id in read]
    passages = hit_rows.passages(uow, [group.shown for group in shown])
    newer = hit_rows.newer(uow, [version for _, version in read.values()])
    return [
        _line(
            group,
            passages[group.shown.passage_id],
            read[group.shown.reading_id],
            newer.get(group.document),
            query,
        )
        for group in shown
        if group.shown.passage_id in passages
    ]


def _line(
    group: _Group,
    passage: Passage,
    read: tuple[Reading, Version],
    newer: Version | None,
    query: Query,
) -> HitLine:
    reading, version = read
    document, place = version.document, Place.from_json(passage.place)
    headings = (document.title, *place.heading_path)
    shown = excerpt(passage.text, query)
    return HitLine(
        passage=passage,
        version=version,
        reading=reading,
        place=place,
        excerpt=shown,
        more=group.more,
        newer=newer,
        has_words=any(fragment.marked for fragment in shown)
        or any(matches(heading, query) for heading in headings),
        verified=group.verified,
    )
