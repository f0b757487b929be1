"""A model file small enough to compute by hand, in the layout of the real one."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

import numpy as np

WIDTH, LAYERS, HEADS, INNER, POSITIONS = 32, 2, 2, 64, 16
EPSILON = 1e-12
PIECES = [
    ("<s>", 0.0),
    ("<pad>", 0.0),
    ("</s>", 0.0),
    ("<unk>", 0.0),
    ("▁", -2.0),
    ("▁hello", -3.0),
    ("▁query:", -3.0),
    ("▁passage:", -3.0),
    ("客户", -4.0),
    ("客", -6.0),
    ("户", -6.0),
    ("lo", -5.0),
    ("é", -5.0),
    ("<mask>", 0.0),
]
CHARACTERS = {0: "", 9: " ", 10: " ", 0x3000: " ", 0xFF01: "!", 0xFB01: "fi"}


@dataclass
class Packed:
    """The bytes of a model file, and the weights they hold as floats."""

    content: bytes
    weights: dict[str, np.ndarray] = field(default_factory=dict)


def packed(seed: int = 1) -> Packed:
    random = np.random.default_rng(seed)
    tensors: list[tuple[str, int, int, bytes]] = []
    weights: dict[str, np.ndarray] = {}

    def floats(name: str, values: np.ndarray) -> None:
        values = values.astype("<f4")
        weights[name] = values
        tensors.append((name, 0, values.size, values.tobytes()))

    def nibbles(name: str, rows: int, columns: int) -> None:
        stored, weights[name] = quarter_bytes(random, rows, columns)
        tensors.append((name, 1, rows * columns, stored))

    nibbles("emb.word", len(PIECES), WIDTH)
    floats("emb.pos", random.normal(0, 0.1, POSITIONS * WIDTH))
    floats("emb.type", random.normal(0, 0.1, 2 * WIDTH))
    normalisations = ["emb.ln", *(f"l{i}.{n}" for i in range(LAYERS) for n in ("aln", "oln"))]
    for name in normalisations:
        floats(f"{name}.w", random.normal(1, 0.1, WIDTH))
        floats(f"{name}.b", random.normal(0, 0.1, WIDTH))
    for layer in range(LAYERS):
        for name, rows, columns in (
            *((part, WIDTH, WIDTH) for part in ("q", "k", "v", "ao")),
            ("fi", INNER, WIDTH),
            ("fo", WIDTH, INNER),
        ):
            nibbles(f"l{layer}.{name}.w", rows, columns)
            floats(f"l{layer}.{name}.b", random.normal(0, 0.1, rows))
    return Packed(_file(tensors), weights)


def quarter_bytes(random: np.random.Generator, rows: int, columns: int) -> tuple[bytes, np.ndarray]:
    """Random weights as they are stored, and as floats."""
    values = random.integers(0, 16, (rows, columns // 32, 32), dtype=np.uint8)
    scales = random.uniform(0.02, 0.06, (rows, columns // 32, 1)).astype("<f2")
    halves = values[..., :16] | (values[..., 16:] << 4)
    stored = np.concatenate([scales.view(np.uint8), halves], axis=-1)
    return stored.tobytes(), ((values.astype(np.float32) - 8) * scales).reshape(rows, columns)


def _file(tensors: list[tuple[str, int, int, bytes]]) -> bytes:
    texts = [text.encode() for text, _ in PIECES]
    offsets = np.cumsum([0, *map(len, texts)]).astype("<u4")
    head = b"E5S1" + struct.pack(
        "<I7ifi", 1, WIDTH, LAYERS, HEADS, INNER, len(PIECES), POSITIONS, 2, EPSILON, 32
    )
    head += struct.pack("<5iQ", len(PIECES), 0, 2, 1, 3, int(offsets[-1])) + offsets.tobytes()
    head += struct.pack(f"<{len(PIECES)}f", *(score for _, score in PIECES)) + b"".join(texts)
    characters = b"".join(
        struct.pack(f"<IB{len(text)}I", code, len(text), *map(ord, text))
        for code, text in CHARACTERS.items()
    )
    head += struct.pack("<iI", len(CHARACTERS), len(characters)) + characters
    at = len(head) + 4 + sum(2 + len(name) + 21 for name, *_ in tensors)
    directory, body = struct.pack("<i", len(tensors)), b""
    for name, kind, count, stored in tensors:
        directory += struct.pack("<H", len(name)) + name.encode()
        directory += struct.pack("<BIQQ", kind, count, at + len(body), len(stored))
        body += stored
    return head + directory + body
