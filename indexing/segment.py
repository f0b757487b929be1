"""A segment: passages with both halves of their index over the same ordinals."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from threading import Lock

import numpy as np

from indexing import clusters
from indexing.clusters import Clusters, write_clusters
from indexing.entry import Entry, FloatArray, IdArray
from indexing.manifest import IndexDamaged, SegmentRecord, records_of, verify
from indexing.scope import Readings, Scope
from indexing.vectors import RowVectors, Vectors, map_rows
from indexing.words import SCHEMA, WordSearcher, WordWriter

# Scopes kept for each segment. One costs a byte and an eighth for every passage; a small company
# has a handful of different permission sets at work at the same time.
_KEPT_SCOPES = 16

_WORDS, _ROWS, _CLUSTERS = "words", "vectors.rows", "vectors.faiss"
_PASSAGES, _READINGS = "passages.npy", "readings.npy"


class Segment:
    """A fixed set of passages, searchable by any number of threads at once.

    `passage_ids` and `reading_ids` have one number a passage; its place there is its ordinal.
    """

    def __init__(
        self, passage_ids: IdArray, reading_ids: IdArray, words: WordSearcher, vectors: Vectors
    ) -> None:
        """Put the halves together."""
        self.passage_ids = passage_ids
        self.reading_ids = reading_ids
        self.words = words
        self.vectors = vectors
        self._scopes: OrderedDict[bytes, Scope] = OrderedDict()
        self._lock = Lock()

    @property
    def passages(self) -> int:
        """How many passages the segment holds."""
        return int(self.passage_ids.size)

    @cached_property
    def _readings(self) -> Readings:
        return Readings.of(self.reading_ids)

    def scope(self, allowed: IdArray, key: bytes) -> Scope:
        """Return what the allowed readings (sorted, each once) hold here; `key` is their digest."""
        with self._lock:
            if key in self._scopes:
                self._scopes.move_to_end(key)
                return self._scopes[key]
        scope = self._readings.scope(allowed, SCHEMA)
        with self._lock:
            self._scopes[key] = scope
            while len(self._scopes) > _KEPT_SCOPES:
                self._scopes.popitem(last=False)
        return scope


def open_segment(folder: Path, record: SegmentRecord, dimension: int) -> Segment:
    """Verify a sealed segment and map it into memory. Raises IndexDamaged.

    Once open it needs the folder no more: all is mapped, and a mapped file outlives its name.
    """
    verify(folder, record)
    try:
        words, vectors = WordSearcher.open(folder / _WORDS), _open_vectors(folder, dimension)
        passage_ids, reading_ids = np.load(folder / _PASSAGES), np.load(folder / _READINGS)
    except (OSError, ValueError, RuntimeError) as error:
        raise IndexDamaged(record.name, "unreadable") from error
    counts = {words.passages, vectors.passages, passage_ids.size, reading_ids.size, record.passages}
    if len(counts) > 1:
        raise IndexDamaged(record.name, "size")
    return Segment(passage_ids, reading_ids, words, vectors)


def write_segment(
    folder: Path,
    published: Iterable[tuple[int, list[Entry]]],
    dimension: int,
    span: tuple[int, int],
) -> SegmentRecord:
    """Write a sealed segment of what was published in the span (after, until] into a new folder.

    Nothing is flushed to the disk here: the generation does it once for everything before it
    becomes the current one. Raises OSError and ValueError (a vector of another dimension).
    """
    folder.mkdir(parents=True)
    words = WordWriter(folder / _WORDS)
    passage_ids: list[int] = []
    reading_ids: list[int] = []
    marked, mark = 0, ""
    with (folder / _ROWS).open("wb") as rows:
        for sequence, entries in published:
            for entry in entries:
                rows.write(checked_vector(entry, dimension).tobytes())
                words.add(len(passage_ids), entry.reading_id, entry.title, entry.text)
                passage_ids.append(entry.passage_id)
                reading_ids.append(entry.reading_id)
            if entries:
                marked, mark = sequence, mark_of(sequence, entries)
    words.close()
    np.save(folder / _PASSAGES, np.array(passage_ids, np.int64))
    np.save(folder / _READINGS, np.array(reading_ids, np.int64))
    _cluster(folder, dimension)
    after, until = span
    count, files = len(passage_ids), records_of(folder)
    return SegmentRecord(folder.name, after, until, count, marked, mark, files)


def mark_of(sequence: int, entries: Sequence[Entry]) -> str:
    """Return what names a publication: its number, the ids of its passages, their vectors."""
    digest = hashlib.sha256(str(sequence).encode())
    for entry in entries:
        digest.update(f"{entry.passage_id} {entry.reading_id} ".encode())
        digest.update(np.asarray(entry.vector, np.float32).tobytes())
    return digest.hexdigest()


def checked_vector(entry: Entry, dimension: int) -> FloatArray:
    """Return the entry's vector as float32 (d,). Raises ValueError when it has another shape."""
    vector = np.asarray(entry.vector, np.float32)
    if vector.shape != (dimension,):
        raise ValueError(f"passage {entry.passage_id}: vector {vector.shape}, not ({dimension},)")
    return vector


def _open_vectors(folder: Path, dimension: int) -> RowVectors | Clusters:
    rows = map_rows(folder / _ROWS, dimension)
    path = folder / _CLUSTERS
    return Clusters.open(path, rows) if path.exists() else RowVectors(rows)


def _cluster(folder: Path, dimension: int) -> None:
    """Write what a search of many rows needs beside them."""
    # Mapped, so that a million of them need no memory that cannot be taken back.
    rows = map_rows(folder / _ROWS, dimension)
    if len(rows) >= clusters.CLUSTERED_FROM:
        write_clusters(rows, folder / _CLUSTERS)
