"""How well questions find their documents: vectors alone, words alone, and both together.

    .venv/bin/python benchmarks/retrieval.py FOLDER [FOLDER …] --limit 500 --json figures.json

What `handover evaluate` measures on one folder in the BEIR layout in one mode, here on several and
in all modes: each folder is cut and encoded once.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from indexing.encoder import Encoder  # noqa: E402
from indexing.evaluation.collection import Collection  # noqa: E402
from indexing.evaluation.indexed import Indexed, encode  # noqa: E402
from indexing.index import Mode  # noqa: E402
from portal.services.search import DEPTH  # noqa: E402
from portal.settings import Settings  # noqa: E402

Figures = dict[str, dict[str, float]]


def main() -> None:
    """Measure every set, print a table, write figures where asked."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("sets", type=Path, nargs="+", help="folders in the BEIR layout")
    parser.add_argument("--limit", type=int, help="questions of a set, by lot")
    parser.add_argument("--json", type=Path, help="file for the figures")
    options = parser.parse_args()
    settings = Settings.from_environment(os.environ)
    encoder = Encoder.load(settings.model, settings.model_folder, settings.encoder_threads)
    figures = {}
    for folder in options.sets:
        collection = Collection.read(folder)
        figures[collection.name] = measure(
            collection, encoder, settings.passage_tokens, options.limit
        )
        print(collection.name, file=sys.stderr)
    print(table(figures))
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1) + "\n", "utf-8")


def measure(collection: Collection, encoder: Encoder, tokens: int, limit: int | None) -> Figures:
    """Return the measures of each mode."""
    indexed = Indexed(collection, encode(collection, encoder, tokens), encoder)
    questions = collection.drawn(limit)
    figures: Figures = {
        "size": {
            "documents": len(collection.documents),
            "passages": len(indexed.encoded.passages),
            "questions": len(questions),
        }
    }
    with tempfile.TemporaryDirectory() as scratch:
        index = indexed.fold(Path(scratch))
        for mode in Mode:
            answered = indexed.ask(index, questions, (mode, DEPTH))
            figures[mode.value] = {**answered.means, "query_ms_p50": answered.percentile(50)}
    return figures


def table(figures: dict[str, Figures]) -> str:
    """Return nDCG@10 of each mode as a Markdown table, with what both together win or lose."""
    lines = [
        "| set | documents | questions | vectors | words | both | to the better one | ms a query |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for name, each in figures.items():
        dense, lexical, hybrid = (each[m.value]["ndcg@10"] for m in _COLUMNS)
        size = each["size"]
        lines.append(
            f"| {name} | {size['documents']:,} | {size['questions']} | {dense:.3f} | {lexical:.3f} "
            f"| {hybrid:.3f} | {hybrid - max(dense, lexical):+.3f} "
            f"| {each['hybrid']['query_ms_p50']:.1f} |"
        )
    return "\n".join(lines)


_COLUMNS = (Mode.DENSE, Mode.LEXICAL, Mode.HYBRID)


if __name__ == "__main__":
    main()
