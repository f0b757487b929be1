"""Cutting documents into sections: the units an area is made of.

A handbook is about many things, so whole documents would be too coarse, and single passages say too
little each. A section is what stands under one heading of a document.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from knowledge_map.source import FloatArray, Piece, Source

# Sections of one document are those of the outermost headings that give at least so many; a single
# chapter that holds everything divides nothing.
FEWEST = 3
# A document of fewer passages is about one thing, whatever its headings.
SMALL = 8
# A heading in so many documents, and in such a share of them, is a form's and not a subject's.
COMMON, COMMON_SHARE = 8, 0.3
# With more sections than this a document is as finely cut as a map of 25 areas can use.
MOST = 40


@dataclass(frozen=True, eq=False)
class Section:
    """A stretch of a document. heading: the heading it stands under; empty for a document without,
    or for what stands before its first."""

    document: str
    heading: str
    key: str | None
    title: str
    pieces: list[Piece] = field(default_factory=list)

    @property
    def name(self) -> tuple[str, str]:
        """What it is recognised by when the document is read again or has a newer version."""
        return self.document, self.heading

    @property
    def weight(self) -> int:
        """How much it is: passages, at least one."""
        return max(len(self.pieces), 1)

    @cached_property
    def vector(self) -> FloatArray | None:
        """The mean of its passages; None when none has a vector."""
        vectors = [piece.vector for piece in self.pieces if piece.vector is not None]
        return np.mean(vectors, axis=0, dtype=np.float32) if vectors else None

    @cached_property
    def words(self) -> Counter[str]:
        """How often each word stands in it."""
        return Counter(word for piece in self.pieces for word in piece.words)


def without_forms(sources: Sequence[Source]) -> list[Source]:
    """Return the documents without the headings that stand in many of them: «Impact» in every
    description of an alarm, «Remarks» in every record of a visit."""
    spread = Counter(
        heading
        for source in sources
        for heading in {each for piece in source.pieces for each in piece.headings}
    )
    least = max(COMMON, COMMON_SHARE * len(sources))
    common = {heading for heading, count in spread.items() if count >= least}
    if not common:
        return list(sources)
    return [
        Source(source.id, source.title, source.key, [_bare(each, common) for each in source.pieces])
        for source in sources
    ]


def _bare(piece: Piece, common: set[str]) -> Piece:
    headings = tuple(each for each in piece.headings if each not in common)
    return Piece(piece.id, piece.vector, piece.words, headings)


def sections_of(source: Source) -> list[Section]:
    """Return the sections of a document in their order; one when there is nothing to cut at."""
    depth = _depth(source.pieces) if len(source.pieces) >= SMALL else 0
    found: dict[str, Section] = {}
    for piece in source.pieces:
        heading = piece.headings[:depth][-1] if piece.headings[:depth] else ""
        if heading not in found:
            found[heading] = Section(source.id, heading, source.key, source.title)
        found[heading].pieces.append(piece)
    if not found:
        return [Section(source.id, "", source.key, source.title)]
    return list(found.values())


def _depth(pieces: Sequence[Piece]) -> int:
    """The level of headings to cut at: the first that gives enough sections, the last before it
    gives too many."""
    deepest = max((len(piece.headings) for piece in pieces), default=0)
    for depth in range(1, deepest + 1):
        count = len({piece.headings[:depth] for piece in pieces})
        if count > MOST and depth > 1:
            return depth - 1
        if count >= FEWEST:
            return depth
    return max(deepest, 1)
