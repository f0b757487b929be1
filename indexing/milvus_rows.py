"""What a passage looks like in Milvus, and the collections it goes into."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from indexing.entry import Entry
from indexing.milvus_segment import dimension_of, number_of, pairs_of
from indexing.segment import checked_vector
from indexing.tokens import tokenize
from indexing.words import Term

# BM25's usual numbers, those of tantivy.
_K, _B = 1.2, 0.75
# What Milvus takes in one row.
_MOST_TERMS = 4096
_MOST_BYTES = 65_535
_FIELDS = ("title", "words", "grams", "sequence")


def create_passages(client: Any, name: str, dimension: int) -> None:
    """Make the collection of the passages of a generation."""
    from pymilvus import DataType

    schema = client.create_schema(auto_id=False)
    schema.add_field("passage", DataType.INT64, is_primary=True)
    schema.add_field("reading", DataType.INT64)
    schema.add_field("sequence", DataType.VARCHAR, max_length=_MOST_BYTES)
    schema.add_field("terms", DataType.ARRAY, element_type=DataType.INT64, max_capacity=_MOST_TERMS)
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=dimension)
    schema.add_field("words", DataType.SPARSE_FLOAT_VECTOR)
    indexes = client.prepare_index_params()
    # Exact: an approximate one may leave out what somebody who may read little is looking for.
    indexes.add_index("vector", index_type="FLAT", metric_type="IP")
    indexes.add_index("words", index_type="SPARSE_INVERTED_INDEX", metric_type="IP")
    # Strong: what was written is found by every client at once.
    client.create_collection(name, schema=schema, index_params=indexes, consistency_level="Strong")


def create_terms(client: Any, name: str) -> None:
    """Make the collection of the frequencies of terms, with the row of the state."""
    from pymilvus import DataType

    schema = client.create_schema(auto_id=False)
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("count", DataType.INT64)
    schema.add_field("state", DataType.VARCHAR, max_length=_MOST_BYTES)
    # A collection without a vector is none.
    schema.add_field("none", DataType.FLOAT_VECTOR, dim=2)
    indexes = client.prepare_index_params()
    indexes.add_index("none", index_type="FLAT", metric_type="IP")
    client.create_collection(name, schema=schema, index_params=indexes, consistency_level="Strong")


def term_row(number: int, count: int, state: str = "") -> dict[str, Any]:
    """The row of a term, or of the state."""
    return {"id": number, "count": count, "state": state, "none": [0.0, 0.0]}


def _fields(entry: Entry) -> dict[str, list[str]]:
    """The tokens of each field, as in indexing.words."""
    tokens, heading = tokenize(entry.text), tokenize(entry.title)
    return {
        "title": heading.words + heading.grams,
        "words": tokens.words,
        "grams": tokens.grams,
        # The bar keeps phrases from running out of the title into the text.
        "sequence": [*heading.sequence, "|", *tokens.sequence],
    }


def terms_in(entry: Entry) -> set[Term]:
    """Return the terms of a passage, each once."""
    return {(name, token) for name, tokens in _fields(entry).items() for token in tokens}


def lengths_of(entries: Iterable[Entry]) -> dict[str, float]:
    """Return how many terms a passage has on average, by field."""
    every = [_fields(entry) for entry in entries]
    return {
        name: max(1.0, sum(len(each[name]) for each in every) / max(1, len(every)))
        for name in _FIELDS
    }


def row_of(entry: Entry, dimension: int, lengths: Mapping[str, float]) -> dict[str, Any]:
    """Return the row of a passage; lengths are those of an average one."""
    fields = _fields(entry)
    words: dict[int, float] = {}
    for name, tokens in fields.items():
        norm = _K * (1 - _B + _B * len(tokens) / lengths[name])
        for token, count in Counter(tokens).items():
            place = dimension_of((name, token))
            words[place] = words.get(place, 0.0) + count * (_K + 1) / (count + norm)
    sequence = f" {' '.join(fields['sequence'])} "
    terms = {number_of(term) for term in pairs_of(fields["sequence"])}
    return {
        "passage": entry.passage_id,
        "reading": entry.reading_id,
        # Whatever is longer is data, not text: its end is found by its words, not as a phrase.
        "sequence": sequence.encode()[:_MOST_BYTES].decode("utf-8", "ignore"),
        "terms": sorted(terms)[:_MOST_TERMS],
        "vector": checked_vector(entry, dimension).tolist(),
        "words": words,
    }
