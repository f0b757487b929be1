"""The vector half of a segment."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import numpy as np

from indexing.entry import FloatArray, IdArray
from indexing.scope import Scope
from indexing.words import Found

# Up to this share of a segment only the rows of the scope are gathered and scored; above it
# scoring all of them, in the order of memory, costs less.
_GATHERED_SHARE = 0.25
# Rows gathered at a time. What is gathered then stays in the processor's cache until it is scored,
# and in memory that was had before: of 16,000 rows at once half the time goes to getting new one.
_TOGETHER = 2048


class Vectors(Protocol):
    """Unit vectors by ordinal; any number of threads may search them at once."""

    def search(self, vector: FloatArray, scope: Scope, limit: int) -> Found:
        """Return the passages of the scope nearest to the vector (d,), by cosine."""

    def scores(self, vector: FloatArray, ordinals: IdArray) -> FloatArray:
        """Return the cosine of each of the passages to the vector."""

    def rows(self, ordinals: IdArray) -> FloatArray:
        """Return the vectors themselves."""


class RowVectors:
    """Vectors as rows of one array, in memory or mapped; always exact."""

    def __init__(self, rows: FloatArray) -> None:
        """Take float32 (n, d) unit rows; they are not copied."""
        self._rows = rows

    @property
    def passages(self) -> int:
        """How many vectors there are."""
        return len(self._rows)

    def search(self, vector: FloatArray, scope: Scope, limit: int) -> Found:
        """Return the passages of the scope nearest to the vector (d,), by cosine."""
        if scope.count > _GATHERED_SHARE * len(self._rows):
            cosines = self._rows @ vector
            if not scope.everything:
                cosines = np.where(scope.mask, cosines, -np.inf)
            best = _largest(cosines, min(limit, scope.count))
            return Found(best, cosines[best])
        ordinals = scope.ordinals
        cosines = self.scores(vector, ordinals)
        best = _largest(cosines, limit)
        return Found(ordinals[best], cosines[best])

    def scores(self, vector: FloatArray, ordinals: IdArray) -> FloatArray:
        """Return the cosine of each of the passages to the vector."""
        cosines: FloatArray = np.empty(ordinals.size, np.float32)
        for begin in range(0, ordinals.size, _TOGETHER):
            part = slice(begin, begin + _TOGETHER)
            cosines[part] = self._rows[ordinals[part]] @ vector
        return cosines

    def rows(self, ordinals: IdArray) -> FloatArray:
        """Return the vectors themselves."""
        return self._rows[ordinals]


def map_rows(path: Path, dimension: int) -> FloatArray:
    """Map a file of float32 rows into memory. Raises OSError and ValueError."""
    if not path.stat().st_size:
        return np.empty((0, dimension), np.float32)
    # A plain array over the mapping: numpy's memmap costs much more for each small access.
    return np.asarray(np.memmap(path, np.float32, "r")).reshape(-1, dimension)


def _largest(scores: FloatArray, limit: int) -> IdArray:
    if limit < scores.size:
        best = np.argpartition(-scores, limit)[:limit]
    else:
        best = np.arange(scores.size)
    order = np.argsort(-scores[best], kind="stable")
    return best[order].astype(np.int64, copy=False)
