"""Finding candidates with both halves over all segments, and putting them in order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from indexing.entry import FloatArray, Hit, IdArray
from indexing.fusion import Candidates, fuse
from indexing.nearby import Scoped
from indexing.query import Query
from indexing.segment import Segment
from indexing.terms import Weights, terms_of, weights_of
from indexing.words import NOTHING, Found

# Candidates each half gives at least, however few hits are asked for: the order of the first ten
# settles among them, and the fusion needs to see how the scores fall off.
_DEPTH = 100


# What gives the encoded query, or None, when it is needed.
Encoding: TypeAlias = Callable[[], FloatArray | None]


def retrieve(
    within: Sequence[Scoped], query: Query | None, encoding: Encoding, limit: int
) -> list[Hit]:
    """Return the best hits; without a query by vector alone, without a vector by words alone.

    The words of all segments are looked up before the vector is asked for: it may still be on its
    way from another thread, and both take about as long.
    """
    depth = max(limit, _DEPTH)
    weights = weights_within([segment for segment, _ in within], query)
    said = [_said(scoped, query, weights, depth) for scoped in within]
    vector = encoding()
    found = [
        _candidates(scoped, weights, each, vector, depth)
        for scoped, each in zip(within, said, strict=True)
    ]
    if not any(ordinals.size for ordinals, _ in found):
        return []
    candidates = _joined([each for _, each in found])
    passages = np.concatenate(
        [segment.passage_ids[o] for (segment, _), (o, _) in zip(within, found, strict=True)]
    )
    readings = np.concatenate(
        [segment.reading_ids[o] for (segment, _), (o, _) in zip(within, found, strict=True)]
    )
    scores = fuse(candidates, weights.full)
    # Equal scores in the order of passages: the same question gives the same page in every process.
    order = np.lexsort((passages, -scores))[:limit]
    dense = candidates.dense
    # Whole columns at once: number by number it took as long as finding the passages.
    return [
        Hit(passage, reading, score, cosine, lexical or None)
        for passage, reading, score, cosine, lexical in zip(
            passages[order].tolist(),
            readings[order].tolist(),
            scores[order].tolist(),
            [None] * order.size if dense is None else dense[order].tolist(),
            candidates.lexical[order].tolist(),
            strict=True,
        )
    ]


def weights_within(segments: Sequence[Segment], query: Query | None) -> Weights:
    """Return what the terms of a query weigh over all passages of the segments."""
    if query is None or not segments:
        return Weights({}, 0.0)
    counts = [segment.words.frequencies(terms_of(query)) for segment in segments]
    frequencies = [sum(column) for column in zip(*counts, strict=True)]
    passages = sum(segment.passages for segment in segments)
    return weights_of(query, frequencies, passages)


@dataclass(frozen=True, slots=True, eq=False)
class _Said:
    """What the words have found in a segment; phrased: the ordinals with every quoted phrase."""

    found: Found
    phrased: IdArray


def _said(scoped: Scoped, query: Query | None, weights: Weights, depth: int) -> _Said:
    segment, scope = scoped
    if query is None:
        return _Said(NOTHING, NOTHING.ordinals)
    found = segment.words.search(weights.known, scope, depth, weights.near)
    return _Said(found, segment.words.with_phrases(query.phrases, scope, depth))


def _candidates(
    scoped: Scoped, weights: Weights, said: _Said, vector: FloatArray | None, depth: int
) -> tuple[IdArray, Candidates]:
    """Return the ordinals either half has found in a segment, and all scores of each."""
    segment, scope = scoped
    found = [said.found.ordinals, said.phrased]
    if vector is not None:
        found.append(segment.vectors.search(vector, scope, depth).ordinals)
    ordinals = np.unique(np.concatenate(found))
    dense = None if vector is None else segment.vectors.scores(vector, ordinals)
    lexical = _lexical(segment, weights, ordinals, said.found)
    return ordinals, Candidates(dense, lexical, np.isin(ordinals, said.phrased))


def _lexical(segment: Segment, weights: Weights, ordinals: IdArray, said: Found) -> FloatArray:
    """Return the BM25 of the ordinals (ascending), looked up for those the words did not find."""
    scores = np.zeros(ordinals.size, np.float32)
    scores[np.searchsorted(ordinals, said.ordinals)] = said.scores
    others = np.flatnonzero(~np.isin(ordinals, said.ordinals))
    scores[others] = segment.words.scores(weights.known, ordinals[others], weights.near)
    return scores


def _joined(parts: Sequence[Candidates]) -> Candidates:
    dense = [part.dense for part in parts if part.dense is not None]
    return Candidates(
        np.concatenate(dense) if dense else None,
        np.concatenate([part.lexical for part in parts]),
        np.concatenate([part.phrased for part in parts]),
    )
