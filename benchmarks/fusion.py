"""The portal's fusion against fixed rules, on the same candidates with the same scores.

    .venv/bin/python benchmarks/fusion.py FOLDER … --limit 500 [--vectors FOLDER] [--late 20]

Folders are in the BEIR layout. Each question is searched once; from the cosine and the BM25 of
everything found, nDCG@10 is computed of each half alone, of reciprocal rank fusion (k = 60), of the
convex combination of both scores stretched to 0…1 with the vectors weighing 0.1 to 0.9, and of the
portal's own rule. The best fixed rule is the one with the best mean over all the sets given, chosen
with the figures known. `--late` adds what comparing token by token would bring over the first so
many passages (`indexing/late.py`): tried, not part of the search, because no passage's tokens are
kept and encoding twenty passages takes a hundred times as long as a search.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.kept import KeptEncoder  # noqa: E402
from indexing.encoder import Encoder  # noqa: E402
from indexing.entry import FloatArray, IdArray  # noqa: E402
from indexing.evaluation.collection import Collection  # noqa: E402
from indexing.evaluation.indexed import Indexed, encode  # noqa: E402
from indexing.evaluation.measures import measures  # noqa: E402
from indexing.index import Mode  # noqa: E402
from indexing.late import Detailed, closeness  # noqa: E402
from portal.services.search import DEPTH  # noqa: E402
from portal.settings import Settings  # noqa: E402

# Both halves may have found as many passages each, and none in common.
BOTH = 2 * DEPTH
# The constant of Cormack, Clarke and Büttcher (2009), who proposed the rule.
RANKS = 60


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """All that was found for one question, an entry a passage."""

    passages: IdArray
    documents: IdArray
    dense: FloatArray
    lexical: FloatArray
    ours: FloatArray


Rule = Callable[[Found], FloatArray]


def stretched(scores: FloatArray) -> FloatArray:
    """Return scores stretched to 0…1, zeros where all are the same."""
    low, high = scores.min(), scores.max()
    return (scores - low) / (high - low) if high > low else np.zeros_like(scores)


def reciprocal_ranks(found: Found) -> FloatArray:
    """Return the sum of the reciprocal ranks of each passage's document in both halves."""
    total = np.zeros(len(found.documents), np.float32)
    for scores in (found.dense, found.lexical):
        listed = documents_in_order(found, scores, scores > 0)
        ranks = {document: rank for rank, document in enumerate(listed, 1)}
        total += np.array([1 / (RANKS + ranks[d]) if d in ranks else 0 for d in found.documents])
    return total


def convex(weight: float) -> Rule:
    """Return the rule that adds both stretched scores, the vectors with this weight."""
    return lambda found: (
        weight * stretched(found.dense) + (1 - weight) * stretched(found.lexical)
    ).astype(np.float32)


FIXED: dict[str, Rule] = {
    "rank fusion": reciprocal_ranks,
    **{f"convex {weight / 10}": convex(weight / 10) for weight in range(1, 10)},
}
RULES: dict[str, Rule] = {
    "vectors": lambda found: found.dense,
    "words": lambda found: found.lexical,
    **FIXED,
    "portal": lambda found: found.ours,
}


def documents_in_order(found: Found, scores: FloatArray, kept: np.ndarray | None = None) -> list:
    """Return the documents by their best passage, those of the passages kept."""
    order = np.lexsort((found.passages, -scores))
    if kept is not None:
        order = order[kept[order]]
    return list(dict.fromkeys(found.documents[order].tolist()))


def main() -> None:
    """Measure every set under every rule, print a table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("sets", type=Path, nargs="+", help="folders in the BEIR layout")
    parser.add_argument("--limit", type=int, help="questions of a set, by lot")
    parser.add_argument("--vectors", type=Path, help="folder to keep the vectors of passages in")
    parser.add_argument("--late", type=int, default=0, help="passages compared token by token")
    options = parser.parse_args()
    settings = Settings.from_environment(os.environ)
    encoder = Encoder.load(settings.model, settings.model_folder, settings.encoder_threads)
    if options.vectors:
        encoder = KeptEncoder(encoder, options.vectors)
    figures = {}
    for folder in options.sets:
        collection = Collection.read(folder)
        measured = Measured(collection, encoder, settings.passage_tokens)
        figures[collection.name] = measured.figures(options.limit, options.late)
        print(collection.name, figures[collection.name], file=sys.stderr, flush=True)
    print(table(figures))


class Measured:
    """A set, indexed."""

    def __init__(self, collection: Collection, encoder: Encoder, tokens: int) -> None:
        """Cut and encode all of it."""
        self._collection = collection
        self._encoder = encoder
        self._indexed = Indexed(collection, encode(collection, encoder, tokens), encoder)
        self._details: dict[int, Detailed] = {}

    def figures(self, limit: int | None, late: int) -> dict[str, float]:
        """Return the mean nDCG@10 of each rule."""
        values: dict[str, list[float]] = {}
        with tempfile.TemporaryDirectory() as scratch:
            index = self._indexed.fold(Path(scratch))
            for question in self._collection.drawn(limit):
                hits = self._indexed.hits(index, question.text, Mode.HYBRID, BOTH)
                found = Found(
                    np.array([hit.passage_id for hit in hits], np.int64),
                    np.array([hit.reading_id for hit in hits], np.int64),
                    np.array([hit.dense for hit in hits], np.float32),
                    np.array([hit.lexical or 0 for hit in hits], np.float32),
                    np.array([hit.score for hit in hits], np.float32),
                )
                scores = {name: rule(found) for name, rule in RULES.items()}
                if late:
                    scores |= self._late(question.text, found, late)
                for name, each in scores.items():
                    listed = documents_in_order(found, each)
                    names = [self._collection.documents[at].id for at in listed]
                    gained = measures(names, question.relevant)["ndcg@10"]
                    values.setdefault(name, []).append(gained)
        return {name: statistics.fmean(each) for name, each in values.items()}

    def _late(self, text: str, found: Found, late: int) -> dict[str, FloatArray]:
        """Return the scores when the first passages are put in order token by token."""
        first = np.lexsort((found.passages, -found.ours))[:late]
        self._detail(found.passages[first].tolist())
        question = self._encoder.detailed_query(text).tokens
        close = np.array(
            [closeness(question, self._details[at].tokens) for at in found.passages[first].tolist()]
        )
        alone, added = found.ours.copy(), found.ours.copy()
        # Above all passages further down, which keep their order.
        top = found.ours.max() + 1
        alone[first] = top + stretched(close)
        added[first] = top + found.ours[first] + stretched(close)
        return {"tokens alone": alone, "portal and tokens": added}

    def _detail(self, passages: Sequence[int]) -> None:
        new = [at for at in passages if at not in self._details]
        texts = [self._indexed.encoded.passages[at].embedding_text for at in new]
        self._details.update(zip(new, self._encoder.detailed_passages(texts), strict=True))


def table(figures: dict[str, dict[str, float]]) -> str:
    """Return a Markdown table: a line a set, a column a rule, the means below."""
    rules = list(next(iter(figures.values())))
    means = {rule: statistics.fmean(each[rule] for each in figures.values()) for rule in rules}
    best = max(FIXED, key=lambda rule: means[rule])
    lines = [
        f"| set | {' | '.join(rules)} | portal to the better half | to {best} |",
        "| --- |" + " ---: |" * (len(rules) + 2),
    ]
    for name, each in {**figures, "mean": means}.items():
        better = each["portal"] - max(each["vectors"], each["words"])
        against = each["portal"] - each[best]
        cells = [*(f"{each[rule]:.3f}" for rule in rules), f"{better:+.3f}", f"{against:+.3f}"]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
