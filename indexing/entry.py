"""What goes into the index and what comes out of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

FloatArray: TypeAlias = NDArray[np.float32]
IdArray: TypeAlias = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """One passage as the index takes it.

    A reading is one reading of one version of a document; its passages come and go together, so it
    is what permissions are expressed in. `vector` is float32 (d,) of unit length.
    """

    passage_id: int
    reading_id: int
    title: str
    text: str
    vector: FloatArray


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage found. `score` orders the hits of one search and means nothing across searches.

    `dense` is the cosine to the query, None when the search had no vector; `lexical` is BM25, None
    when no word of the query stands in the passage. Neither is for the screen: BM25 counts words
    over all passages, the ones the reader may not see included.
    """

    passage_id: int
    reading_id: int
    score: float
    dense: float | None
    lexical: float | None


class EntrySource(Protocol):
    """The rows the index is derived from.

    Sequence numbers are given in the order of commits, so that nothing appears later below a number
    already read.
    """

    def head(self) -> int:
        """Return the newest published sequence number, 0 when there is none."""

    def newest_head(self) -> int:
        """Return what `head` is at this moment, where the source itself sees an earlier one."""

    def entries_after(self, sequence: int, until: int) -> Iterable[tuple[int, list[Entry]]]:
        """Yield (number, its entries) with `sequence` < number <= `until`, ascending."""
