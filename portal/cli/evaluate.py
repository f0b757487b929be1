"""`handover evaluate`: how well questions find their documents, on any BEIR folder."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from portal.settings import Settings

if TYPE_CHECKING:
    from indexing.evaluation.indexed import Progress


class Unusable(click.ClickException):
    """The folder given cannot be evaluated: misuse, like an option that does not exist."""

    exit_code = 2


@click.command()
@click.argument(
    "folder",
    type=click.Path(exists=True, file_okay=False, readable=True, path_type=Path),
    metavar="DIR",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for programs.")
@click.option(
    "--mode",
    type=click.Choice(["hybrid", "dense", "lexical"]),
    default="hybrid",
    show_default=True,
    help="Vectors and words together as the portal searches, vectors alone, or words alone.",
)
@click.option(
    "--limit",
    type=click.IntRange(1),
    metavar="N",
    help="Ask at most N questions, drawn by lot, always the same. Every document is indexed.",
)
def evaluate(folder: Path, as_json: bool, mode: str, limit: int | None) -> None:
    """Measure how well questions find their documents.

    DIR is a folder in the BEIR layout: corpus.jsonl, queries.jsonl and qrels/test.tsv. It is cut,
    encoded and indexed in a temporary folder as the portal does it with what is uploaded, with the
    model of the settings; no portal needs to run, and nothing of it is changed.

    A document is found by the best of its passages. The measures are those of trec_eval, means over
    the questions; a query is timed from its text to its hits, its encoding included.

    \b
    Examples
      handover evaluate scifact
      handover evaluate scifact --mode lexical --limit 200 --json | jq '."ndcg@10"'
    """
    from indexing.evaluation.collection import CollectionUnusable

    try:
        figures = measured(folder, mode, limit)
    except CollectionUnusable as error:
        raise Unusable(str(error)) from error
    click.echo(json.dumps(figures, ensure_ascii=False) if as_json else table(figures))


def measured(folder: Path, mode: str, limit: int | None) -> dict[str, object]:
    """Index the folder and ask its questions. Raises CollectionUnusable, ModelUnavailable."""
    # What is wrong with the folder is said before the model takes its seconds to load.
    from indexing.evaluation.collection import Collection

    settings = Settings.from_environment(os.environ)
    collection = Collection.read(folder)
    from indexing.encoder import Encoder
    from indexing.evaluation.indexed import Indexed, encode
    from indexing.index import Mode
    from portal.services.search import DEPTH

    encoder = Encoder.load(settings.model, settings.model_folder, settings.encoder_threads)
    encoded = encode(collection, encoder, settings.passage_tokens, progress("passages encoded"))
    indexed, questions = Indexed(collection, encoded, encoder), collection.drawn(limit)
    with tempfile.TemporaryDirectory(prefix="handover-evaluate-") as scratch:
        index = indexed.fold(Path(scratch))
        search = (Mode(mode), DEPTH)
        answered = indexed.ask(index, questions, search, progress("questions asked"))
    return {
        "set": collection.name,
        "mode": mode,
        "model": encoder.identity,
        "documents": len(collection.documents),
        "passages": len(encoded.passages),
        "questions": len(questions),
        **{name: round(value, 4) for name, value in answered.means.items()},
        "tokens_per_second": round(encoded.tokens / encoded.seconds),
        "query_ms_p50": round(answered.percentile(50), 2),
        "query_ms_p95": round(answered.percentile(95), 2),
    }


def progress(what: str) -> Progress:
    """Return what shows on standard error how far it is; silent where nobody watches."""

    def show(done: int, total: int) -> None:
        if sys.stderr.isatty() and (done == total or done % 16 == 0):
            end = "\n" if done == total else ""
            click.echo(f"\r{done:,} of {total:,} {what}{end}", err=True, nl=False)

    return show


def table(figures: dict[str, object]) -> str:
    """Return the figures as a table of two columns."""
    width = max(map(len, figures))
    return "\n".join(f"{name:<{width}}  {_shown(value)}" for name, value in figures.items())


def _shown(value: object) -> str:
    if isinstance(value, int):
        return f"{value:,}"
    return str(value)
