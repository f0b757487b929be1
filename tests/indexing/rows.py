"""Rows to index, in memory or in a file that several processes share."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from indexing.entry import Entry

DIMENSION = 8
MODEL = "a model of tests"
WORDS = ("合同", "客户", "盘点", "报销", "invoice", "server", "deploy", "ledger", "badge", "审批")


def vector(seed: str, dimension: int = DIMENSION) -> np.ndarray:
    """A unit vector that belongs to a text."""
    number = int.from_bytes(hashlib.sha256(seed.encode()).digest()[:8], "big")
    values = np.random.default_rng(number).normal(size=dimension).astype(np.float32)
    return values / np.linalg.norm(values)


def entry(passage_id: int, reading_id: int, text: str, title: str = "") -> Entry:
    return Entry(passage_id, reading_id, title, text, vector(text))


@dataclass
class Rows:
    """Publications in memory, numbered from 1."""

    published: list[list[Entry]] = field(default_factory=list)
    # What others see by now, where these rows are of a moment before.
    newest: Rows | None = None

    def publish(self, *entries: Entry) -> int:
        self.published.append(list(entries))
        return len(self.published)

    def fill(self, readings: int, passages: int = 2) -> None:
        """Publish so many more readings of some passages each, every one with its own word."""
        for _ in range(readings):
            reading = len(self.published) + 1
            self.publish(
                *(
                    entry(reading * 100 + at, reading, text_of(reading, at))
                    for at in range(passages)
                )
            )

    def head(self) -> int:
        return len(self.published)

    def newest_head(self) -> int:
        return (self.newest or self).head()

    def entries_after(self, sequence: int, until: int) -> Iterator[tuple[int, list[Entry]]]:
        for number in range(sequence + 1, min(until, len(self.published)) + 1):
            yield number, self.published[number - 1]


def text_of(reading: int, at: int) -> str:
    word = WORDS[(reading * 3 + at) % len(WORDS)]
    return f"{word} note {name_of(reading, at)} in {word}"


def name_of(reading: int, at: int) -> str:
    """A word that stands in this passage alone; letters, so that it is no code with parts."""
    return f"z{reading}q{at}".translate(str.maketrans("0123456789", "bcfghjkmnp"))


class SharedRows:
    """Publications in a file: one line each, complete once its newline is there."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def publish(self, reading: int, texts: list[str]) -> None:
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps([reading, texts]) + "\n")

    def head(self) -> int:
        return len(self._lines())

    newest_head = head

    def entries_after(self, sequence: int, until: int) -> Iterator[tuple[int, list[Entry]]]:
        lines = self._lines()
        for number in range(sequence + 1, min(until, len(lines)) + 1):
            reading, texts = json.loads(lines[number - 1])
            yield (
                number,
                [entry(reading * 100 + at, reading, text) for at, text in enumerate(texts)],
            )

    def _lines(self) -> list[str]:
        if not self._path.exists():
            return []
        return self._path.read_text("utf-8").split("\n")[:-1]
