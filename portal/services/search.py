"""Search: a sentence in, passages on their pages out, and only those the person may read.

The filter is inside: the permission policy selects the readings, their ids go into both halves of
the index, and nothing outside them is scored, counted or suggested. It is read anew for every
search in the transaction of it, so a right removed a second ago no longer holds.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from indexing.answering import Asked
from indexing.entry import FloatArray, Hit
from indexing.index import Mode
from indexing.marking import Fragment, excerpt, matches
from indexing.model_unavailable import ModelUnavailable
from indexing.place import Place
from indexing.query import Query, parse
from portal.models import Document, Handover, Passage, Person, Position, Reading, Version
from portal.permissions import Action
from portal.services import answering, search_scope
from portal.services.answering import AnswerLine
from portal.services.index_rows import caught_up
from portal.services.search_scope import Facets, SearchForm
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
class HitLine:
    """One document found by its best passage. `more` counts its other passages with the words.

    `newer` is a newer version this person may read; None when this is the newest. has_words: a word
    of the question that says something stands in it; if not, it was found by its meaning alone.
    verified: a successor has accepted this version.
    """

    passage: Passage
    version: Version
    document: Document
    handover: Handover
    author: Person
    place: Place
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
    are what is nearest, which may answer or not. answer: what answers a question, without quotes
    where nothing does; None where nothing was asked in a sentence, and on further pages.
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
    answer: AnswerLine | None = None


def search(uow: UnitOfWork, form: SearchForm) -> Results:
    """Find passages. An empty query finds nothing and still says what could be filtered.

    Raises Forbidden for somebody who has left, NotReady when the index cannot be used.
    """
    uow.permit(Action.SEARCH)
    query = parse(form.query)
    vector = _vector(uow, query) if query.text else None
    groups = _grouped(uow, _hits(uow, form, query, vector)) if query.text else []
    pages = max(1, -(-len(groups) // PAGE))
    page = min(max(form.page, 1), pages)
    lines = _lines(uow, query, groups[(page - 1) * PAGE : page * PAGE])
    readable = search_scope.readable(uow)
    return Results(
        query=query,
        hits=lines,
        total=len(groups),
        page=page,
        pages=pages,
        facets=search_scope.facets(uow, form),
        readable=readable,
        by_words=bool(query.text) and vector is None,
        by_meaning=bool(lines) and not any(line.has_words for line in lines),
        answer=_answer(uow, query, vector, groups) if page == 1 and readable else None,
    )


def _answer(
    uow: UnitOfWork, query: Query, vector: FloatArray | None, groups: Sequence[_Group]
) -> AnswerLine | None:
    """What answers; the words of a version that another one stands for are not quoted."""
    if vector is None:
        return None
    found = sorted(
        (
            (hit, group.version)
            for group in groups
            for hit in group.hits
            if hit.reading_id == group.shown.reading_id
        ),
        key=lambda each: (-each[0].score, each[0].passage_id),
    )
    # Caught up when the hits were found.
    weights = uow.resources.index.weights(query.text)
    hits = [hit for hit, _ in found]
    return answering.answered(uow, Asked(query, vector, weights, hits), found)


@dataclass(frozen=True)
class _Group:
    """What was found in one document: the hit that stands for it and all of them, best first."""

    shown: Hit
    hits: list[Hit]
    version: Version

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


def _vector(uow: UnitOfWork, query: Query) -> FloatArray | None:
    """The encoded query; None when the model is not to be had: words still are."""
    try:
        return uow.resources.encoder.encode_query(query.text)
    except ModelUnavailable:
        return None


def _hits(uow: UnitOfWork, form: SearchForm, query: Query, vector: FloatArray | None) -> list[Hit]:
    allowed = search_scope.allowed(uow, form)
    if not allowed.size:
        return []
    mode = Mode.LEXICAL if vector is None else Mode.HYBRID
    return caught_up(uow).search(query.text, vector, allowed, DEPTH, mode)


def _grouped(uow: UnitOfWork, hits: Sequence[Hit]) -> list[_Group]:
    """Hits by document, in the order of the best; what has gone meanwhile is dropped."""
    versions = _versions(uow, hits)
    found: dict[int, list[Hit]] = defaultdict(list)
    for hit in hits:
        if hit.reading_id in versions:
            found[versions[hit.reading_id].document_id].append(hit)
    return [_group(each, versions) for each in found.values()]


def _group(hits: list[Hit], versions: dict[int, Version]) -> _Group:
    newest = max(hits, key=lambda hit: (versions[hit.reading_id].number, hit.score))
    shown = newest if newest.score >= NEARLY * hits[0].score else hits[0]
    return _Group(shown, hits, versions[shown.reading_id])


def _versions(uow: UnitOfWork, hits: Sequence[Hit]) -> dict[int, Version]:
    """Versions by the id of their reading, as far as this person may read them now."""
    rows = uow.session.execute(
        select(Reading.id, Version)
        .join(Version, Reading.version_id == Version.id)
        .where(Reading.id.in_({hit.reading_id for hit in hits}), Reading.current)
        .where(uow.rows(Action.VIEW_VERSION))
        .options(
            joinedload(Version.document).joinedload(Document.owner),
            joinedload(Version.document)
            .joinedload(Document.handover)
            .joinedload(Handover.position)
            .joinedload(Position.department),
        )
    )
    return {row[0]: row[1] for row in rows}


def _lines(uow: UnitOfWork, query: Query, groups: Sequence[_Group]) -> list[HitLine]:
    passages = {
        passage.id: passage
        for passage in uow.session.scalars(
            select(Passage).where(Passage.id.in_([group.shown.passage_id for group in groups]))
        )
    }
    newest = _newest(uow, groups)
    verified = _verified(uow, groups)
    return [
        replace(
            _line(group, passages[group.shown.passage_id], newest, query),
            verified=group.version.id in verified,
        )
        for group in groups
        if group.shown.passage_id in passages
    ]


def _verified(uow: UnitOfWork, groups: Sequence[_Group]) -> set[int]:
    """Row ids of the shown versions a successor has accepted."""
    shown = [group.version.id for group in groups]
    rows = select(Version.id).join(Document, Version.document_id == Document.id)
    return set(uow.session.scalars(rows.where(Version.id.in_(shown), search_scope.verified())))


def _newest(uow: UnitOfWork, groups: Sequence[_Group]) -> dict[int, Version]:
    """The newest version of each document this person may read, read or not yet."""
    rows = uow.session.scalars(
        select(Version)
        .where(Version.document_id.in_([group.version.document_id for group in groups]))
        .where(uow.rows(Action.VIEW_VERSION))
        .order_by(Version.number)
    )
    return {version.document_id: version for version in rows}


def _line(group: _Group, passage: Passage, newest: dict[int, Version], query: Query) -> HitLine:
    version, document = group.version, group.version.document
    newer = newest.get(document.id)
    place = Place.from_json(passage.place)
    headings = (document.title, *place.heading_path)
    return HitLine(
        passage=passage,
        version=version,
        document=document,
        handover=document.handover,
        author=document.owner,
        place=place,
        excerpt=excerpt(passage.text, query),
        more=group.more,
        newer=newer if newer is not None and newer.number > version.number else None,
        has_words=any(matches(text, query) for text in (passage.text, *headings)),
        verified=False,
    )
