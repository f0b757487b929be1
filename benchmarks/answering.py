"""Whether the sentences shown above the hits answer, and whether nothing is said when nothing does.

    .venv/bin/python benchmarks/answering.py FOLDER … --answers squad.json … --limit 300 [--write]

Folders are in the BEIR layout, files of answers in the layout of SQuAD with the same ids of
questions. Every question is asked four times: of all documents, of all but those that answer it, of
the one that answers with one to five others drawn by lot, and of these others alone; what holds few
documents is an index of its own, as in a young portal.
Half the questions of each set train and the other half are measured, then the other way round;
after that each set is measured by numbers trained on the others alone. A shown answer is right when
one of its first quote's sentences holds an answer of the file; in sets without such a file, when it
is of a relevant document, and these sets are measured only, never trained on. `--write` puts the
numbers of all trained questions into indexing/answering.json.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.kept import KeptEncoder  # noqa: E402
from indexing import answering  # noqa: E402
from indexing.answering import Asked, Candidate, Numbers, Source  # noqa: E402
from indexing.encoder import Encoder  # noqa: E402
from indexing.entry import IdArray  # noqa: E402
from indexing.evaluation.collection import Collection, Question  # noqa: E402
from indexing.evaluation.indexed import Encoded, Indexed, encode  # noqa: E402
from indexing.index import Index, Mode  # noqa: E402
from indexing.late import Detailed  # noqa: E402
from indexing.query import parse  # noqa: E402
from portal.services.search import DEPTH  # noqa: E402
from portal.settings import Settings  # noqa: E402

# Wanted of each set, of all documents: so much right of what is shown, so much answered of what has
# an answer.
PRECISION, ANSWERED = 0.8, 0.6
# Documents that hold no answer in a collection of few.
FEW = 5
Answers = dict[str, list[str]]


@dataclass
class Case:
    """One question asked once. `right` says for each sentence whether it answers."""

    asked: Asked
    chosen: list[Candidate]
    facts: np.ndarray
    right: list[bool]
    collection: str
    answerable: bool
    few: bool
    milliseconds: float


def main() -> None:
    """Measure, print a table, write numbers where asked."""
    options = _options()
    settings = Settings.from_environment(os.environ)
    encoder = Encoder.load(settings.model, settings.model_folder, settings.encoder_threads)
    if options.vectors:
        encoder = KeptEncoder(encoder, options.vectors)
    answers = read_answers(options.answers)
    sets: dict[str, list[Case]] = {}
    exact: set[str] = set()
    for folder in options.sets:
        collection = Collection.read(folder)
        questions = [q for q in collection.questions if q.id in answers]
        if questions:
            exact.add(collection.name)
        asked = Collection(collection.name, collection.documents, questions or collection.questions)
        cases = cases_of(asked, encoder, answers, (settings.passage_tokens, options.limit))
        sets[collection.name] = cases
        print(f"{collection.name}: {len(cases)} cases", file=sys.stderr)
    report(sets, exact)
    if options.write:
        numbers = train([case for name in sorted(exact) for case in sets[name]])
        answering.NUMBERS.write_text(answering.written({encoder.identity: numbers}), "utf-8")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("sets", type=Path, nargs="+", help="folders in the BEIR layout")
    parser.add_argument("--answers", type=Path, nargs="*", default=[], help="files as SQuAD's")
    parser.add_argument("--limit", type=int, default=300, help="questions of a set, by lot")
    parser.add_argument("--vectors", type=Path, help="folder to keep the vectors of passages in")
    parser.add_argument("--write", action="store_true", help="write indexing/answering.json")
    return parser.parse_args()


def read_answers(paths: list[Path]) -> Answers:
    """Return the answers of each question, of all files together: one a language, perhaps."""
    found: Answers = {}
    for path in paths:
        for document in json.loads(path.read_text("utf-8"))["data"]:
            for paragraph in document["paragraphs"]:
                for question in paragraph["qas"]:
                    texts = [each["text"].strip() for each in question["answers"]]
                    found.setdefault(question["id"], []).extend(texts)
    return found


def cases_of(
    collection: Collection, encoder: Encoder, answers: Answers, size: tuple[int, int]
) -> list[Case]:
    """Ask each question of many and of few documents, with and without those that answer."""
    tokens, limit = size
    indexed = Indexed(collection, encode(collection, encoder, tokens), encoder)
    everything = np.arange(len(collection.documents))
    numbers = {document.id: at for at, document in enumerate(collection.documents)}
    search = Search(encoder)
    cases = []
    with tempfile.TemporaryDirectory() as scratch:
        index = indexed.fold(Path(scratch))
        for question in collection.drawn(limit):
            relevant = [numbers[name] for name in question.relevant if name in numbers]
            others = np.setdiff1d(everything, relevant)
            asked = [search.case(indexed, index, question, each) for each in (everything, others)]
            asked += _of_few(indexed, search, question, (relevant, others))
            for case in asked:
                _judge(case, answers.get(question.id))
            cases += asked
    return cases


class Search:
    """Asks questions; what is encoded once is not encoded again."""

    def __init__(self, encoder: Encoder) -> None:
        self.encoder = encoder
        self._known: dict[str, Detailed] = {}

    def case(self, indexed: Indexed, index: Index, question: Question, allowed: np.ndarray) -> Case:
        """Ask one question of the allowed documents of an index."""
        query = parse(question.text)
        vector = self.encoder.encode_query(query.text)
        hits = index.search(query.text, vector, allowed, DEPTH, Mode.HYBRID)
        begin = time.perf_counter()
        encoded = self.encoder.detailed_query(query.text)
        asked = Asked(query, encoded, index.weights(query.text), hits)
        names = [document.id for document in indexed.collection.documents]
        sources = []
        for hit in hits[: answering.PASSAGES]:
            passage = indexed.encoded.passages[hit.passage_id]
            heading = (passage.place.heading_path or ("",))[-1]
            sources.append(Source(hit, hit.reading_id, passage.text, heading))
        chosen = answering.candidates(asked, sources)
        facts = answering.sentence_facts(asked, chosen, self._encode)
        held = {names[at] for at in allowed.tolist()}
        right = [names[each.source.document] in question.relevant for each in chosen]
        spent = 1000 * (time.perf_counter() - begin)
        answerable = any(name in held for name in question.relevant)
        few = len(held) <= FEW + 1
        name = indexed.collection.name
        return Case(asked, chosen, facts, right, name, answerable, few, spent)

    def _encode(self, texts: Sequence[str]) -> list[Detailed]:
        new = [text for text in texts if text not in self._known]
        self._known.update(zip(new, self.encoder.detailed_passages(new), strict=True))
        return [self._known[text] for text in texts]


def _of_few(
    indexed: Indexed, search: Search, question: Question, parts: tuple[list[int], IdArray]
) -> Iterator[Case]:
    relevant, others = parts
    lot = random.Random(question.id)
    drawn = lot.sample(others.tolist(), lot.randint(1, FEW))
    for documents in ([*drawn, relevant[0]], drawn):
        few = part_of(indexed, search.encoder, sorted(documents))
        with tempfile.TemporaryDirectory() as scratch:
            index = few.fold(Path(scratch))
            yield search.case(few, index, question, np.arange(len(documents)))


def part_of(indexed: Indexed, encoder: Encoder, documents: list[int]) -> Indexed:
    """Return some of the documents as a collection of their own."""
    whole, made = indexed.collection, indexed.encoded
    kept = np.flatnonzero(np.isin(made.owners, documents))
    part = Encoded(
        [made.passages[at] for at in kept.tolist()],
        np.searchsorted(documents, made.owners[kept]),
        made.vectors[kept],
        made.tokens,
        made.seconds,
    )
    held = [whole.documents[at] for at in documents]
    return Indexed(Collection(whole.name, held, whole.questions), part, encoder)


def _judge(case: Case, answers: list[str] | None) -> None:
    """Of sentences of the right documents leave those that hold an answer."""
    case.right = [
        right and (answers is None or any(text in each.text for text in answers))
        for right, each in zip(case.right, case.chosen, strict=True)
    ]


def fitted(rows: np.ndarray, labels: np.ndarray) -> tuple[float, ...]:
    """Return the weights of a logistic model over plain facts, the constant last."""
    scaler = StandardScaler().fit(rows)
    model = LogisticRegression(max_iter=1000).fit(scaler.transform(rows), labels)
    weights = model.coef_[0] / scaler.scale_
    constant = float(model.intercept_[0] - weights @ scaler.mean_)
    return (*map(float, weights), constant)


def train(cases: list[Case]) -> Numbers:
    """Return the numbers that serve these cases best."""
    facts = np.concatenate([case.facts for case in cases])
    sentence = fitted(facts, np.concatenate([case.right for case in cases]))
    judged = [judged_by(case, sentence) for case in cases]
    confidence = fitted(np.array([j.facts for j in judged]), np.array([j.right for j in judged]))
    many = [each for case, each in zip(cases, judged, strict=True) if not case.few]
    same = threshold([each for each in many if not each.across], confidence)
    return Numbers(sentence, confidence, same, threshold([j for j in many if j.across], confidence))


@dataclass
class Judged:
    """The facts about the quote chosen for a case, and whether it is right."""

    facts: np.ndarray
    right: bool
    across: bool
    answerable: bool
    collection: str


def threshold(judged: list[Judged], confidence: tuple[float, ...]) -> float:
    """Return from when to answer: where the set that has least to spare of what is wanted, of
    precision or of answers, has most, so that there is something to spare for other sets, too.

    Without anything to train on it is 1: never.
    """
    if not judged:
        return 1.0
    sure = answering.probability(np.array([each.facts for each in judged]), confidence)
    right = np.array([each.right for each in judged])
    whole = np.array([each.answerable for each in judged])
    names = np.array([each.collection for each in judged])
    # A few sentences of a set (an English one in a Chinese article) say nothing of it.
    often = [name for name in set(names) if np.mean(names == name) >= 1 / (2 * len(set(names)))]

    def spare(least: float) -> float:
        found = []
        for name in often:
            shown = (names == name) & (sure >= least)
            found.append(right[shown].mean() / PRECISION if shown.any() else 0.0)
            found.append(shown[whole & (names == name)].mean() / ANSWERED)
        return min(found)

    return float(max(np.unique(sure), key=spare))


def judged_by(case: Case, sentence: tuple[float, ...]) -> Judged:
    """Return the facts about the chosen quote, and whether it is right."""
    likely = answering.probability(case.facts, sentence)
    quote = answering.quote_of(case.chosen, likely)
    spans = {(id(quote.source), span) for span in quote.spans}
    right = any(
        each
        for each, candidate in zip(case.right, case.chosen, strict=True)
        if (id(candidate.source), candidate.span) in spans
    )
    facts = answering.confidence_facts(case.asked, case.chosen, case.facts, likely)
    across = answering.is_across(case.asked, case.chosen[int(likely.argmax())])
    return Judged(facts, right, across, case.answerable, case.collection)


def report(sets: dict[str, list[Case]], exact: set[str]) -> None:
    """Print what came out, a row a set and size."""
    halves = [
        {n: [c for at, c in enumerate(s) if at // 4 % 2 == half] for n, s in sets.items()}
        for half in (0, 1)
    ]
    numbers = [train([case for name in sorted(exact) for case in half[name]]) for half in halves]
    for each in numbers:
        print(f"thresholds {each.threshold:.3f}, across languages {each.across:.3f}")
    print("| set | always answered: right | precision | answered | wrongly |")
    print("| --- | ---: | ---: | ---: | ---: |")
    for name in sets:
        parts = [(halves[1][name], numbers[0]), (halves[0][name], numbers[1])]
        rows(name, parts if name in exact else [(sets[name], numbers[0])])
    print("\nEach by the numbers of the other sets:")
    for name in sorted(exact):
        others = [case for other in sorted(exact - {name}) for case in sets[other]]
        rows(name, [(sets[name], train(others))])
    # The first of four alone: the others find its sentences encoded.
    spent = [case.milliseconds for cases in sets.values() for case in cases[::4]]
    print(
        f"\nms a question: p50 {np.percentile(spent, 50):.0f}, p95 {np.percentile(spent, 95):.0f}"
    )


Parts = list[tuple[list[Case], Numbers]]


def rows(name: str, parts: Parts) -> None:
    """Print one row for all documents and one for few."""
    print(row(name, [([c for c in cases if not c.few], numbers) for cases, numbers in parts]))
    few = [([c for c in cases if c.few], numbers) for cases, numbers in parts]
    print(row(f"{name}, few", few), flush=True)


def row(name: str, parts: Parts) -> str:
    """Return one row of the table: cases, each measured by the numbers beside it."""
    shown, right, whole = [], [], []
    for cases, numbers in parts:
        for case in cases:
            judged = judged_by(case, numbers.sentence)
            sure = answering.probability(judged.facts[None, :], numbers.confidence)
            shown.append(numbers.sure(float(sure[0]), judged.across))
            right.append(judged.right)
            whole.append(case.answerable)
    is_shown, is_right, has = np.array(shown), np.array(right), np.array(whole)
    precision = is_right[is_shown].mean() if is_shown.any() else float("nan")
    figures = (is_right[has].mean(), precision, is_shown[has].mean(), is_shown[~has].mean())
    return f"| {name} | " + " | ".join(f"{figure:.2f}" for figure in figures) + " |"


if __name__ == "__main__":
    main()
