"""Finding candidates with both halves over all segments, and putting them in order."""

from __future__ import annotations

from collections.abc import Sequence

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


def retrieve(
    within: Sequence[Scoped], query: Query | None, vector: FloatArray | None, limit: int
) -> list[Hit]:
    """Return the best hits; without a query by vector alone, without a vector by words alone."""
    depth = max(limit, _DEPTH)
    weights = weights_within([segment for segment, _ in within], query)
    found = [_candidates(scoped, query, weights, vector, depth) for scoped in within]
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


def _candidates(
    scoped: Scoped,
    query: Query | None,
    weights: Weights,
    vector: FloatArray | None,
    depth: int,
) -> tuple[IdArray, Candidates]:
    """Return the ordinals either half has found in a segment, and all scores of each."""
    segment, scope = scoped
    near: IdArray = np.empty(0, np.int64)
    phrased, said = near, NOTHING
    if vector is not None:
        near = segment.vectors.search(vector, scope, depth).ordinals
    if query is not None:
        said = segment.words.search(weights.known, scope, depth, weights.near)
        phrased = segment.words.with_phrases(query.phrases, scope, depth)
    ordinals = np.unique(np.concatenate([near, said.ordinals, phrased]))
    dense = None if vector is None else segment.vectors.scores(vector, ordinals)
    lexical = _lexical(segment, weights, ordinals, said)
    return ordinals, Candidates(dense, lexical, np.isin(ordinals, phrased))


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
