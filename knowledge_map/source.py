"""What a map is made from: the areas one expects, and the documents there are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Expected:
    """An area that should exist. `key` is its name in all versions of the checklist.

    hollow: whether it is drawn when nothing fills it. A line that asks for no document is not an
    area of knowledge until somebody hands one in.
    """

    key: str
    title: str
    hollow: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """A passage. vector: unit length, None when it has none; words: as written, repetitions kept.

    headings: those above the passage, outermost first, the document's own title left out.
    """

    id: int
    vector: FloatArray | None
    words: Sequence[str] = ()
    headings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """A document with its passages in their order; none when nothing could be read.

    key: the `Expected.key` of what it was handed in for; None for extra knowledge.
    """

    id: str
    title: str
    key: str | None
    pieces: Sequence[Piece] = ()
