"""A collection in an index of its own: cut, encoded, folded and searched as the portal does it."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from indexing.block import Block, BlockKind
from indexing.encoder import Encoder
from indexing.entry import Entry, FloatArray, Hit, IdArray
from indexing.evaluation.collection import Collection, Document, Question
from indexing.evaluation.measures import NAMES, measures
from indexing.folding import fold
from indexing.index import Index, Mode
from indexing.passage import Passage, cut
from indexing.place import Place

# Passages encoded between two reports of progress, and indexed as one publication.
_TOGETHER = 256

# Called with what is done and how much there is to do.
Progress = Callable[[int, int], None]


def unheard(done: int, total: int) -> None:
    """Progress nobody wants to hear of."""


@dataclass(frozen=True, slots=True, eq=False)
class Encoded:
    """The passages of a collection. `owners` has, for each, the number of its document."""

    passages: list[Passage]
    owners: IdArray
    vectors: FloatArray
    tokens: int
    seconds: float


def passages_of(document: Document, encoder: Encoder, tokens: int) -> list[Passage]:
    """Cut a document as if it had been uploaded: its title is its heading, a line a paragraph."""
    above = (document.title,) if document.title else ()
    blocks = [Block(BlockKind.HEADING, document.title, Place(heading_path=above), 1)] * len(above)
    blocks += [
        Block(BlockKind.PARAGRAPH, line, Place(heading_path=above))
        for line in document.text.split("\n")
        if line.strip()
    ]
    return cut(blocks, encoder.count_tokens, tokens)


def encode(
    collection: Collection, encoder: Encoder, tokens: int, progress: Progress = unheard
) -> Encoded:
    """Cut and encode every document; only the encoding is timed."""
    passages: list[Passage] = []
    owners: list[int] = []
    for number, document in enumerate(collection.documents):
        cut_of_it = passages_of(document, encoder, tokens)
        passages += cut_of_it
        owners += [number] * len(cut_of_it)
    texts = [passage.embedding_text for passage in passages]
    vectors, seconds = [np.empty((0, encoder.dimension), np.float32)], 0.0
    for at in range(0, len(texts), _TOGETHER):
        begin = time.perf_counter()
        vectors.append(encoder.encode_passages(texts[at : at + _TOGETHER]))
        seconds += time.perf_counter() - begin
        progress(min(at + _TOGETHER, len(texts)), len(texts))
    count = sum(map(encoder.count_tokens, texts))
    return Encoded(passages, np.array(owners, np.int64), np.concatenate(vectors), count, seconds)


class _Rows:
    """Passages as rows to index; a document is a reading."""

    def __init__(self, collection: Collection, encoded: Encoded) -> None:
        self._documents = collection.documents
        self._encoded = encoded

    def head(self) -> int:
        return math.ceil(len(self._encoded.passages) / _TOGETHER)

    newest_head = head

    def entries_after(self, sequence: int, until: int) -> Iterator[tuple[int, list[Entry]]]:
        for number in range(sequence, until):
            places = range(len(self._encoded.passages))[number * _TOGETHER :][:_TOGETHER]
            yield number + 1, [self._entry(place) for place in places]

    def _entry(self, place: int) -> Entry:
        encoded, owner = self._encoded, int(self._encoded.owners[place])
        text = encoded.passages[place].embedding_text
        return Entry(place, owner, self._documents[owner].title, text, encoded.vectors[place])


@dataclass(frozen=True, slots=True, eq=False)
class Answered:
    """What came of asking questions in one mode: means of measures, milliseconds of each query."""

    means: dict[str, float]
    milliseconds: list[float]

    def percentile(self, share: int) -> float:
        """Return the milliseconds that `share` per cent of the queries stayed below."""
        return float(np.percentile(self.milliseconds, share))


class Indexed:
    """A collection folded into a folder. `depth` is how many passages a search looks at."""

    def __init__(self, collection: Collection, encoded: Encoded, encoder: Encoder) -> None:
        """Take what `encode` made; `fold` puts it into a folder."""
        self.collection = collection
        self.encoded = encoded
        self._encoder = encoder
        self._everything = np.arange(len(collection.documents), dtype=np.int64)

    def fold(self, folder: Path) -> Index:
        """Write the index into an empty folder and open it."""
        identity, dimension = self._encoder.identity, self._encoder.dimension
        fold(folder, identity, dimension, _Rows(self.collection, self.encoded))
        return Index.open(folder, identity, dimension)

    def hits(self, index: Index, text: str, mode: Mode, depth: int) -> list[Hit]:
        """Return what a search finds, encoding the question where the mode needs its vector."""
        vector = None if mode is Mode.LEXICAL else self._encoder.encode_query(text)
        return index.search(text, vector, self._everything, depth, mode)

    def documents(self, hits: Iterable[Hit]) -> list[str]:
        """Return the documents of the hits as the portal lists them, by their best passage."""
        owners = dict.fromkeys(hit.reading_id for hit in hits)
        return [self.collection.documents[owner].id for owner in owners]

    def ask(
        self,
        index: Index,
        questions: Sequence[Question],
        search: tuple[Mode, int],
        progress: Progress = unheard,
    ) -> Answered:
        """Ask every question in a mode, to a depth; a query is timed from its text to its hits."""
        mode, depth = search
        values: list[dict[str, float]] = []
        times: list[float] = []
        # The first query of a process pays for what is loaded at first use.
        self.hits(index, questions[0].text, mode, depth)
        for done, question in enumerate(questions, 1):
            begin = time.perf_counter()
            hits = self.hits(index, question.text, mode, depth)
            times.append(1000 * (time.perf_counter() - begin))
            values.append(measures(self.documents(hits), question.relevant))
            progress(done, len(questions))
        means = {name: statistics.fmean(value[name] for value in values) for name in NAMES}
        return Answered(means, times)
