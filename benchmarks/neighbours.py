"""The portal's index beside bare FAISS, txtai and chroma: same vectors, questions and filters.

    python3 -m venv OTHERS && OTHERS/bin/pip install txtai chromadb
    .venv/bin/python benchmarks/neighbours.py HANDBOOKS --python OTHERS/bin/python --work FOLDER

Vectors and texts are drawn as `large_company.py` draws them, questions are sentences of real
passages. A filter allows every document of some of a hundred groups: for the portal as ids of
readings, for the others as a condition on a number stored with each vector. Each engine answers one
question after the other with one thread, and they take turns, round by round: the best ten, p50 by
the clock and of processor time, and the share of the exact ten that was found, which says nothing
of a search by words and vectors. The others stand in a process and an environment of their own
(`neighbour_engines.py`); what is missing there is said.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

# Before the libraries start their threads: one question, one thread, as in the portal.
os.environ["OMP_NUM_THREADS"] = "1"

import faiss
import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

import large_company  # noqa: E402
from neighbour_engines import LIMIT, Ask, answers  # noqa: E402

from indexing.encoder import Encoder  # noqa: E402
from indexing.entry import Entry, FloatArray, IdArray  # noqa: E402
from indexing.folding import fold  # noqa: E402
from indexing.generation import current_manifest  # noqa: E402
from indexing.index import Index, Mode  # noqa: E402
from indexing.scope import Allowed  # noqa: E402
from portal.settings import Settings  # noqa: E402

GROUPS = 100
# Groups that are allowed, of a hundred; None is no filter.
FILTERS = {"no filter": None, "5 %": 5, "1 %": 1}
BOTH = "portal, both halves"
ENGINES = Path(__file__).with_name("neighbour_engines.py")
Answers = dict[str, Any]


def main() -> None:
    """Measure and print a table."""
    options = _options()
    base = Settings.from_environment(os.environ)
    model_folder = options.model_folder or base.model_folder
    encoder = Encoder.load(base.model, model_folder, 1)
    options.work.mkdir(parents=True, exist_ok=True)
    real = large_company.real_passages(options.handbooks, encoder, options.work / "real")
    asked = large_company.questions(real, options.questions)
    company = Company(large_company.Drawn(real, options.passages), options.passages)
    questions = np.stack([encoder.encode_query(text) for text in asked])
    _save(options.work, company, questions)
    ours = engines(options.work, company, asked, questions)
    others = Others(options.python, options.work) if options.python else None
    found = in_turns(ours, others, len(asked), options.rounds)
    figures = summary(found, exact(company, questions))
    print(table(figures, options.passages))
    for name, facts in (others.told if others else {}).items():
        print(f"{name}: {facts}")
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1) + "\n", "utf-8")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("handbooks", type=Path, help="folder of Markdown files")
    parser.add_argument("--passages", type=int, default=100_000)
    parser.add_argument("--questions", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--python", type=Path, help="where txtai and chroma are installed")
    parser.add_argument("--work", type=Path, required=True, help="folder for what is made")
    parser.add_argument("--model-folder", type=Path, help="folder of the built model, kept")
    parser.add_argument("--json", type=Path, help="file for the figures")
    return parser.parse_args()


class Company:
    """Documents of twenty passages each as rows of an index; passage 0 is in reading 1."""

    def __init__(self, drawn: large_company.Drawn, passages: int) -> None:
        """Draw all vectors."""
        self.drawn = drawn
        step = 5000
        parts = [
            drawn.vectors(begin, min(begin + step, passages)) for begin in range(0, passages, step)
        ]
        self.vectors: FloatArray = np.concatenate(parts)
        self.readings: IdArray = np.arange(passages, dtype=np.int64) // large_company.PASSAGES + 1
        self.groups: IdArray = self.readings % GROUPS

    def allowed(self, below: int | None) -> IdArray:
        """Readings of the groups below a number."""
        every = np.unique(self.readings)
        return every if below is None else every[every % GROUPS < below]

    def head(self) -> int:
        """Each reading was published by itself."""
        return int(self.readings[-1])

    newest_head = head

    def entries_after(self, sequence: int, until: int) -> Iterable[tuple[int, list[Entry]]]:
        """Rows as the index takes them."""
        size = large_company.PASSAGES
        for reading in range(sequence + 1, until + 1):
            title = self.drawn.title(reading - 1)
            yield (
                reading,
                [
                    Entry(at, reading, title, self.drawn.text(at), self.vectors[at])
                    for at in range((reading - 1) * size, reading * size)
                ],
            )


def _save(work: Path, company: Company, questions: FloatArray) -> None:
    for name, values in (
        ("vectors", company.vectors), ("groups", company.groups), ("questions", questions)
    ):  # fmt: skip
        np.save(work / f"{name}.npy", values)


def engines(
    work: Path, company: Company, asked: Sequence[str], questions: FloatArray
) -> dict[str, Ask]:
    """Return the index of the portal, by vectors alone and with both halves, and bare FAISS."""
    folder, identity = work / f"index-{len(company.vectors)}", "drawn vectors"
    dimension = company.vectors.shape[1]
    fold(folder, identity, dimension, company)
    index = Index.open(folder, identity, dimension)
    index.catch_up(company)
    # Made once for a person, as the portal does.
    allowed = {below: Allowed.of(company.allowed(below)) for below in FILTERS.values()}

    def ours(mode: Mode) -> Ask:
        def ask(question: int, below: int | None) -> list[int]:
            hits = index.search(asked[question], questions[question], allowed[below], LIMIT, mode)
            return [hit.passage_id for hit in hits]

        return ask

    manifest = current_manifest(folder)
    assert manifest is not None
    (record,) = manifest.segments
    segment = folder / "generations" / f"{manifest.generation:06}" / record.name
    bare = faiss.read_index(str(segment / "vectors.faiss"), faiss.IO_FLAG_MMAP_IFC)

    def plain(question: int, below: int | None) -> list[int]:
        chosen = None
        if below is not None:
            bitmap = np.packbits(company.groups < below, bitorder="little")
            chosen = faiss.IDSelectorBitmap(len(company.groups), faiss.swig_ptr(bitmap))
        parameters = faiss.SearchParametersIVF(sel=chosen, nprobe=bare.nprobe)
        asked_for = questions[question : question + 1]
        return bare.search(asked_for, LIMIT, params=parameters)[1][0].tolist()

    return {
        "bare FAISS": plain,
        "portal, vectors": ours(Mode.DENSE),
        BOTH: ours(Mode.HYBRID),
    }


class Others:
    """The process that holds txtai and chroma."""

    def __init__(self, python: Path, work: Path) -> None:
        """Start it and wait until its indexes are made, which takes minutes."""
        self._process = subprocess.Popen(
            [str(python), str(ENGINES), str(work)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.told: dict[str, Answers] = self._line()

    @property
    def names(self) -> list[str]:
        """What is installed there."""
        return [name for name, facts in self.told.items() if "missing" not in facts]

    def answers(self, engine: str, below: int | None) -> Answers:
        """Have all questions answered."""
        assert self._process.stdin is not None
        print(json.dumps({"engine": engine, "below": below}), file=self._process.stdin, flush=True)
        return self._line()

    def _line(self) -> Answers:
        assert self._process.stdout is not None
        found: Answers = json.loads(self._process.stdout.readline())
        return found


def in_turns(
    ours: dict[str, Ask], others: Others | None, count: int, rounds: int
) -> dict[tuple[str, str], list[Answers]]:
    """Return what each engine answered under each filter in each round."""
    found: dict[tuple[str, str], list[Answers]] = {}
    for _ in range(rounds):
        for words, below in FILTERS.items():
            for name, ask in ours.items():
                found.setdefault((name, words), []).append(answers(ask, below, count))
            for name in others.names if others else ():
                found.setdefault((name, words), []).append(others.answers(name, below))
    return found


def exact(company: Company, questions: FloatArray) -> dict[str, list[set[int]]]:
    """Return the best ten of every question under every filter, by comparing all."""
    best = {}
    for words, below in FILTERS.items():
        cosines = questions @ company.vectors.T
        if below is not None:
            cosines[:, company.groups >= below] = -np.inf
        best[words] = [set(row.tolist()) for row in np.argsort(-cosines, axis=1)[:, :LIMIT]]
    return best


def summary(
    found: dict[tuple[str, str], list[Answers]], best: dict[str, list[set[int]]]
) -> dict[str, dict[str, dict[str, float]]]:
    """Return for each engine and filter: milliseconds by the clock, of the processor, recall@10.

    Times are of the round in which they were least, for the clock and the processor apart: what
    else the machine does only ever adds to them.
    """
    figures: dict[str, dict[str, dict[str, float]]] = {}
    for (name, words), rounds in found.items():
        shares = [
            len(truth.intersection(ids)) / len(truth)
            for truth, ids in zip(best[words], rounds[0]["found"], strict=True)
        ]
        figures.setdefault(name, {})[words] = {
            kind: min(statistics.median(each[kind]) for each in rounds)
            for kind in ("clock", "processor")
        } | {"recall": statistics.mean(shares)}
    return figures


def table(figures: dict[str, dict[str, dict[str, float]]], passages: int) -> str:
    """Return a Markdown table."""
    lines = [
        f"{passages:,} passages, ms a question by the clock (of processor time), recall@{LIMIT}",
        "",
        f"| | {' | '.join(FILTERS)} |",
        f"| --- |{' --- |' * len(FILTERS)}",
    ]
    for name, by_filter in figures.items():
        cells = [
            f"{each['clock']:.2f} ({each['processor']:.2f})"
            + ("" if name == BOTH else f", {each['recall']:.3f}")
            for each in by_filter.values()
        ]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    lines += ["", f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}."]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
