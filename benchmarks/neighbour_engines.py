"""txtai and chroma for `benchmarks/neighbours.py`, in a virtual environment of their own.

    PYTHON benchmarks/neighbour_engines.py FOLDER

Reads vectors.npy (float32, of unit length), groups.npy (a whole number a vector) and questions.npy
of the folder and says in a line of JSON which engines are installed. Then, for each line
`{"engine": …, "below": …}` it is given, it answers one question after the other (`below` null: all
vectors; a number: those of groups below it) and writes a line with the ids found and what each
question took, in milliseconds by the clock and of processor time. Without the portal and its
libraries.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

LIMIT = 10
# Answers a question, by its number, among the groups below a number: ids of vectors, from 0.
Ask = Callable[[int, "int | None"], "list[int]"]
# Vectors that chroma takes at a time.
TOGETHER = 4000


def main() -> None:
    """Serve the lines of standard input."""
    folder = Path(sys.argv[1])
    vectors, groups, questions = (
        np.load(folder / f"{name}.npy") for name in ("vectors", "groups", "questions")
    )
    engines: dict[str, Ask] = {}
    told: dict[str, Any] = {}
    for name, make in {"txtai": _txtai, "chroma": _chroma}.items():
        begin = time.process_time()
        try:
            engines[name] = make(vectors, groups, questions, folder)
        except ImportError as error:
            told[name] = {"missing": str(error)}
            continue
        package = {"chroma": "chromadb"}.get(name, name)
        told[name] = {
            "version": metadata.version(package),
            "made, s": time.process_time() - begin,
        }
    print(json.dumps(told), flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        found = answers(engines[order["engine"]], order["below"], len(questions))
        print(json.dumps(found), flush=True)


def answers(ask: Ask, below: int | None, count: int) -> dict[str, Any]:
    """Have all questions answered; return what was found, and what each question took.

    `clock` and `processor` are milliseconds. The first question is asked once before.
    """
    ask(0, below)
    found, clock, processor = [], [], []
    for question in range(count):
        begin, begin_processor = time.perf_counter(), time.process_time()
        found.append(ask(question, below))
        clock.append(1000 * (time.perf_counter() - begin))
        processor.append(1000 * (time.process_time() - begin_processor))
    return {"found": found, "clock": clock, "processor": processor}


def _txtai(vectors: Any, groups: Any, questions: Any, _: Path) -> Ask:
    """An index of vectors that are given, with a database of their groups beside it."""
    from txtai import Embeddings

    def given(texts: list[str]) -> Any:
        return np.stack([(questions if t[0] == "q" else vectors)[int(t[1:])] for t in texts])

    made = Embeddings(method="external", transform=given, backend="faiss", content=True)
    made.index(
        (at, {"text": f"v{at}", "band": int(groups[at])}, None) for at in range(len(vectors))
    )

    def ask(question: int, below: int | None) -> list[int]:
        if below is None:
            return [int(hit["id"]) for hit in made.search(f"q{question}", LIMIT)]
        # Filtered after the vectors were searched: the third argument is how many of them, and
        # with the number it takes by itself hardly anything is left.
        candidates = round(LIMIT * 4 * (1 + groups.max()) / below)
        hits = made.search(
            f"select id, score from txtai where similar('q{question}', {candidates})"
            f" and band < {below} limit {LIMIT}"
        )
        return [int(hit["id"]) for hit in hits]

    return ask


def _chroma(vectors: Any, groups: Any, questions: Any, folder: Path) -> Ask:
    """A collection with the group of each vector as its metadata."""
    import chromadb

    client = chromadb.PersistentClient(
        str(folder / "chroma"), chromadb.Settings(anonymized_telemetry=False)
    )
    name = f"vectors-{len(vectors)}"
    made = client.get_or_create_collection(
        name, configuration={"hnsw": {"space": "cosine"}}, embedding_function=None
    )
    for begin in range(made.count(), len(vectors), TOGETHER):
        rows = range(begin, min(begin + TOGETHER, len(vectors)))
        made.add(
            ids=[str(at) for at in rows],
            embeddings=vectors[rows.start : rows.stop],
            metadatas=[{"band": int(groups[at])} for at in rows],
        )

    def ask(question: int, below: int | None) -> list[int]:
        found = made.query(
            query_embeddings=questions[question : question + 1],
            n_results=LIMIT,
            where=None if below is None else {"band": {"$lt": below}},
            include=["distances"],
        )
        return [int(at) for at in found["ids"][0]]

    return ask


if __name__ == "__main__":
    main()
