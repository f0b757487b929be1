"""What an index has on its shelves, for comparing it with the rows it was made of."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np

from indexing.entry import FloatArray, IdArray
from indexing.generation import open_generation
from indexing.manifest import IdentityMismatch
from indexing.segment import Segment


class Contents(Protocol):
    """What is written of an index. `watermark`: everything published up to it should be there.

    `passage_ids` are sorted. `damage` says what is wrong with its files, None when they are whole.
    `wordless` are the passages whose words it has lost.
    """

    watermark: int
    damage: str | None
    passage_ids: IdArray
    wordless: IdArray

    def vectors(self, passage_ids: IdArray) -> FloatArray:
        """Return the vectors of passages that are all among `passage_ids`, in their order."""


class FolderContents:
    """The sealed segments of a folder."""

    def __init__(self, folder: Path, identity: str, dimension: int) -> None:
        """Open the current generation, which compares its files with their hashes."""
        self.watermark, self.damage = 0, None
        self._segments: Sequence[Segment] = ()
        try:
            generation = open_generation(folder, identity, dimension, {})
        except (IdentityMismatch, OSError) as error:
            self.damage = str(error)
        else:
            self.watermark = generation.watermark
            self.damage = str(generation.damage) if generation.damage else None
            self._segments = [segment for _, segment in generation.segments if segment.passages]
        ids = [segment.passage_ids for segment in self._segments]
        every = np.concatenate([np.empty(0, np.int64), *ids])
        self._order = np.argsort(every, kind="stable")
        self._begins = np.cumsum([0, *(each.size for each in ids)])
        self.passage_ids = every[self._order]
        lost = [_wordless(segment) for segment in self._segments]
        self.wordless: IdArray = np.concatenate([np.empty(0, np.int64), *lost])

    def vectors(self, passage_ids: IdArray) -> FloatArray:
        """Return the vectors of passages that are all among `passage_ids`, in their order."""
        places = self._order[np.searchsorted(self.passage_ids, passage_ids)]
        owners = np.searchsorted(self._begins, places, side="right") - 1
        parts = [
            segment.vectors.rows(places[owners == at] - self._begins[at])
            for at, segment in enumerate(self._segments)
        ]
        found = np.empty((places.size, parts[0].shape[1] if parts else 0), np.float32)
        for at, part in enumerate(parts):
            found[owners == at] = part
        return found


def _wordless(segment: Segment) -> IdArray:
    """Passages of a segment of which the word index has no document."""
    held = np.zeros(segment.passages, np.bool_)
    held[segment.words.ordinals()] = True
    return segment.passage_ids[~held]
