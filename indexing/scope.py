"""Which passages of one segment a search may see."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import cached_property
from typing import cast

import numpy as np
import tantivy
from numpy.typing import NDArray

from indexing.entry import IdArray


@dataclass(frozen=True, eq=False, slots=True)
class Allowed:
    """The readings a search may see: `ids` ascending, each once, and what names the set.

    Made once for a person: of tens of thousands of readings the digest alone takes a millisecond.
    """

    ids: IdArray
    digest: bytes

    @classmethod
    def of(cls, ids: IdArray | Allowed) -> Allowed:
        """Take reading ids in any order; what is not an array of whole numbers allows nothing."""
        if isinstance(ids, Allowed):
            return ids
        found = _ascending(ids)
        return cls(found, hashlib.blake2b(found.tobytes(), digest_size=16).digest())


def _ascending(ids: IdArray) -> IdArray:
    found = np.asarray(ids)
    if found.ndim != 1 or not np.issubdtype(found.dtype, np.integer):
        return np.empty(0, np.int64)
    found = found.astype(np.int64, copy=False)
    rising = bool(np.all(found[1:] > found[:-1]))
    return found if rising else np.unique(found)


@dataclass(eq=False)
class Scope:
    """The passages of the allowed readings in one segment, in the form each half needs.

    `mask` has one truth value a passage. `query` filters the word index, None when everything is
    allowed; it names the allowed or the forbidden readings, whichever are fewer.
    """

    mask: NDArray[np.bool_]
    query: tantivy.Query | None
    count: int = field(init=False)

    def __post_init__(self) -> None:
        """Count once: every search asks."""
        self.count = int(np.count_nonzero(self.mask))

    @property
    def everything(self) -> bool:
        """Whether no passage of the segment is forbidden."""
        return self.count == self.mask.size

    @cached_property
    def ordinals(self) -> IdArray:
        """The allowed passages by number."""
        return np.flatnonzero(self.mask).astype(np.int64, copy=False)

    @cached_property
    def bitmap(self) -> NDArray[np.uint8]:
        """One bit a passage, lowest bit first, as FAISS reads it."""
        return np.packbits(self.mask, bitorder="little")


@dataclass(frozen=True, slots=True, eq=False)
class Readings:
    """The readings of one segment: `ids` each once, `codes` the position in it for each passage."""

    ids: IdArray
    codes: NDArray[np.int32]

    @classmethod
    def of(cls, reading_ids: IdArray) -> Readings:
        """Return the readings of passages given the reading of each."""
        ids, codes = np.unique(reading_ids, return_inverse=True)
        return cls(ids, codes.astype(np.int32))

    def scope(self, allowed: IdArray, schema: tantivy.Schema) -> Scope:
        """Return what of this segment belongs to the allowed readings (sorted, each once)."""
        seen = member(self.ids, allowed)
        mask = seen[self.codes]
        return Scope(mask, _filter(self.ids[seen], self.ids[~seen], schema))


def member(ids: IdArray, allowed: IdArray) -> NDArray[np.bool_]:
    """Return for each id whether it is among the allowed ones (sorted)."""
    if not allowed.size:
        return np.zeros(ids.size, np.bool_)
    places = np.minimum(np.searchsorted(allowed, ids), allowed.size - 1)
    return cast("NDArray[np.bool_]", allowed[places] == ids)


def _filter(seen: IdArray, hidden: IdArray, schema: tantivy.Schema) -> tantivy.Query | None:
    if not hidden.size:
        return None
    if not seen.size:
        return tantivy.Query.empty_query()
    few = seen if seen.size <= hidden.size else hidden
    named = tantivy.Query.term_set_query(schema, "reading", few.tolist())
    if few is seen:
        return named
    everything = (tantivy.Occur.Must, tantivy.Query.all_query())
    return tantivy.Query.boolean_query([everything, (tantivy.Occur.MustNot, named)])
