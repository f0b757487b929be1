"""Real handbooks as passages with vectors, and any number of passages drawn around them.

A drawn passage is made of a real one: its vector is the real one moved along the difference of two
others that lie near one another (so it moves in the directions in which real neighbours differ,
not in all 384), its text is the real one with half of its sentences taken from a near passage.
So clusters keep the places, sizes and shapes of real ones, and words follow the vectors. How near
drawn ones are to one another compared with real ones is what `likeness` measures.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from indexing.block import Block  # noqa: E402
from indexing.extraction import Limits  # noqa: E402
from indexing.extraction.registry import reader_for  # noqa: E402
from indexing.extraction.sink import Sink  # noqa: E402
from indexing.extraction.sniff import sniff  # noqa: E402
from indexing.extraction.source import Source  # noqa: E402

ENDINGS = frozenset({".md", ".rst", ".txt", ".html", ".docx", ".pdf"})
# Nearest real passages a drawn one may move towards and take sentences from.
NEAR = 8
# How far it moves: share of the difference of two near passages.
MOVED = 0.7
# Passages of a drawn document.
DOCUMENT = 20
_SENTENCE = re.compile(r"(?<=[。！？!?\n])|(?<=\. )")


@dataclass(frozen=True)
class Real:
    """Passages of real handbooks. `pages` says for each passage which file it comes from."""

    texts: list[str]
    vectors: NDArray[np.float32]
    pages: NDArray[np.int64]
    near: NDArray[np.int64]


def real(folder: Path, kept: Path, encoder: Any) -> Real:
    """Read, cut and encode every handbook under the folder; what was made before is read back."""
    passages, vectors = kept / "passages.json", kept / "vectors.npy"
    kept.mkdir(parents=True, exist_ok=True)
    if not passages.exists():
        made = list(_passages(folder, encoder.count_tokens))
        passages.write_text(json.dumps(made, ensure_ascii=False), "utf-8")
    pages, texts = zip(*json.loads(passages.read_text("utf-8")), strict=True)
    if not vectors.exists():
        np.save(vectors, encoder.encode_passages(texts))
    rows = np.load(vectors)
    return Real(list(texts), rows, np.array(pages), _nearest(rows))


def _passages(folder: Path, count_tokens: Any) -> Iterator[tuple[int, str]]:
    from indexing.passage import cut

    paths = sorted(p for p in folder.rglob("*") if p.suffix in ENDINGS and p.is_file())
    for page, path in enumerate(paths):
        for passage in cut(_blocks(path), count_tokens):
            yield page, passage.embedding_text


def _blocks(path: Path) -> list[Block]:
    """Read a file with the portal's reader, in this process: the files are trusted."""
    lines: list[bytes] = []
    source = Source(path, path.name, sniff(path, path.name), Path("."), Limits())
    reader_for(source.media_type)(source, Sink(lines.append, source.limits))
    messages = map(json.loads, lines)
    return [Block.from_json(message["block"]) for message in messages if "block" in message]


def _nearest(rows: NDArray[np.float32]) -> NDArray[np.int64]:
    import faiss

    index = faiss.IndexFlatIP(rows.shape[1])
    index.add(rows)
    return index.search(rows, NEAR + 1)[1][:, 1:]


def drawn(
    source: Real, count: int, seed: int = 1, together: int = 10_000
) -> Iterator[tuple[list[str], NDArray[np.float32]]]:
    """Yield texts and vectors, so many together, `count` in all; each DOCUMENT of them in a row
    are drawn around one real page."""
    choice = np.random.default_rng(seed)
    sentences = [_SENTENCE.split(text) for text in source.texts]
    begins = np.searchsorted(source.pages, source.pages)
    ends = np.searchsorted(source.pages, source.pages, "right")
    for begin in range(0, count, together):
        size = min(together, count - begin)
        page = np.repeat(choice.integers(len(source.texts), size=-(-size // DOCUMENT)), DOCUMENT)
        base = choice.integers(begins[page[:size]], ends[page[:size]])
        own, near, other = (source.near[base, choice.integers(NEAR, size=size)] for _ in range(3))
        moved = MOVED * choice.random((size, 1), np.float32)
        vectors = source.vectors[base] + moved * (source.vectors[own] - source.vectors[base])
        vectors += 0.5 * moved * (source.vectors[near] - source.vectors[other])
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        texts = [_mixed(sentences[a], sentences[b], choice) for a, b in zip(base, own, strict=True)]
        yield texts, vectors


def _mixed(own: list[str], near: list[str], choice: np.random.Generator) -> str:
    """Return about half of each text's sentences, in their order."""
    kept = choice.random(len(own) + len(near)) < 0.5
    chosen = [s for s, keep in zip([*own, *near], kept, strict=True) if keep]
    return "".join(chosen) or "".join(own)
