"""Turning published rows into sealed segments."""

from __future__ import annotations

from pathlib import Path

from indexing.agreement import believed
from indexing.entry import EntrySource
from indexing.generation import (
    FoldingBusy,
    Generation,
    carry_over,
    next_number,
    open_generation,
    publish,
    start_building,
    writing,
)
from indexing.manifest import Manifest, SegmentRecord
from indexing.segment import write_segment
from indexing.tokens import TOKENS_VERSION

__all__ = ["FoldingBusy", "fold"]

# A segment is written again together with newer ones once these have grown to this share of it:
# each passage is then written a number of times that grows with the logarithm of their number, and
# so does the number of segments a search has to visit.
_ABSORBED_SHARE = 0.5


def fold(
    folder: Path, identity: str, dimension: int, source: EntrySource, rebuild: bool = False
) -> Manifest:
    """Write what was published since the last fold into a sealed segment; return what is current.

    With `rebuild` everything is written anew from rows, whatever the folder holds, a model of
    another name included. Damaged segments are replaced in any case. Raises FoldingBusy when
    another process folds, IdentityMismatch when the folder is of another model, OSError when the
    disk is full or not writable (the current generation then stays as it is).
    """
    with writing(folder):
        old = _usable(folder, identity, dimension, source, rebuild)
        head = source.head()
        if old.manifest and not old.damage and old.watermark == head:
            return old.manifest
        kept = _kept_segments(old, source, head)
        building, number = start_building(folder), next_number(folder)
        for record in kept:
            carry_over(folder, old.number, record, building)
        after = (
            old.watermark if len(kept) == len(old.segments) else old.segments[len(kept)][0].after
        )
        published = source.entries_after(after, head)
        added = write_segment(building / f"{number:06}", published, dimension, (after, head))
        segments = (*kept, added)
        manifest = Manifest(number, identity, dimension, head, segments, TOKENS_VERSION)
        publish(folder, building, manifest)
        return manifest


def _usable(
    folder: Path, identity: str, dimension: int, source: EntrySource, rebuild: bool
) -> Generation:
    nothing = Generation(b"", None, (), 0, None)
    if rebuild:
        return nothing
    old = open_generation(folder, identity, dimension, {})
    # Rows older than the index: the database was restored from a backup, and it is the truth.
    return nothing if source.head() < old.watermark else believed(old, source)


def _kept_segments(old: Generation, source: EntrySource, head: int) -> list[SegmentRecord]:
    kept = [record for record, _ in old.segments]
    if kept:
        fresh = source.entries_after(old.watermark, head)
        waiting = sum(len(entries) for _, entries in fresh)
        while kept and waiting >= _ABSORBED_SHARE * kept[-1].passages:
            waiting += kept.pop().passages
    return kept
