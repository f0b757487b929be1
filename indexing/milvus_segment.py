"""What Milvus holds, searched as any other segment: the halves, the words, the fusion are ours.

Words are sparse vectors that we make of our own tokens, so that the same question finds the same on
one machine and on many: a number for each term, its share of BM25; the query's weights are given
with each search. The ordinal of a passage here is its id.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, cast

import numpy as np

from indexing.entry import FloatArray, IdArray
from indexing.scope import Scope
from indexing.segment import Segment
from indexing.tokens import tokenize
from indexing.words import NONE, Alike, Found, Term, WordSearcher

# Milvus gives no more rows at once.
MOST = 16_384
# Three ids in a row and more are named by the first and the last.
_RUN = 3


class MilvusScope(Scope):
    """The allowed readings as a filter; Milvus itself leaves the others out."""

    def __init__(self, allowed: IdArray) -> None:
        """Take reading ids, sorted, each once."""
        self.filter = within("reading", allowed)
        # Not known without asking, and asked only whether it is any at all.
        self.count = int(allowed.size)

    @property
    def everything(self) -> bool:
        """Never known to be."""
        return False


class MilvusSegment(Segment):
    """All passages of one collection."""

    def __init__(self, client: Any, passages: str, terms: str, count: int) -> None:
        """Take a client, the names of both collections, and how many passages there are."""
        self._count = count
        read_by: dict[int, int] = {}
        half = _Half(client, passages, read_by)
        super().__init__(
            cast("IdArray", _Same()),
            cast("IdArray", _Looked(read_by)),
            cast("WordSearcher", MilvusWords(half, terms, count)),
            MilvusVectors(half),
        )

    @property
    def passages(self) -> int:
        """How many passages the segment holds."""
        return self._count

    def scope(self, allowed: IdArray, key: bytes) -> Scope:
        """Return what the allowed readings (sorted, each once) hold here."""
        return MilvusScope(allowed)


class _Same:
    """The passage of each ordinal: the ordinal itself."""

    def __getitem__(self, ordinals: IdArray) -> IdArray:
        return ordinals


class _Looked:
    """The reading of each ordinal, as the searches that found it have told."""

    def __init__(self, known: Mapping[int, int]) -> None:
        self._known = known

    def __getitem__(self, ordinals: IdArray) -> IdArray:
        return np.array([self._known[one] for one in ordinals.tolist()], np.int64)


class _Half:
    """Searches of one collection; remembers the readings of what was found."""

    def __init__(self, client: Any, collection: str, read_by: dict[int, int]) -> None:
        self._client = client
        self._collection = collection
        self._read_by = read_by

    def search(self, field: str, vector: Any, filter: str, limit: int) -> Found:
        """Return the passages of a filter with the largest product with the vector."""
        (hits,) = self._client.search(
            self._collection,
            data=[vector],
            anns_field=field,
            filter=filter,
            limit=min(limit, MOST),
            output_fields=["reading"],
            search_params={"metric_type": "IP"},
        )
        rows = [(hit["passage"], hit["entity"]["reading"], hit["distance"]) for hit in hits]
        self._read_by.update((passage, reading) for passage, reading, _ in rows)
        ids = np.array([passage for passage, _, _ in rows], np.int64)
        return Found(ids, np.array([score for _, _, score in rows], np.float32))

    def rows(self, filter: str, fields: Sequence[str]) -> list[dict[str, Any]]:
        """Return rows of a filter, at most as many as Milvus gives."""
        rows: list[dict[str, Any]] = self._client.query(
            self._collection,
            filter=filter,
            output_fields=["passage", "reading", *fields],
            limit=MOST,
        )
        self._read_by.update((row["passage"], row["reading"]) for row in rows)
        return rows

    def counts(self, collection: str, ids: Sequence[int]) -> dict[int, int]:
        """Return in how many passages terms stand, by their number."""
        rows = self._client.query(
            collection, filter=f"id in {list(ids)}", output_fields=["count"], limit=MOST
        )
        return {row["id"]: row["count"] for row in rows}


class MilvusVectors:
    """The vector half."""

    def __init__(self, half: _Half) -> None:
        """Take what searches the collection."""
        self._half = half

    def search(self, vector: FloatArray, scope: Scope, limit: int) -> Found:
        """Return the passages of the scope nearest to the vector (d,), by cosine."""
        return self._half.search("vector", vector.tolist(), filter_of(scope), limit)

    def scores(self, vector: FloatArray, ordinals: IdArray) -> FloatArray:
        """Return the cosine of each of the passages to the vector."""
        if not ordinals.size:
            return np.empty(0, np.float32)
        cosines: FloatArray = self.rows(ordinals) @ vector
        return cosines

    def rows(self, ordinals: IdArray) -> FloatArray:
        """Return the vectors themselves."""
        rows = self._half.rows(within("passage", ordinals), ["vector"])
        found = {row["passage"]: row["vector"] for row in rows}
        return np.array([found[one] for one in ordinals.tolist()], np.float32)


class MilvusWords:
    """The word half."""

    def __init__(self, half: _Half, terms: str, passages: int) -> None:
        """Take what searches the collection, and where the frequencies of terms stand."""
        self._half = half
        self._terms = terms
        self.passages = passages

    def frequencies(self, terms: Sequence[Term]) -> list[int]:
        """Return in how many passages each term stands."""
        if not terms:
            return []
        numbers = [number_of(term) for term in terms]
        counts: dict[int, int] = {}
        for begin in range(0, len(numbers), MOST):
            counts |= self._half.counts(self._terms, numbers[begin : begin + MOST])
        return [counts.get(number, 0) for number in numbers]

    def search(
        self, weights: Mapping[Term, float], scope: Scope, limit: int, near: Alike = NONE
    ) -> Found:
        """Return the passages of the scope with the largest BM25 sum over the terms."""
        found = self._weighed(weights, filter_of(scope), limit)
        scores = dict(zip(found.ordinals.tolist(), found.scores.tolist(), strict=True))
        for texts, weight in near.items():
            for passage in self._with_any(texts, filter_of(scope)):
                scores[passage] = scores.get(passage, 0.0) + weight
        best = sorted(scores, key=lambda each: (-scores[each], each))[:limit]
        return Found(
            np.array(best, np.int64), np.array([scores[each] for each in best], np.float32)
        )

    def scores(
        self, weights: Mapping[Term, float], ordinals: IdArray, near: Alike = NONE
    ) -> FloatArray:
        """Return the score of each of the passages, 0 where none of the terms stands."""
        if not ordinals.size:
            return np.empty(0, np.float32)
        these = within("passage", ordinals)
        found = self._weighed(weights, these, ordinals.size)
        scores = dict(zip(found.ordinals.tolist(), found.scores.tolist(), strict=True))
        for texts, weight in near.items():
            for passage in self._with_any(texts, these):
                scores[passage] = scores.get(passage, 0.0) + weight
        return np.array([scores.get(one, 0.0) for one in ordinals.tolist()], np.float32)

    def with_phrases(self, phrases: Sequence[str], scope: Scope, limit: int) -> IdArray:
        """Return passages of the scope in which every phrase stands word by word."""
        sequences = [tokens for phrase in phrases if (tokens := tokenize(phrase).sequence)]
        if not sequences:
            return np.empty(0, np.int64)
        return np.array(list(self._standing(sequences, filter_of(scope)))[:limit], np.int64)

    def _weighed(self, weights: Mapping[Term, float], filter: str, limit: int) -> Found:
        query = {dimension_of(term): weight for term, weight in weights.items() if weight > 0}
        if not query:
            return Found(np.empty(0, np.int64), np.empty(0, np.float32))
        return self._half.search("words", query, filter, limit)

    def _with_any(self, texts: Sequence[str], filter: str) -> set[int]:
        sequences = [tokens for text in texts if (tokens := tokenize(text).sequence)]
        return {passage for each in sequences for passage in self._standing([each], filter)}

    def _standing(self, sequences: Sequence[Sequence[str]], filter: str) -> Iterator[int]:
        """Yield the passages in which all sequences of tokens stand.

        Milvus finds those with all their tokens and neighbours; the order is looked at here.
        """
        terms = sorted({number_of(term) for each in sequences for term in pairs_of(each)})
        holding = f"array_contains_all(terms, {terms})"
        rows = self._half.rows(f"{filter} and {holding}", ["sequence"])
        wanted = [f" {' '.join(each)} " for each in sequences]
        for row in rows:
            if all(each in row["sequence"] for each in wanted):
                yield row["passage"]


def filter_of(scope: Scope) -> str:
    """Return the filter of a scope of this segment."""
    assert isinstance(scope, MilvusScope)
    return scope.filter


def pairs_of(sequence: Sequence[str]) -> list[Term]:
    """Return what a passage with the sequence holds for certain: each token, each two together."""
    tokens = [("sequence", token) for token in sequence]
    return tokens + [("pair", f"{one} {two}") for one, two in pairwise(sequence)]


def number_of(term: Term) -> int:
    """Return the number of a term, of 63 bits: different ones for different terms."""
    digest = hashlib.blake2b("\0".join(term).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1


def dimension_of(term: Term) -> int:
    """Return the place of a term in sparse vectors, of 31 bits: two terms share one rarely."""
    return number_of(term) >> 32


def within(field: str, ids: IdArray) -> str:
    """Return the filter of a field that is one of the ids (any order)."""
    ids = np.unique(ids)
    if not ids.size:
        return f"{field} in []"
    breaks = np.flatnonzero(np.diff(ids) > 1) + 1
    alone: list[int] = []
    parts: list[str] = []
    for run in np.split(ids, breaks):
        if run.size < _RUN:
            alone += run.tolist()
        else:
            parts.append(f"({field} >= {run[0]} and {field} <= {run[-1]})")
    if alone:
        parts.append(f"{field} in {alone}")
    return f"({' or '.join(parts)})"
