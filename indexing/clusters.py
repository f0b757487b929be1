"""Large vector halves: clusters of quantised vectors find candidates, exact rows order them.

FAISS's inverted lists with one byte a number, mapped from disk. How many lists a search visits is
measured when they are made and stored with them, see `_probes`; under a filter more lists are
visited, so that about as many passages are compared as without one.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import faiss
import numpy as np

from indexing.entry import FloatArray, IdArray
from indexing.scope import Scope
from indexing.vectors import RowVectors
from indexing.words import Found

# Segments of fewer passages are scored row by row: a few milliseconds, and always exact.
CLUSTERED_FROM = 20_000

# Rows in memory at a time while clusters are made.
_PART = 20_000

# Up to so many allowed passages, or this share of all, are scored one by one: gathering their rows
# costs less than visiting every list for them (docs/benchmarks.md).
_GATHERED, _GATHERED_SHARE = 8192, 1 / 50

# Lists are four times the square root of the passages; k-means sees this many passages for each.
_LISTS_PER_ROOT = 4
_SAMPLED_PER_LIST = 40
_ROUNDS = 10

# Passages that stand for questions, and which share of their neighbours has to be in the visited
# lists. Questions lie further from passages than passages from one another: the ten nearest of a
# question are spread over as many lists as the hundred nearest of a passage.
_ASKED = 256
_NEIGHBOURS = 100
_RECALL = 0.995
# Where passages of a document lie close together, their neighbours say too little about questions:
# of a million passages the visited lists held 0.956 of the ten nearest to a question, three times
# as many 0.990 (docs/scaling.md).
_FARTHER = 3
# Where they are spread already it says too much: of a hundred thousand passages it would visit a
# quarter of the lists for 0.999 of the ten nearest, a tenth holds 0.991 in less than half the time.
_VISITED_SHARE = 1 / 10


class Clusters:
    """A FAISS index of lists over mapped exact rows."""

    def __init__(self, index: Any, rows: FloatArray) -> None:
        """Take an index as `open` reads it, and the rows it was made of."""
        self._index = index
        self._exact = RowVectors(rows)

    @classmethod
    def open(cls, path: Path, rows: FloatArray) -> Clusters:
        """Map the file into memory. Raises RuntimeError when it is damaged."""
        return cls(faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC), rows)

    @property
    def passages(self) -> int:
        """How many vectors there are."""
        return int(self._index.ntotal)

    def search(self, vector: FloatArray, scope: Scope, limit: int) -> Found:
        """Return the passages of the scope nearest to the vector (d,), by cosine."""
        if scope.count <= max(_GATHERED, _GATHERED_SHARE * self.passages):
            return self._exact.search(vector, scope, limit)
        parameters = self._parameters(scope)
        found = self._index.search(vector[np.newaxis], limit, params=parameters)[1][0]
        ordinals: IdArray = found[found >= 0]
        cosines = self.scores(vector, ordinals)
        order = np.argsort(-cosines, kind="stable")
        return Found(ordinals[order], cosines[order])

    def scores(self, vector: FloatArray, ordinals: IdArray) -> FloatArray:
        """Return the cosine of each of the passages to the vector."""
        return self._exact.scores(vector, ordinals)

    def rows(self, ordinals: IdArray) -> FloatArray:
        """Return the vectors themselves."""
        return self._exact.rows(ordinals)

    def _parameters(self, scope: Scope) -> Any:
        share = scope.count / self.passages
        probes = min(round(self._index.nprobe / share), self._index.nlist)
        selector = None
        if not scope.everything:
            bitmap = scope.bitmap
            selector = faiss.IDSelectorBitmap(scope.mask.size, faiss.swig_ptr(bitmap))
        return faiss.SearchParametersIVF(sel=selector, nprobe=probes)  # type: ignore[call-arg]


def write_clusters(rows: FloatArray, path: Path) -> None:
    """Write unit rows, float32 (n, d), as clusters. Raises OSError."""
    count, dimension = rows.shape
    lists = round(_LISTS_PER_ROOT * count**0.5)
    coarse = faiss.IndexFlatIP(dimension)
    index = faiss.IndexIVFScalarQuantizer(
        coarse, dimension, lists, faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_INNER_PRODUCT
    )
    index.cp.niter = _ROUNDS
    index.cp.min_points_per_centroid = 1
    index.cp.max_points_per_centroid = _SAMPLED_PER_LIST
    # Always the same: the same rows give the same file.
    choice = np.random.default_rng(20)
    sample = choice.choice(count, min(count, _SAMPLED_PER_LIST * lists), replace=False)
    index.train(rows[np.sort(sample)])
    for begin in range(0, count, _PART):
        index.add(rows[begin : begin + _PART])
    asked = rows[np.sort(choice.choice(count, min(count, _ASKED), replace=False))]
    needed = _probes(coarse, rows, asked)
    index.nprobe = min(_FARTHER * needed, max(needed, round(_VISITED_SHARE * lists)))
    try:
        faiss.write_index(index, str(path))
    except RuntimeError as error:
        raise OSError(str(error)) from error


def _probes(coarse: Any, rows: FloatArray, asked: FloatArray) -> int:
    """Return how many lists have to be visited to find the share `_RECALL` of all neighbours.

    For each neighbour the place of its list is looked up among the lists as a search would visit
    them: so one pass over exact neighbours gives the recall of every number of lists.
    """
    neighbours = _neighbours(rows, asked)
    visited = coarse.search(asked, coarse.ntotal)[1]
    own = coarse.search(rows[neighbours.ravel()], 1)[1].reshape(neighbours.shape)
    places = np.argmax(visited[:, np.newaxis, :] == own[:, :, np.newaxis], axis=2)
    return int(np.quantile(places, _RECALL, method="higher")) + 1


def _neighbours(rows: FloatArray, asked: FloatArray) -> IdArray:
    """Return the exact nearest rows of each one asked for, itself apart, a part at a time."""
    best: IdArray = np.empty((len(asked), 0), np.int64)
    near: FloatArray = np.empty((len(asked), 0), np.float32)
    for begin in range(0, len(rows), _PART):
        cosines = asked @ rows[begin : begin + _PART].T
        kept = min(_NEIGHBOURS + 1, cosines.shape[1])
        part = np.argpartition(-cosines, kept - 1, axis=1)[:, :kept]
        near = np.hstack([near, np.take_along_axis(cosines, part, 1)])
        best = np.hstack([best, part + begin])
        order = np.argsort(-near, axis=1)[:, : _NEIGHBOURS + 1]
        near, best = np.take_along_axis(near, order, 1), np.take_along_axis(best, order, 1)
    return best[:, 1:]
