"""The answer above the hits: sentences of the passages a search has found, quoted where they stand.

It is made of the hits alone, which the permission policy has already chosen, so nothing is quoted
that this person could not open.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from indexing import answering
from indexing.answering import Asked, Numbers, Quote, Source
from indexing.entry import Hit
from indexing.marking import Fragment, marked
from indexing.place import Place, boxes_within
from indexing.query import Query
from indexing.terms import Weights
from portal.models import Passage, Version
from portal.services import embeddings, hit_rows
from portal.services.passage_line import PassageLine
from portal.unit_of_work import UnitOfWork


@dataclass(frozen=True)
class QuoteLine(PassageLine):
    """One to three sentences of one passage, each in fragments, and where they stand."""

    sentences: list[list[Fragment]]


@dataclass(frozen=True)
class AnswerLine:
    """What the page says above the hits: quotes, the first the best; none when nothing answers."""

    quotes: list[QuoteLine]
    confidence: float


def answered(
    uow: UnitOfWork,
    query: Query,
    weights: Weights,
    found: Sequence[Hit],
    readable: Mapping[int, Version],
) -> AnswerLine | None:
    """The answer to a question; None when it is none, or the model's numbers are not known.

    `found` are all hits of its search, `readable` the versions of the first of them by their
    readings, as far as this person may read them.
    """
    encoder = embeddings.searched_with(uow)
    numbers = Numbers.of(encoder.identity)
    if numbers is None or not answering.asks(query):
        return None
    asked = Asked(query, encoder.detailed_query(query.text), weights, found)
    hits = [hit for hit in found[: answering.PASSAGES] if hit.reading_id in readable]
    versions = {hit.passage_id: readable[hit.reading_id] for hit in hits}
    passages = hit_rows.passages(uow, hits)
    sources = [
        Source(
            hit,
            versions[hit.passage_id].document_id,
            passages[hit.passage_id].text,
            _heading(passages[hit.passage_id], versions[hit.passage_id]),
        )
        for hit in hits
        if hit.passage_id in passages
    ]
    best = answering.answer(asked, sources, encoder.detailed_passages, numbers)
    if best is None or not best.sure:
        return AnswerLine([], best.confidence if best else 0.0)
    lines = [
        _line(quote, passages[quote.source.hit.passage_id], versions, query)
        for quote in best.quotes
    ]
    return AnswerLine(lines, best.confidence)


def _heading(passage: Passage, version: Version) -> str:
    path = Place.from_json(passage.place).heading_path
    return path[-1] if path else version.document.title


def _line(quote: Quote, passage: Passage, versions: dict[int, Version], query: Query) -> QuoteLine:
    place = Place.from_json(passage.place)
    if "last_boxes" not in passage.place:
        length = len(passage.text) or 1
        boxes = [
            box
            for begin, end in quote.spans
            for box in boxes_within(place.boxes, begin / length, end / length)
        ]
        place = replace(place, boxes=tuple(dict.fromkeys(boxes)))
    return QuoteLine(
        passage=passage,
        version=versions[passage.id],
        place=place,
        sentences=[marked(passage.text[slice(*span)], query) for span in quote.spans],
    )
