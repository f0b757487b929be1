"""How well questions find their passages: vectors alone, words alone, and both together.

    .venv/bin/python benchmarks/retrieval.py FOLDER [FOLDER …] --queries 500 --json figures.json

A folder holds one set of questions in the BEIR layout: `corpus.jsonl`, `queries.jsonl` and
`qrels/test.tsv`. The whole way is measured: the bundled model, the sealed index, its fusion. The
figure is nDCG@10: 1 when every relevant passage stands at the top, in the right order.
"""

from __future__ import annotations

import argparse
import csv
import json
import math
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

DEPTH = 10
# Passages of one publication; only the memory it takes depends on it.
TOGETHER = 256


def main() -> None:
    """Measure every set, print a table, write figures where asked."""
    options = _options()
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.model_folder or Path(scratch)
        figures = {
            path.name: measure(path, folder, options.queries, options.vectors)
            for path in options.sets
        }
    print(table(figures))
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1) + "\n", "utf-8")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("sets", type=Path, nargs="+", help="folders in the BEIR layout")
    parser.add_argument("--queries", type=int, default=500, help="questions of a set, by lot")
    parser.add_argument("--json", type=Path, help="file for the figures")
    parser.add_argument("--model-folder", type=Path, help="folder of the built model, kept")
    parser.add_argument("--vectors", type=Path, help="folder to keep vectors in between runs")
    return parser.parse_args()


class Corpus:
    """Passages of one set as rows to index, numbered in their order."""

    def __init__(self, lines: list[dict[str, str]], vectors: Any) -> None:
        """Take the lines of the file and a vector for each."""
        self._lines = lines
        self._vectors = vectors

    def head(self) -> int:
        """Return how many publications there are."""
        return math.ceil(len(self._lines) / TOGETHER)

    def entries_after(self, sequence: int, until: int) -> Iterator[tuple[int, list[Any]]]:
        """Yield publications, see indexing.entry.EntrySource."""
        from indexing.entry import Entry

        for number in range(sequence, until):
            places = range(len(self._lines))[number * TOGETHER : (number + 1) * TOGETHER]
            lines = [(place, self._lines[place]) for place in places]
            yield (
                number + 1,
                [Entry(p, p, "", text_of(line), self._vectors[p]) for p, line in lines],
            )


def measure(path: Path, model_folder: Path, count: int, kept: Path | None) -> dict[str, float]:
    """Return nDCG@10 of each mode, passages, questions, and milliseconds of a hybrid search."""
    import numpy as np

    from indexing.encoder import Encoder
    from indexing.folding import fold
    from indexing.index import Index, Mode

    encoder = Encoder.load("bundled", model_folder)
    lines, asked = list(_lines(path / "corpus.jsonl")), _queries(path, count)
    texts = [text_of(line) for line in lines]
    vectors = _kept(kept, f"{path.name}-passages", lambda: encoder.encode_passages(texts))
    questions = _kept(
        kept,
        f"{path.name}-{len(asked)}-questions",
        lambda: np.stack([encoder.encode_query(text) for _, text, _ in asked]),
    )
    names = [line["_id"] for line in lines]
    everything = np.arange(len(lines))
    found: dict[str, list[float]] = {mode.value: [] for mode in Mode}
    times: list[float] = []
    with tempfile.TemporaryDirectory() as scratch:
        source = Corpus(lines, vectors)
        fold(Path(scratch), encoder.identity, encoder.dimension, source)
        index = Index.open(Path(scratch), encoder.identity, encoder.dimension)
        for (_, text, relevant), vector in zip(asked, questions, strict=True):
            for mode in Mode:
                begin = time.perf_counter()
                hits = index.search(text, vector, everything, DEPTH, mode)
                if mode is Mode.HYBRID:
                    times.append(time.perf_counter() - begin)
                found[mode.value].append(ndcg([names[h.passage_id] for h in hits], relevant))
    figures = {mode: statistics.mean(values) for mode, values in found.items()}
    return {
        "passages": len(lines),
        "questions": len(asked),
        **figures,
        "search_milliseconds": 1000 * statistics.median(times),
    }


def text_of(line: dict[str, str]) -> str:
    """Return what is embedded and indexed of a line."""
    return "\n".join(filter(None, (line.get("title"), line["text"])))


def ndcg(found: Iterable[str], relevant: dict[str, int]) -> float:
    """Return the discounted gain of the first ten, as a share of the best that is possible."""
    gains = [relevant.get(name, 0) for name in found][:DEPTH]
    best = sorted(relevant.values(), reverse=True)[:DEPTH]
    return _discounted(gains) / _discounted(best)


def _discounted(gains: Iterable[int]) -> float:
    return sum((2**gain - 1) / math.log2(place + 2) for place, gain in enumerate(gains))


def _queries(path: Path, count: int) -> list[tuple[str, str, dict[str, int]]]:
    relevant: dict[str, dict[str, int]] = {}
    with (path / "qrels" / "test.tsv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            if int(row["score"]) > 0:
                relevant.setdefault(row["query-id"], {})[row["corpus-id"]] = int(row["score"])
    every = [
        (line["_id"], line["text"], relevant[line["_id"]])
        for line in _lines(path / "queries.jsonl")
        if line["_id"] in relevant
    ]
    return random.Random(20).sample(every, min(count, len(every)))


def _lines(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8") as file:
        yield from map(json.loads, file)


def _kept(folder: Path | None, name: str, make: Any) -> Any:
    import numpy as np

    if folder is None:
        return make()
    path = folder / f"{name}.npy"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        np.save(path, make())
    return np.load(path)


def table(figures: dict[str, dict[str, float]]) -> str:
    """Return nDCG@10 as a Markdown table."""
    lines = [
        "| set | passages | questions | vectors | words | both | ms a search |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    lines += [
        f"| {name} | {each['passages']:,} | {each['questions']} | {each['dense']:.3f} "
        f"| {each['lexical']:.3f} | {each['hybrid']:.3f} | {each['search_milliseconds']:.1f} |"
        for name, each in figures.items()
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
