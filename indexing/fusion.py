"""One order out of the two halves of a search."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from indexing.entry import FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """Passages either half has found, with the score of each half for every one of them.

    `dense` are cosines, None when the search had no vector; `lexical` is BM25, 0 without a word in
    common; `phrased` is true where every quoted phrase stands.
    """

    dense: FloatArray | None
    lexical: FloatArray
    phrased: np.ndarray[tuple[int], np.dtype[np.bool_]]


def fuse(candidates: Candidates) -> FloatArray:
    """Return a score for each candidate, larger for the better one."""
    score = _stretched(candidates.lexical)
    if candidates.dense is not None:
        score = np.float32(0.5) * (score + _stretched(candidates.dense))
    return score + candidates.phrased.astype(np.float32)


def _stretched(scores: FloatArray) -> FloatArray:
    """Stretch scores to 0…1."""
    low, high = float(scores.min(initial=0.0)), float(scores.max(initial=0.0))
    return (scores - low) / (high - low) if high > low else np.zeros_like(scores)
