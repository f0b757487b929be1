"""What searches filter and count among, as columns in memory."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from functools import cached_property
from threading import Lock
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from indexing.entry import FloatArray, IdArray
from indexing.scope import Allowed

Value = TypeVar("Value")
Mask = NDArray[np.bool_]

# A draft's day in `sealed`.
DRAFT = np.iinfo(np.int64).min


@dataclass(frozen=True, eq=False, slots=True)
class Findable:
    """Every reading a search can find, one row each, by ascending id; all columns have (n,) values.

    readings, documents, positions, handovers, people (the owners of the documents): row ids.
    numbers: of the versions. kinds, languages: small numbers for the words in `kind_words` and
    `language_words`. sealed: microseconds since 1970 in UTC, DRAFT for drafts. ended: when the
    reading was done, in the same unit; with its id it names a text even where a database restored
    from a backup gives the id out again. verified: accepted by a successor. weights: by how much
    feedback raises or lowers a hit, float32.
    """

    readings: IdArray
    numbers: IdArray
    documents: IdArray
    positions: IdArray
    handovers: IdArray
    people: IdArray
    kinds: IdArray
    languages: IdArray
    sealed: IdArray
    ended: IdArray
    verified: Mask
    weights: FloatArray
    kind_words: tuple[str, ...]
    language_words: tuple[str, ...]

    def places(self, readings: IdArray) -> IdArray:
        """The rows of readings that are all among them."""
        return np.searchsorted(self.readings, readings).astype(np.int64, copy=False)


class Remembered(Generic[Value]):
    """Values made at a cost, kept by what they depend on; the one not asked for longest goes first.

    Thread-safe. Two threads may make the same value at once: neither waits for the other.
    """

    def __init__(self, most: int) -> None:
        """Keep so many values."""
        self._most = most
        self._values: OrderedDict[Hashable, Value] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Hashable) -> Value | None:
        """The value, None when it is not there."""
        with self._lock:
            if key not in self._values:
                return None
            self._values.move_to_end(key)
            return self._values[key]

    def keep(self, key: Hashable, value: Value) -> Value:
        """Keep a value and return it."""
        with self._lock:
            self._values[key] = value
            while len(self._values) > self._most:
                self._values.popitem(last=False)
        return value

    def of(self, key: Hashable, make: Callable[[], Value]) -> Value:
        """The value, made if it is not there."""
        found = self.get(key)
        return found if found is not None else self.keep(key, make())


@dataclass(frozen=True)
class Choice:
    """One value of a filter with the number of documents this person may read."""

    value: str
    label: str
    count: int


@dataclass(frozen=True)
class Choices:
    """The values of one filter, those with the most documents first; `beyond` more are left out."""

    listed: tuple[Choice, ...] = ()
    beyond: int = 0


@dataclass(frozen=True)
class Facets:
    """What the filters offer, within what this person may read and has not filtered away.

    verified: documents a successor has accepted.
    """

    positions: Choices
    handovers: Choices
    kinds: Choices
    languages: Choices
    people: Choices
    verified: int


@dataclass(frozen=True, eq=False)
class Scope:
    """What one person may find: `rows` of the company's columns, ascending.

    facets: what was counted for each set of filters.
    """

    everything: Findable
    rows: IdArray
    facets: Remembered[Facets] = field(default_factory=lambda: Remembered(8))

    @cached_property
    def allowed(self) -> Allowed:
        """All of it, as the index takes it."""
        return Allowed.of(self.readings)

    @cached_property
    def documents(self) -> int:
        """How many documents it is."""
        return int(np.unique(self.everything.documents[self.rows]).size)

    @property
    def readings(self) -> IdArray:
        """Row ids of what this person may find, ascending."""
        return self.everything.readings[self.rows]

    def newest(self, number: int) -> list[tuple[int, int]]:
        """Row ids of the newest readings and when each ended, the newest first."""
        rows = self.rows[-number:][::-1]
        every = self.everything
        return list(zip(every.readings[rows].tolist(), every.ended[rows].tolist(), strict=True))


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of a text. plain: as what is typed is compared with it; level: 1 the outermost."""

    text: str
    plain: str
    level: int


class Scopes:
    """What is remembered in one process: columns and people by a state of the database, see
    `models.FindableChange`, so that nothing can be out of date; headings by the id of their reading
    and the moment it ended: then its text is what it stays."""

    def __init__(self) -> None:
        """Start empty."""
        self.columns: Remembered[Findable] = Remembered(2)
        self.people: Remembered[Scope] = Remembered(64)
        self.headings: Remembered[tuple[Heading, ...]] = Remembered(20_000)
