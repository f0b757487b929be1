"""The word half of a segment: a tantivy index over the tokens of its passages."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
import tantivy

from indexing.entry import FloatArray, IdArray
from indexing.scope import Scope
from indexing.tokens import tokenize

# (field, token) of the word index.
Term: TypeAlias = tuple[str, str]
# Texts of which any is looked for, and what it weighs.
Alike: TypeAlias = Mapping[tuple[str, ...], float]
NONE: Alike = {}

# Tokens arrive as one string, separated by spaces: tantivy's own pre-tokenised strings cost an
# object a token, which made indexing three times slower.
_ANALYZER = "spaces"
# Bytes a writer may collect before it writes a piece; tantivy accepts no less than 15 MB.
_SMALL_HEAP = 15_000_000
_LARGE_HEAP = 250_000_000


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    for name in ("title", "words", "grams"):
        builder.add_text_field(name, tokenizer_name=_ANALYZER, index_option="freq")
    # Positions only where phrases are looked for: they are two thirds of an index.
    builder.add_text_field("sequence", tokenizer_name=_ANALYZER, index_option="position")
    builder.add_integer_field("reading", indexed=True)
    builder.add_integer_field("ordinal", indexed=True, fast=True)
    return builder.build()


SCHEMA = _schema()


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """Passages of one segment by their ordinals, best first, with a score each."""

    ordinals: IdArray
    scores: FloatArray


NOTHING = Found(np.empty(0, np.int64), np.empty(0, np.float32))


class WordWriter:
    """Writes passages into a new word index, in memory (`folder` None) or on disk."""

    def __init__(self, folder: Path | None) -> None:
        """Create the index. Raises OSError when the folder cannot be written."""
        if folder is not None:
            folder.mkdir()
        with _disk_errors():
            self._index = tantivy.Index(SCHEMA, path=str(folder) if folder else None)
            self._index.register_tokenizer(_ANALYZER, _analyzer())
            # One thread: ordinals then follow one another in few pieces, and folding stays beside
            # the web server on two cores.
            self._writer = self._index.writer(_LARGE_HEAP if folder else _SMALL_HEAP, 1)

    def add(self, ordinal: int, reading_id: int, title: str, text: str) -> None:
        """Add one passage; it is found after the next `searcher()` or `close()`. Raises OSError."""
        tokens, heading = tokenize(text), tokenize(title)
        document = tantivy.Document()
        document.add_text("title", " ".join(heading.words + heading.grams))
        document.add_text("words", " ".join(tokens.words))
        document.add_text("grams", " ".join(tokens.grams))
        # The bar keeps phrases from running out of the title into the text.
        document.add_text("sequence", " ".join([*heading.sequence, "|", *tokens.sequence]))
        document.add_integer("reading", reading_id)
        document.add_integer("ordinal", ordinal)
        with _disk_errors():
            self._writer.add_document(document)

    def searcher(self) -> WordSearcher:
        """Return a view of everything added so far, which later additions do not change."""
        self._writer.commit()
        self._index.reload()
        return WordSearcher(self._index.searcher())

    def close(self) -> None:
        """Write everything and end the writer's threads. Raises OSError."""
        with _disk_errors():
            self._writer.commit()
            self._writer.wait_merging_threads()


class WordSearcher:
    """A fixed view of one word index; any number of threads may search it at once."""

    def __init__(self, searcher: tantivy.Searcher) -> None:
        """Wrap tantivy's view."""
        self._searcher = searcher

    @classmethod
    def open(cls, folder: Path) -> WordSearcher:
        """Map a written index into memory. Raises ValueError or OSError when it is damaged."""
        index = tantivy.Index.open(str(folder))
        index.register_tokenizer(_ANALYZER, _analyzer())
        # Never reloaded: a sealed index does not change.
        return cls(index.searcher())

    @property
    def passages(self) -> int:
        """How many passages the index holds."""
        return int(self._searcher.num_docs)

    def ordinals(self) -> IdArray:
        """Return the passages that have a document here."""
        return self._run(tantivy.Query.all_query(), None, self.passages).ordinals

    def frequencies(self, terms: Sequence[Term]) -> list[int]:
        """Return in how many passages each term stands."""
        return [self._searcher.doc_freq(name, token) for name, token in terms]

    def search(
        self, weights: Mapping[Term, float], scope: Scope, limit: int, near: Alike = NONE
    ) -> Found:
        """Return the passages of the scope with the largest BM25 sum over the terms.

        A term's weight takes the place of its inverse document frequency, so that scores of
        several segments can be compared (the mean length of a passage still is each segment's own).
        Any of the words of `near`, or several, add their weight as it is.
        """
        query = self._any_of(weights, near)
        return self._run(query, scope.query, limit) if query else NOTHING

    def scores(
        self, weights: Mapping[Term, float], ordinals: IdArray, near: Alike = NONE
    ) -> FloatArray:
        """Return the score of each of the passages, 0 where none of the terms stands."""
        found = NOTHING
        query = self._any_of(weights, near)
        if query and ordinals.size:
            # One by one: a set of terms walks through the dictionary of all ordinals.
            these = tantivy.Query.boolean_query(
                [
                    (
                        tantivy.Occur.Should,
                        tantivy.Query.term_query(SCHEMA, "ordinal", one, "basic"),
                    )
                    for one in ordinals.tolist()
                ]
            )
            found = self._run(query, these, ordinals.size)
        by_ordinal = dict(zip(found.ordinals.tolist(), found.scores.tolist(), strict=True))
        return np.array([by_ordinal.get(one, 0.0) for one in ordinals.tolist()], np.float32)

    def with_phrases(self, phrases: Sequence[str], scope: Scope, limit: int) -> IdArray:
        """Return passages of the scope in which every phrase stands word by word."""
        wanted = [query for phrase in phrases if (query := _phrase(phrase)) is not None]
        if not wanted:
            return NOTHING.ordinals
        every = tantivy.Query.boolean_query([(tantivy.Occur.Must, query) for query in wanted])
        return self._run(every, scope.query, limit).ordinals

    def _any_of(self, weights: Mapping[Term, float], near: Alike) -> tantivy.Query | None:
        terms = [term for term in weights if weights[term] > 0]
        known = zip(terms, self.frequencies(terms), strict=True)
        clauses = [
            (
                tantivy.Occur.Should,
                tantivy.Query.boost_query(
                    tantivy.Query.term_query(SCHEMA, name, token, "freq"),
                    weights[name, token] / rarity(frequency, self.passages),
                ),
            )
            for (name, token), frequency in known
            if frequency
        ]
        clauses += [
            (tantivy.Occur.Should, tantivy.Query.boost_query(_either(texts), weight))
            for texts, weight in near.items()
        ]
        return tantivy.Query.boolean_query(clauses) if clauses else None

    def _run(self, query: tantivy.Query, within: tantivy.Query | None, limit: int) -> Found:
        if within is not None:
            unscored = tantivy.Query.const_score_query(within, 0.0)
            must = tantivy.Occur.Must
            query = tantivy.Query.boolean_query([(must, unscored), (must, query)])
        hits = self._searcher.search(query, max(limit, 1), count=False).hits
        ordinals = self._searcher.fast_field_values("ordinal", [address for _, address in hits])
        return Found(np.array(ordinals, np.int64), np.array([s for s, _ in hits], np.float32))


def rarity(frequency: int, passages: int) -> float:
    """Return BM25's inverse document frequency, computed as tantivy does: always above zero."""
    return math.log1p((passages - frequency + 0.5) / (frequency + 0.5))


def _phrase(phrase: str) -> tantivy.Query | None:
    sequence: list[str | tuple[int, str]] = list(tokenize(phrase).sequence)
    if len(sequence) > 1:
        return tantivy.Query.phrase_query(SCHEMA, "sequence", sequence)
    if sequence:
        return tantivy.Query.term_query(SCHEMA, "sequence", sequence[0], "position")
    return None


def _either(texts: Sequence[str]) -> tantivy.Query:
    """Return what gives 1 to a passage with any of the texts."""
    each = [(tantivy.Occur.Should, query) for text in texts if (query := _phrase(text)) is not None]
    return tantivy.Query.const_score_query(tantivy.Query.boolean_query(each), 1.0)


@contextmanager
def _disk_errors() -> Iterator[None]:
    """Make an OSError of what tantivy raises when it cannot write: ValueError, for everything."""
    try:
        yield
    except ValueError as error:
        raise OSError(str(error)) from error


def _analyzer() -> tantivy.TextAnalyzer:
    return tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build()
