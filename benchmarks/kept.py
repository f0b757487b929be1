"""Vectors of passages kept between two runs of a benchmark: encoding them is most of its time."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from indexing.encoder import Encoder
from indexing.entry import FloatArray


class KeptEncoder(Encoder):
    """An encoder that reads from a folder what it has encoded there before, list by list.

    Where speed is measured it has no place.
    """

    def __init__(self, encoder: Encoder, folder: Path) -> None:
        """Keep what this encoder makes. Raises OSError when the folder cannot be made."""
        super().__init__(encoder._loaded)
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder

    def encode_passages(self, texts: Sequence[str]) -> FloatArray:
        """Return the vectors of passages, as `Encoder` does."""
        digest = hashlib.sha256(repr((self.identity, list(texts))).encode("utf-8", "replace"))
        path = self._folder / f"{digest.hexdigest()}.npy"
        if path.exists():
            kept: FloatArray = np.load(path)
            return kept
        vectors = super().encode_passages(texts)
        np.save(path, vectors)
        return vectors
