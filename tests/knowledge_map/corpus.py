"""Small documents with made vectors: each topic is a direction of its own, with a little noise."""

from __future__ import annotations

import numpy as np

from knowledge_map import Area, Expected, KnowledgeMap, Piece, Source

DIMENSION = 48
CLIENTS = Expected("clients", "客户档案")
ORDERS = Expected("orders", "未完成订单")
DESK = Expected("desk", "Desk and badge returned", hollow=False)


def vector(topic: int, number: int = 0, noise: float = 0.15) -> np.ndarray:
    """A unit vector near the direction of the topic; the same for the same numbers."""
    random = np.random.default_rng(1000 * topic + number)
    made = random.normal(size=DIMENSION) * noise / np.sqrt(DIMENSION)
    made[topic] += 1.0
    # What all texts of one model have in common.
    made[DIMENSION - 1] += 2.0
    return (made / np.linalg.norm(made)).astype(np.float32)


def document(
    name: str,
    *topics: int,
    key: str | None = None,
    title: str | None = None,
    headings: tuple[str, ...] | None = None,
    each: int = 4,
    words: str = "",
) -> Source:
    """A document with `each` passages about every topic, under one heading for each topic."""
    pieces = []
    for place, topic in enumerate(topics):
        heading = headings[place] if headings else f"Topic {chr(65 + topic)}"
        for number in range(each):
            # The document's name makes ids and noise its own, whatever else there is.
            own = sum(map(ord, name)) * 100 + place * 20 + number
            path = (heading,) if heading else ()
            pieces.append(Piece(own, vector(topic, own), words.split(), path))
    return Source(name, title or f"Document {name}", key, pieces)


def unread(name: str, key: str | None = None) -> Source:
    """A document whose text could not be read."""
    return Source(name, f"Document {name}", key)


def titles(made: KnowledgeMap) -> list[str]:
    return [area.title for area in made.areas]


def by_title(made: KnowledgeMap, title: str) -> Area:
    return next(area for area in made.areas if area.title == title)
