"""The search index: sealed segments on disk and one growing segment in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from threading import Lock

from indexing.agreement import believed
from indexing.entry import Entry, EntrySource, FloatArray, Hit, IdArray
from indexing.generation import Generation
from indexing.growing import Growing
from indexing.manifest import IdentityMismatch, IndexDamaged
from indexing.nearby import Scoped, nearby
from indexing.query import Query, parse
from indexing.retrieval import Encoding, retrieve, weights_within
from indexing.scope import Allowed
from indexing.segment import Segment
from indexing.shelf import FolderShelf, Shelf
from indexing.terms import Weights

__all__ = ["Entry", "EntrySource", "Hit", "IdentityMismatch", "Index", "Mode"]


class Mode(StrEnum):
    """Which halves answer: both unless somebody measures."""

    HYBRID = "hybrid"
    DENSE = "dense"
    LEXICAL = "lexical"


@dataclass(frozen=True, slots=True)
class _State:
    """What searches see; replaced as a whole, never changed."""

    generation: Generation
    segments: tuple[Segment, ...]
    until: int


class Index:
    """The index of one shelf in one process; thread-safe.

    Searches work on what was caught up last and never wait for a catching up of another thread.
    """

    def __init__(self, shelf: Shelf, state: _State) -> None:
        """Use `open` or `on`."""
        self._shelf = shelf
        self._dimension = shelf.dimension
        self._state = state
        self._growing: Growing | None = None
        self._caught_up = False
        self._lock = Lock()

    @classmethod
    def open(cls, folder: Path, identity: str, dimension: int) -> Index:
        """Open what is folded; a folder that does not exist is an empty index.

        `identity` and `dimension` are the encoder's. Raises IdentityMismatch when the folder was
        made with another model. A damaged folder is no error: see `damage`.
        """
        return cls.on(FolderShelf(folder, identity, dimension))

    @classmethod
    def on(cls, shelf: Shelf) -> Index:
        """Open what is on a shelf. Raises IdentityMismatch."""
        return cls(shelf, _state_of(shelf.open({}), None))

    @property
    def damage(self) -> IndexDamaged | None:
        """What is wrong with the folder; None when all is well.

        Searches are right all the same once caught up: rows replace what is damaged. Folding
        repairs it.
        """
        return self._state.generation.damage

    @property
    def generation(self) -> int:
        """The number of the generation searched, 0 when nothing was folded yet."""
        return self._state.generation.number

    @property
    def until(self) -> int:
        """The newest sequence number a search sees."""
        return self._state.until

    @property
    def passages(self) -> int:
        """How many passages a search sees."""
        return sum(segment.passages for segment in self._state.segments)

    def catch_up(self, source: EntrySource) -> None:
        """Take in everything published until now, and a generation folded meanwhile.

        Raises IdentityMismatch when the folder was rebuilt for another model, ValueError when a row
        has a vector of another dimension, and whatever the source raises; searches then go on with
        what was caught up before.
        """
        with self._lock:
            state = self._state
            # The folder before the rows: what is folded was published before, so the newest number
            # read afterwards cannot be older, unless the source's transaction is.
            found, head = self._newest(state), source.head()
            if self._is_behind(source, head):
                return
            generation = self._agreeing(found, source, head)
            if generation is state.generation and head == state.until:
                self._caught_up = True
                return
            growing = self._growing
            if growing is None or generation is not state.generation or head < growing.until:
                growing = Growing(self._dimension, generation.watermark)
            # Not kept while it is filled: half-filled after an exception, it would count twice.
            self._growing = None
            for sequence, entries in source.entries_after(growing.until, head):
                growing.extend(sequence, entries)
            growing.until = max(growing.until, head)
            self._growing = growing
            self._state = _state_of(generation, growing)
            self._caught_up = True

    def _newest(self, state: _State) -> Generation:
        """Return the generation of the folder: the one in use, unless another was folded."""
        pointer = self._shelf.pointer()
        # No pointer: the folder was deleted. What is mapped is still whole, so keep it.
        if not pointer or pointer == state.generation.pointer:
            return state.generation
        return self._shelf.open(dict(state.generation.segments))

    def _is_behind(self, source: EntrySource, head: int) -> bool:
        """Whether the rows are of a moment before the last catching up: then all is there already.

        A request may have begun its transaction before another one caught up. Where the newest rows
        are older as well, the database was restored under this process.
        """
        until = self._state.until
        return self._caught_up and head < until and source.newest_head() >= until

    def _agreeing(self, found: Generation, source: EntrySource, head: int) -> Generation:
        """Return what the rows allow to be used of a generation: all, some segments, or nothing."""
        old = self._state.generation
        if head < found.watermark:
            # These rows are of a moment before the fold, or the database was restored.
            if self._caught_up and old.watermark <= head:
                return old
            # Without a pointer, so that the folder is looked at again next time.
            return Generation(b"", None, (), 0, IndexDamaged("current", "outdated"))
        if self._caught_up and found is old:
            return found
        return believed(found, source)

    def search(
        self,
        query: str | Query,
        vector: FloatArray | Encoding | None,
        allowed: IdArray | Allowed,
        limit: int,
        mode: Mode = Mode.HYBRID,
    ) -> list[Hit]:
        """Return the best passages of the allowed readings, best first, at most `limit`.

        `query` is what `read` returned, or what was typed; `vector` the encoded query, float32
        (d,), what gives it when the words have been looked up, or None to search by words alone.
        `allowed` are reading ids; what is not an array of whole numbers matches nothing, as does an
        empty one.
        Raises ValueError when the vector has another dimension, and what giving it raises.
        """
        within = self._within(allowed)
        if limit < 1 or not within:
            return []
        words: Query | None = None
        if mode is not Mode.DENSE:
            words = _read(query, within) if isinstance(query, str) else query

        def encoding() -> FloatArray | None:
            found = vector() if callable(vector) else vector
            if found is not None and found.shape != (self._dimension,):
                raise ValueError(f"query vector {found.shape}, not ({self._dimension},)")
            return None if mode is Mode.LEXICAL else found

        return retrieve(within, words, encoding, limit)

    def read(self, typed: str, allowed: IdArray | Allowed) -> Query:
        """Return the query for what was typed, with the words near it in the allowed readings."""
        return _read(typed, self._within(allowed))

    def _within(self, allowed: IdArray | Allowed) -> list[Scoped]:
        """Return the segments with something allowed, and what that is."""
        named = Allowed.of(allowed)
        scoped = [
            (segment, segment.scope(named.ids, named.digest)) for segment in self._state.segments
        ]
        return [(segment, scope) for segment, scope in scoped if scope.count]

    def weights(self, query: str) -> Weights:
        """Return how much each word of the query says, by how few passages hold it."""
        return weights_within(self._state.segments, parse(query))


def _read(typed: str, within: Sequence[Scoped]) -> Query:
    query = parse(typed)
    return replace(query, near=nearby(query, within)) if within else query


def _state_of(generation: Generation, growing: Growing | None) -> _State:
    segments = [segment for _, segment in generation.segments if segment.passages]
    view = growing.view() if growing else None
    if view is not None:
        segments.append(view)
    until = growing.until if growing else generation.watermark
    return _State(generation, tuple(segments), until)
