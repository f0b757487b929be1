"""A set of questions with the documents that answer them, read from a folder in the BEIR layout."""

from __future__ import annotations

import csv
import json
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

CORPUS, QUERIES, JUDGEMENTS = Path("corpus.jsonl"), Path("queries.jsonl"), Path("qrels/test.tsv")
_COLUMNS = ("query-id", "corpus-id", "score")


class CollectionUnusable(Exception):
    """The folder is not what it should be; the message is a sentence for a person."""


@dataclass(frozen=True, slots=True)
class Document:
    """One line of the corpus."""

    id: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Question:
    """A question and how relevant documents are to it: 1 or more, absent when not at all."""

    id: str
    text: str
    relevant: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Collection:
    """What a folder holds. Questions nobody judged a document for are left out."""

    name: str
    documents: list[Document]
    questions: list[Question]

    @classmethod
    def read(cls, folder: Path) -> Collection:
        """Read a folder. Raises CollectionUnusable, OSError."""
        missing = [
            str(name) for name in (CORPUS, QUERIES, JUDGEMENTS) if not _is_file(folder, name)
        ]
        if missing:
            raise CollectionUnusable(
                f"{folder} is not a folder in the BEIR layout: {', '.join(missing)} missing."
            )
        documents = [Document(*line) for line in _lines(folder / CORPUS)]
        asked = {name: text for name, _, text in _lines(folder / QUERIES) if text}
        judged = _judged(folder / JUDGEMENTS)
        questions = [Question(name, asked[name], judged[name]) for name in asked if name in judged]
        if not documents or not questions:
            kind = "document" if not documents else "question with a relevant document"
            raise CollectionUnusable(f"{folder} holds no {kind}.")
        return cls(folder.resolve().name, documents, questions)

    def drawn(self, limit: int | None) -> list[Question]:
        """Return at most `limit` questions, by lot and always the same; None for all."""
        if limit is None or limit >= len(self.questions):
            return self.questions
        return random.Random(20).sample(self.questions, limit)


def _is_file(folder: Path, name: Path) -> bool:
    return (folder / name).is_file()


def _lines(path: Path) -> Iterator[tuple[str, str, str]]:
    """Yield id, title and text of each line. Raises CollectionUnusable."""
    seen: set[str] = set()
    for number, line in _numbered(path):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except ValueError as error:
            raise _wrong(path, number, f"not JSON ({error})") from error
        if not isinstance(value, dict) or not isinstance(value.get("_id"), str | int):
            raise _wrong(path, number, 'not an object with an "_id"')
        if not isinstance(value.get("text"), str):
            raise _wrong(path, number, 'no "text"')
        name = str(value["_id"])
        if name in seen:
            raise _wrong(path, number, f"the _id {name} stands there twice")
        seen.add(name)
        yield name, str(value.get("title") or ""), value["text"]


def _judged(path: Path) -> dict[str, dict[str, int]]:
    """Return the relevant documents of each question. Raises CollectionUnusable."""
    judged: dict[str, dict[str, int]] = {}
    rows = csv.reader((line for _, line in _numbered(path)), delimiter="\t", quoting=csv.QUOTE_NONE)
    if next(rows, None) != list(_COLUMNS):
        raise _wrong(path, 1, f"not the heading {', '.join(_COLUMNS)} with tabs between")
    for number, row in enumerate(rows, 2):
        if not row:
            continue
        try:
            question, document, score = row
            relevance = round(float(score))
        except (ValueError, OverflowError) as error:
            raise _wrong(path, number, "not an id, an id and a number with tabs between") from error
        if relevance > 0:
            judged.setdefault(question, {})[document] = relevance
    return judged


def _numbered(path: Path) -> Iterator[tuple[int, str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="\n") as file:
            yield from enumerate((line.rstrip("\r\n") for line in file), 1)
    except UnicodeDecodeError as error:
        raise CollectionUnusable(f"{path} is not UTF-8 text ({error.reason}).") from error


def _wrong(path: Path, number: int, what: str) -> CollectionUnusable:
    return CollectionUnusable(f"{path}, line {number}: {what}.")
