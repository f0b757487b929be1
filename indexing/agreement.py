"""Whether sealed segments and rows tell the same story.

A database restored from a backup gives its numbers out again, so that number 12 of the folder and
number 12 of the rows are two different things. The rows are the truth: each segment remembers the
last publication it holds, and is only believed while the rows do not contradict it.
"""

from __future__ import annotations

from indexing.entry import EntrySource
from indexing.generation import Generation
from indexing.manifest import IndexDamaged, SegmentRecord
from indexing.segment import mark_of


def believed(generation: Generation, source: EntrySource) -> Generation:
    """Return the generation without the segments the rows contradict, and those after them."""
    for place, (record, _) in enumerate(generation.segments):
        if _contradicted(record, source):
            damage = IndexDamaged(record.name, "outdated")
            kept = generation.segments[:place]
            return Generation(generation.pointer, generation.manifest, kept, record.after, damage)
    return generation


def _contradicted(record: SegmentRecord, source: EntrySource) -> bool:
    # No rows contradict nothing: the reading does not count any more, or this transaction began
    # before it was published.
    published = source.entries_after(record.marked - 1, record.marked)
    return any(
        mark_of(sequence, entries) != record.mark for sequence, entries in published if entries
    )
