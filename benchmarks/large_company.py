"""A company of any size for `benchmarks/search.py`: rows, vectors and texts drawn from real ones.

Real passages of the handbooks are encoded once. Each passage of the company lies between two real
neighbours: sentences of both, and a vector between theirs with some noise. So vectors lie in the
clusters of real text, of any number, and no two are the same.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import faiss
import numpy as np
from argon2 import PasswordHasher
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from indexing.encoder import Encoder
from indexing.entry import FloatArray
from indexing.extraction import extract
from indexing.passage import cut
from portal import models
from portal.resources import Resources
from portal.services.embeddings import COUNTER, to_bytes

PASSWORD = "only for the benchmark"
# Passages of a document, documents of a case, departments below the company, positions of each.
PASSAGES, DOCUMENTS, DEPARTMENTS, POSITIONS = 20, 5, 10, 10
# Who asks, by the share of all passages they may read.
SHARES = {"everything": 1.0, "tenth": 0.1, "hundredth": 0.01, "few": 0.0001}
# A passage has two to four sentences, some 200 characters: a third of a real one, so that a million
# of them fit on a small disk.
SENTENCES = (2, 5)
NOISE = 0.25
_DAY = date(2024, 1, 2)
_SENTENCE = re.compile(r"(?<=[。！？])|(?<=[.!?])\s+|\n+")
_KINDS = (
    "application/pdf",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "text/markdown",
)


@dataclass(frozen=True, eq=False)
class Real:
    """Real passages: their sentences, their vectors float32 (n, d), ten neighbours each (n, 10)."""

    sentences: list[list[str]]
    titles: list[str]
    vectors: FloatArray
    neighbours: np.ndarray[tuple[int, int], np.dtype[np.int64]]


def real_passages(folder: Path, encoder: Encoder, kept: Path, count: int = 6000) -> Real:
    """Read, cut and encode passages of a folder's files; `kept` is a folder for what was made."""
    texts, titles, vectors = _kept(kept) if kept.exists() else _made(folder, encoder, kept, count)
    index = faiss.IndexFlatIP(vectors.shape[1])
    index.add(vectors)
    neighbours = index.search(vectors, 11)[1][:, 1:]
    split = [[part.strip() for part in _SENTENCE.split(text) if part.strip()] for text in texts]
    return Real(split, titles, vectors, neighbours)


def _kept(kept: Path) -> tuple[list[str], list[str], FloatArray]:
    texts, titles = json.loads((kept / "passages.json").read_text("utf-8"))
    return texts, titles, np.load(kept / "vectors.npy")


def _made(
    folder: Path, encoder: Encoder, kept: Path, count: int
) -> tuple[list[str], list[str], FloatArray]:
    found = [
        (passage.text, path.stem.replace("-", " "))
        for path in sorted(folder.rglob("*.md"))
        for passage in cut(extract(path, path.name).blocks, encoder.count_tokens)
        if len(passage.text) >= 40
    ]
    chosen = np.random.default_rng(1).permutation(len(found))[:count]
    texts, titles = [found[at][0] for at in chosen], [found[at][1] for at in chosen]
    vectors = encoder.encode_passages(texts)
    kept.mkdir(parents=True)
    np.save(kept / "vectors.npy", vectors)
    (kept / "passages.json").write_text(json.dumps([texts, titles], ensure_ascii=False), "utf-8")
    return texts, titles, vectors


class Drawn:
    """Passages drawn around real ones; the same number gives the same passage."""

    def __init__(self, real: Real, count: int) -> None:
        """Draw `count` pairs of neighbours."""
        self._real = real
        choice = np.random.default_rng(2)
        # Passages of one document are neighbours: documents are about something.
        first = np.repeat(choice.integers(0, len(real.vectors), count // PASSAGES), PASSAGES)
        second = real.neighbours[first, choice.integers(0, 10, first.size)]
        self._pairs = np.stack([first, second], 1)
        self._between = choice.uniform(0.1, 0.9, first.size).astype(np.float32)

    def vectors(self, begin: int, end: int) -> FloatArray:
        """Vectors of a range of passages, float32 (n, d), of unit length."""
        first, second = (self._real.vectors[self._pairs[begin:end, side]] for side in (0, 1))
        share = self._between[begin:end, np.newaxis]
        noise = np.random.default_rng(begin).standard_normal(first.shape, np.float32)
        noise *= NOISE / np.sqrt(np.float32(first.shape[1]))
        drawn = (1 - share) * first + share * second + noise
        return (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float32)

    def text(self, at: int) -> str:
        """Sentences of both neighbours."""
        choice = np.random.default_rng((3, at))
        count = int(choice.integers(*SENTENCES))
        sides = [self._real.sentences[side] for side in self._pairs[at]]
        return " ".join(sides[n % 2][int(choice.integers(len(sides[n % 2])))] for n in range(count))

    def title(self, document: int) -> str:
        """A title with a number that no other document has."""
        return f"{self._real.titles[self._pairs[document * PASSAGES, 0]]} DOC-{document}"


def found(resources: Resources, encoder: Encoder, drawn: Drawn, passages: int) -> None:
    """Write a company of so many passages into an empty, migrated database."""
    with resources.write() as uow:
        session = uow.session
        model = models.EmbeddingModel(
            identity=encoder.identity, dimension=encoder.dimension, active=True
        )
        session.add(model)
        session.flush()
        cases = _Cases(session, passages // PASSAGES)
        for rows in cases.documents(drawn):
            _insert(session, rows)
        session.add(models.Counter(name=COUNTER, value=cases.count))
        _embed(session, drawn, passages, model.id)


class _Cases:
    """Departments, positions, people and cases, each with five documents."""

    def __init__(self, session: Session, documents: int) -> None:
        self.count = documents
        self._session = session
        self._cases = max(1, documents // DOCUMENTS)
        self._found_company()

    def _found_company(self) -> None:
        session = self._session
        people = {name: self._person(name) for name in SHARES}
        root = models.Department(name="Company", head_id=people["everything"])
        session.add(root)
        session.flush()
        self.positions: list[int] = []
        for number in range(DEPARTMENTS):
            head = people["tenth"] if number == 0 else None
            place = models.Department(name=f"Department {number}", parent_id=root.id, head_id=head)
            session.add(place)
            session.flush()
            for job in range(POSITIONS):
                position = models.Position(name=f"Position {number}.{job}", department_id=place.id)
                session.add(position)
                session.flush()
                self.positions.append(position.id)
        session.add(
            models.Assignment(
                person_id=people["hundredth"],
                # Of the second department, so that nobody reads the same as somebody else.
                position_id=self.positions[POSITIONS],
                starts_on=_DAY,
            )
        )
        self._blueprint()
        # A receiver of nothing but the first case, in a position nobody hands over.
        self.receiver = people["few"]

    def _person(self, name: str) -> int:
        hashed = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
        person = models.Person(
            email=f"{name}@example.org", name=name, language="en", password_hash=hashed
        )
        self._session.add(person)
        self._session.flush()
        return person.id

    def _blueprint(self) -> None:
        blueprint = models.Blueprint(position_id=self.positions[0], number=1)
        self._session.add(blueprint)
        self._session.flush()
        line = models.Requirement(
            blueprint_id=blueprint.id, key="all", ordinal=1, title="All there is",
            kind=models.RequirementKind.DOCUMENT, responsible=models.Responsible.LEAVER,
        )  # fmt: skip
        self._session.add(line)
        self._session.flush()
        self._blueprint_id, self._requirement_id = blueprint.id, line.id

    def documents(self, drawn: Drawn) -> Iterator[dict[type[models.Base], list[dict[str, object]]]]:
        """Rows of a hundred cases at a time."""
        first_leaver = len(SHARES) + 1
        sealed = datetime(2025, 1, 1, tzinfo=UTC)
        for begin in range(1, self._cases + 1, 100):
            numbers = range(begin, min(begin + 100, self._cases + 1))
            rows: dict[type[models.Base], list[dict[str, object]]] = {
                table: []
                for table in (
                    models.Person, models.Handover, models.HandoverReceiver, models.Item,
                    models.Blob, models.Document, models.Version, models.Reading,
                    models.IndexLogEntry,
                )
            }  # fmt: skip
            for case in numbers:
                leaver = first_leaver + case - 1
                self._case(rows, case, leaver)
                for one in range(DOCUMENTS):
                    at = (case - 1) * DOCUMENTS + one + 1
                    if at <= self.count:
                        self._document(
                            rows, at, case, leaver, drawn, sealed + timedelta(minutes=at)
                        )
            yield rows

    def _case(
        self, rows: dict[type[models.Base], list[dict[str, object]]], case: int, leaver: int
    ) -> None:
        rows[models.Person].append(
            {"id": leaver, "public_id": _public(), "email": f"leaver-{case}@example.org",
             "name": f"Leaver {case}"}
        )  # fmt: skip
        rows[models.Handover].append(
            {"id": case, "public_id": _public(), "leaver_id": leaver,
             "position_id": self.positions[(case - 1) % len(self.positions)], "head_id": leaver,
             "blueprint_id": self._blueprint_id, "last_day": _DAY + timedelta(days=case % 700),
             "state": models.HandoverState.RUNNING}
        )  # fmt: skip
        # The receiver named «few» receives one case of the third department.
        receiver = self.receiver if case == 2 * POSITIONS + 1 else leaver
        rows[models.HandoverReceiver].append({"handover_id": case, "person_id": receiver})
        rows[models.Item].append(
            {"id": case, "public_id": _public(), "handover_id": case,
             "requirement_id": self._requirement_id, "state": models.ItemState.ACCEPTED,
             "due_on": _DAY, "decided_by_id": receiver if case % 2 else None}
        )  # fmt: skip

    def _document(
        self,
        rows: dict[type[models.Base], list[dict[str, object]]],
        at: int,
        case: int,
        leaver: int,
        drawn: Drawn,
        sealed: datetime,
    ) -> None:
        rows[models.Blob].append({"digest": f"{at:064x}", "size": 1000})
        rows[models.Document].append(
            {"id": at, "public_id": _public(), "handover_id": case, "item_id": case,
             "owner_id": leaver, "title": drawn.title(at - 1),
             "visibility": models.Visibility.POSITION}
        )  # fmt: skip
        rows[models.Version].append(
            {"id": at, "public_id": _public(), "document_id": at, "number": 1,
             "digest": f"{at:064x}", "filename": f"{at}.pdf", "uploaded_by_id": leaver,
             "sealed_at": sealed, "sealed_by_id": leaver}
        )  # fmt: skip
        rows[models.Reading].append(
            {"id": at, "version_id": at, "current": True, "state": models.ReadingState.FINDABLE,
             "media_type": _KINDS[at % 3], "language": ("zh", "en", "mixed")[at % 3]}
        )  # fmt: skip
        rows[models.IndexLogEntry].append({"sequence": at, "reading_id": at, "model_id": 1})


def _insert(session: Session, rows: dict[type[models.Base], list[dict[str, object]]]) -> None:
    for table, values in rows.items():
        session.execute(insert(table), values)


def _embed(session: Session, drawn: Drawn, passages: int, model_id: int) -> None:
    """Passages and their vectors, a few thousand at a time."""
    together = 5000
    for begin in range(0, passages, together):
        end = min(begin + together, passages)
        texts = [drawn.text(at) for at in range(begin, end)]
        session.execute(
            insert(models.Passage),
            [
                {"id": at + 1, "reading_id": at // PASSAGES + 1, "ordinal": at % PASSAGES,
                 "kind": BLOCK, "text": text, "embedding_text": text, "first_block": 0,
                 "last_block": 0, "place": {}}
                for at, text in zip(range(begin, end), texts, strict=True)
            ],
        )  # fmt: skip
        vectors = drawn.vectors(begin, end)
        session.execute(
            insert(models.Embedding),
            [
                {"passage_id": at + 1, "model_id": model_id, "vector": to_bytes(vector)}
                for at, vector in zip(range(begin, end), vectors, strict=True)
            ],
        )


BLOCK = "paragraph"


def questions(real: Real, count: int) -> Sequence[str]:
    """Sentences of real passages that could be asked for, by lot."""
    choice = np.random.default_rng(4)
    fit = [each for parts in real.sentences for each in parts if 8 <= len(each) <= 80]
    return [fit[at] for at in choice.permutation(len(fit))[:count]]


def person_ids(resources: Resources) -> dict[str, int]:
    """Row ids of those who ask."""
    with resources.read() as uow:
        rows = uow.session.execute(select(models.Person.email, models.Person.id)).all()
    return {email.partition("@")[0]: at for email, at in rows if email.partition("@")[0] in SHARES}


def _public() -> str:
    return secrets.token_urlsafe(16)
