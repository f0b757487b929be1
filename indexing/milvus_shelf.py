"""The sealed part of an index in Milvus: for more passages than one machine should hold.

Each generation is two collections: passages, and in how many of them each term stands. One row
beside the terms says up to which number everything is there; it is written last, so that a writer
killed before leaves the same to be done again, and what is written twice is there once. Writing
everything anew makes another generation; the one before it stays until the next, for those who
search it at the moment.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from indexing.agreement import believed
from indexing.contents import Contents
from indexing.entry import Entry, EntrySource
from indexing.generation import Generation, writing
from indexing.manifest import IndexDamaged, Manifest, SegmentRecord
from indexing.milvus_client import connected
from indexing.milvus_contents import MilvusContents
from indexing.milvus_rows import (
    create_passages,
    create_terms,
    lengths_of,
    row_of,
    term_row,
    terms_in,
)
from indexing.milvus_segment import MilvusSegment, number_of, within
from indexing.segment import Segment, mark_of
from indexing.tokens import TOKENS_VERSION

# Raised when rows change their meaning.
_LAYOUT = 1
# Passages written together: some megabytes.
_TOGETHER = 500
# Passages whose lengths say how long passages are, for as long as a generation lasts.
_MEASURED = 5000
# Seconds for which the newest generation is taken to be so; what is published later than it is in
# memory, so this is about memory alone.
_FRESH = 5.0
_STATE = 0
# No generation there: those who search one that was deleted have to notice.
_NOTHING = b"nothing"


@dataclass(frozen=True, slots=True)
class _State:
    """What the row of a generation says. lengths: terms of a passage on average, by field."""

    identity: str
    watermark: int
    passages: int
    marked: int
    mark: str
    lengths: dict[str, float]
    tokens: int = TOKENS_VERSION
    layout: int = _LAYOUT


class MilvusShelf:
    """The collections of one model whose names begin with `name`; `folder` keeps writers apart.

    Writers on several machines at once do no harm but work: frequencies may be counted twice.
    """

    def __init__(self, url: str, name: str, folder: Path, model: tuple[str, int]) -> None:
        """Name the server (as MilvusClient takes it), the collections and the model."""
        self._url = url
        self._name = name
        self._folder = folder
        self.identity, self.dimension = model
        self._seen: tuple[float, bytes] = (0.0, _NOTHING)

    def pointer(self) -> bytes:
        """Return what names the current generation, or that there is none."""
        moment, pointer = self._seen
        if pointer == _NOTHING or time.monotonic() - moment > _FRESH:
            number, state = self._current()
            pointer = json.dumps([number, state and asdict(state)]).encode() if state else _NOTHING
            self._seen = (time.monotonic(), pointer)
        return pointer

    def open(self, known: Mapping[SegmentRecord, Segment]) -> Generation:
        """Open the current generation."""
        self._seen = (0.0, _NOTHING)
        pointer = self.pointer()
        if pointer == _NOTHING:
            return Generation(pointer, None, (), 0, None)
        number, values = json.loads(pointer)
        state = _State(**values)
        record = self._record(number, state)
        manifest = self._manifest(number, state, record)
        if (state.tokens, state.layout) != (TOKENS_VERSION, _LAYOUT):
            return Generation(pointer, None, (), 0, IndexDamaged(self._name, "outdated"))
        return Generation(
            pointer, manifest, ((record, self._segment(number, state)),), state.watermark, None
        )

    def manifest(self) -> Manifest | None:
        """Return what the current generation holds."""
        number, state = self._current()
        return self._manifest(number, state, self._record(number, state)) if state else None

    def fold(self, source: EntrySource, rebuild: bool = False) -> Manifest:
        """Write what was published since the last time. Raises FoldingBusy and OSError."""
        with writing(self._folder):
            number, state = self._current()
            head = source.head()
            opened = believed(self.open({}), source)
            usable = state and opened.manifest and not opened.damage and head >= state.watermark
            if rebuild or not usable:
                number, state = number + 1, self._begin(number + 1, source, head)
            assert state is not None
            if state.watermark < head or rebuild:
                state = self._write(number, state, source, head)
            self._drop(number - 1)
            self._seen = (0.0, _NOTHING)
            return self._manifest(number, state, self._record(number, state))

    def contents(self) -> Contents:
        """Return what is written, for comparing it with the rows."""
        number, state = self._current()
        watermark = state.watermark if state else 0
        if state:
            self._connected().use(self._names(number)[0])
        return MilvusContents(self._connected(), self._names(number)[0], watermark)

    def remove(self) -> None:
        """Remove every generation."""
        self._drop(self._numbers()[-1] + 1 if self._numbers() else 0)
        self._seen = (0.0, _NOTHING)

    def _connected(self) -> Any:
        return connected(self._url)

    def _names(self, number: int) -> tuple[str, str]:
        return f"{self._name}_{number:06}", f"{self._name}_{number:06}_terms"

    def _numbers(self) -> list[int]:
        """Generations there are, finished or not."""
        names = self._connected().list_collections()
        mine = (
            name.removeprefix(f"{self._name}_") for name in names if name.startswith(self._name)
        )
        return sorted({int(name[:6]) for name in mine if name[:6].isdigit()})

    def _current(self) -> tuple[int, _State | None]:
        """The newest generation that was finished; without one the highest number there is."""
        numbers = self._numbers()
        for number in reversed(numbers):
            state = self._read_state(number)
            if state is not None:
                return number, state
        return (numbers[-1] if numbers else 0), None

    def _read_state(self, number: int) -> _State | None:
        terms = self._names(number)[1]
        if not self._connected().has_collection(terms):
            return None
        self._connected().use(terms)
        rows = self._connected().query(terms, filter=f"id == {_STATE}", output_fields=["state"])
        return _State(**json.loads(rows[0]["state"])) if rows else None

    def _record(self, number: int, state: _State) -> SegmentRecord:
        name = self._names(number)[0]
        return SegmentRecord(name, 0, state.watermark, state.passages, state.marked, state.mark, ())

    def _manifest(self, number: int, state: _State, record: SegmentRecord) -> Manifest:
        return Manifest(
            number, state.identity, self.dimension, state.watermark, (record,), state.tokens
        )

    def _segment(self, number: int, state: _State) -> MilvusSegment:
        self._connected().use(self._names(number)[0])
        return MilvusSegment(self._connected(), *self._names(number), state.passages)

    def _begin(self, number: int, source: EntrySource, head: int) -> _State:
        """Make the collections of a generation."""
        passages, terms = self._names(number)
        client = self._connected()
        for name in (passages, terms):
            client.drop_collection(name)
        create_passages(client, passages, self.dimension)
        create_terms(client, terms)
        first = islice(_entries(source, 0, head), _MEASURED)
        return _State(self.identity, 0, 0, 0, "", lengths_of(first))

    def _write(self, number: int, state: _State, source: EntrySource, head: int) -> _State:
        marked, mark = state.marked, state.mark

        def published() -> Iterator[Entry]:
            nonlocal marked, mark
            for sequence, entries in source.entries_after(state.watermark, head):
                yield from entries
                if entries:
                    marked, mark = sequence, mark_of(sequence, entries)

        client, (passages, terms) = self._connected(), self._names(number)
        client.use(passages)
        stream = published()
        while some := list(islice(stream, _TOGETHER)):
            rows = [row_of(entry, self.dimension, state.lengths) for entry in some]
            self._count(terms, self._new(passages, some))
            client.upsert(passages, rows)
        client.flush(passages)
        counted = client.query(passages, filter="", output_fields=["count(*)"])[0]["count(*)"]
        done = replace(state, watermark=head, passages=counted, marked=marked, mark=mark)
        client.upsert(terms, [term_row(_STATE, 0, json.dumps(asdict(done)))])
        return done

    def _new(self, passages: str, some: Sequence[Entry]) -> list[Entry]:
        """Those not written before, by a writer that was killed."""
        ids = np.array([entry.passage_id for entry in some], np.int64)
        rows = self._connected().query(
            passages, filter=within("passage", ids), output_fields=["passage"]
        )
        known = {row["passage"] for row in rows}
        return [entry for entry in some if entry.passage_id not in known]

    def _count(self, terms: str, entries: Sequence[Entry]) -> None:
        """Add the terms of new passages to the frequencies.

        Before the passages: a word that is counted once too often is found, one never counted not.
        """
        counts: Counter[int] = Counter()
        for entry in entries:
            counts.update({number_of(term) for term in terms_in(entry)})
        for part in _parts(sorted(counts)):
            rows = self._connected().query(terms, filter=f"id in {part}", output_fields=["count"])
            known = {row["id"]: row["count"] for row in rows}
            self._connected().upsert(
                terms, [term_row(each, known.get(each, 0) + counts[each]) for each in part]
            )

    def _drop(self, before: int) -> None:
        for number in self._numbers():
            if number < before:
                for name in self._names(number):
                    self._connected().drop_collection(name)


def _entries(source: EntrySource, after: int, head: int) -> Iterator[Entry]:
    for _, entries in source.entries_after(after, head):
        yield from entries


def _parts(numbers: Sequence[int]) -> Iterator[list[int]]:
    for begin in range(0, len(numbers), 4 * _TOGETHER):
        yield list(numbers[begin : begin + 4 * _TOGETHER])
