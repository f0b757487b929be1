"""One order out of the two halves of a search."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from indexing.entry import FloatArray

# More than both halves can give together, so that passages with every quoted phrase come first.
_PHRASED = np.float32(10)


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """Passages either half has found, with the score of each half for every one of them.

    `dense` are cosines, None when the search had no vector; `lexical` is BM25, 0 without a word in
    common; `phrased` is true where every quoted phrase stands.
    """

    dense: FloatArray | None
    lexical: FloatArray
    phrased: np.ndarray[tuple[int], np.dtype[np.bool_]]


def fuse(candidates: Candidates, full: float) -> FloatArray:
    """Return a score for each candidate, larger for the better one.

    `full` is what the words of the query weigh together, those no passage holds included. Cosines
    are stretched over the candidates, because every model has a narrow range of its own; words
    count by the share of the query's weight a passage holds. A question in one language about
    passages in another so gets next to nothing from the year or the name they share, where
    stretching the words too would make that the best evidence there is.

    Measured against four other rules in docs/benchmarks.md.
    """
    score = candidates.lexical / np.float32(full or 1)
    if candidates.dense is not None:
        score = score + _stretched(candidates.dense)
    return score + _PHRASED * candidates.phrased.astype(np.float32)


def _stretched(scores: FloatArray) -> FloatArray:
    """Stretch scores to 0…1; all the same, they say nothing."""
    low, high = (float(scores.min()), float(scores.max())) if scores.size else (0.0, 0.0)
    return (scores - low) / np.float32(high - low) if high > low else np.zeros_like(scores)
