"""The segment in memory that holds what is published and not yet sealed."""

from __future__ import annotations

import numpy as np

from indexing.entry import Entry, FloatArray, IdArray
from indexing.segment import Segment, checked_vector
from indexing.vectors import RowVectors
from indexing.words import WordWriter

_FIRST_CAPACITY = 256


class Growing:
    """Passages published after a sequence number; `until` is the last one taken.

    Filled by one thread; the views it gives out are fixed and may be searched by any.
    """

    def __init__(self, dimension: int, after: int) -> None:
        """Start empty."""
        self.until = after
        self._dimension = dimension
        self._count = 0
        self._rows = np.empty((_FIRST_CAPACITY, dimension), np.float32)
        self._ids = np.empty((2, _FIRST_CAPACITY), np.int64)
        # Made with the first passage: its threads and 15 MB are not worth having for nothing.
        self._words: WordWriter | None = None

    def extend(self, sequence: int, entries: list[Entry]) -> None:
        """Take what was published under a sequence number.

        Raises ValueError when a vector has another dimension or the number is an old one; after an
        exception the segment must be thrown away, because half of the entries may be in.
        """
        if sequence <= self.until:
            raise ValueError(f"sequence {sequence} after {self.until}")
        self._words = self._words or WordWriter(None)
        self._reserve(self._count + len(entries))
        for entry in entries:
            self._words.add(self._count, entry.reading_id, entry.title, entry.text)
            self._rows[self._count] = checked_vector(entry, self._dimension)
            self._ids[:, self._count] = entry.passage_id, entry.reading_id
            self._count += 1
        self.until = sequence

    def view(self) -> Segment | None:
        """Return everything taken so far as a fixed segment, None when it is nothing."""
        if self._words is None or not self._count:
            return None
        passage_ids, reading_ids = self._ids[:, : self._count]
        rows = RowVectors(self._rows[: self._count])
        return Segment(passage_ids, reading_ids, self._words.searcher(), rows)

    def _reserve(self, count: int) -> None:
        """Make room. Views keep the old arrays: rows below their count are never written again."""
        capacity = len(self._rows)
        if count <= capacity:
            return
        capacity = max(count, 2 * capacity)
        rows: FloatArray = np.empty((capacity, self._dimension), np.float32)
        ids: IdArray = np.empty((2, capacity), np.int64)
        rows[: self._count] = self._rows[: self._count]
        ids[:, : self._count] = self._ids[:, : self._count]
        self._rows, self._ids = rows, ids
