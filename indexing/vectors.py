"""The vector half of a segment."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

import faiss
import numpy as np

from indexing.entry import FloatArray, IdArray
from indexing.scope import Scope
from indexing.words import Found

# Up to this many allowed passages are scored one by one: gathering their rows costs less than a
# search that has to step over everything else.
_GATHERED = 4096


class Vectors(Protocol):
    """Unit vectors by ordinal; any number of threads may search them at once."""

    def search(self, vector: FloatArray, scope: Scope, limit: int) -> Found:
        """Return the passages of the scope nearest to the vector (d,), by cosine."""

    def scores(self, vector: FloatArray, ordinals: IdArray) -> FloatArray:
        """Return the cosine of each of the passages to the vector."""


class RowVectors:
    """Vectors as rows of one array, in memory or mapped; always exact."""

    def __init__(self, rows: FloatArray) -> None:
        """Take float32 (n, d) unit rows; they are not copied."""
        self._rows = rows

    def search(self, vector: FloatArray, scope: Scope, limit: int) -> Found:
        """Return the passages of the scope nearest to the vector (d,), by cosine."""
        if scope.everything:
            cosines = self._rows @ vector
            best = _largest(cosines, limit)
            return Found(best, cosines[best])
        ordinals = scope.ordinals
        cosines = self.scores(vector, ordinals)
        best = _largest(cosines, limit)
        return Found(ordinals[best], cosines[best])

    def scores(self, vector: FloatArray, ordinals: IdArray) -> FloatArray:
        """Return the cosine of each of the passages to the vector."""
        cosines: FloatArray = self._rows[ordinals] @ vector
        return cosines


class FaissVectors:
    """A FAISS index mapped from disk."""

    def __init__(self, index: Any) -> None:
        """Take an index of inner products, as `open` reads it."""
        self._index = index
        rows = faiss.rev_swig_ptr(index.get_xb(), index.ntotal * index.d)
        self._rows = RowVectors(rows.reshape(index.ntotal, index.d))

    @classmethod
    def open(cls, path: Path) -> FaissVectors:
        """Map the file into memory. Raises RuntimeError when it is damaged."""
        return cls(faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC))

    @property
    def passages(self) -> int:
        """How many vectors there are."""
        return int(self._index.ntotal)

    def search(self, vector: FloatArray, scope: Scope, limit: int) -> Found:
        """Return the passages of the scope nearest to the vector (d,), by cosine."""
        if scope.count <= _GATHERED:
            return self._rows.search(vector, scope, limit)
        parameters = None
        if not scope.everything:
            bitmap = scope.bitmap
            selector = faiss.IDSelectorBitmap(scope.mask.size, faiss.swig_ptr(bitmap))
            parameters = faiss.SearchParameters(sel=selector)  # type: ignore[call-arg]
        limit = min(limit, scope.count)
        scores, ordinals = self._index.search(vector[np.newaxis], limit, params=parameters)
        found = ordinals[0] >= 0
        return Found(ordinals[0][found], scores[0][found])

    def scores(self, vector: FloatArray, ordinals: IdArray) -> FloatArray:
        """Return the cosine of each of the passages to the vector."""
        return self._rows.scores(vector, ordinals)


def write_flat(rows: FloatArray, path: Path) -> None:
    """Write unit rows, float32 (n, d), as an exact FAISS index. Raises OSError."""
    index = faiss.IndexFlatIP(rows.shape[1])
    index.add(np.ascontiguousarray(rows, np.float32))
    try:
        faiss.write_index(index, str(path))
    except RuntimeError as error:
        raise OSError(str(error)) from error


def _largest(scores: FloatArray, limit: int) -> IdArray:
    if limit < scores.size:
        best = np.argpartition(-scores, limit)[:limit]
    else:
        best = np.arange(scores.size)
    order = np.argsort(-scores[best], kind="stable")
    return best[order].astype(np.int64, copy=False)
