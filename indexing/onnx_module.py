"""The bundled model as a module of sentence-transformers, run by ONNX Runtime.

Importing this takes some seconds and 400 MB, most of it shared between processes:
sentence-transformers brings torch. It is imported where a model is loaded, nowhere else.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import torch
from numpy.typing import NDArray
from sentence_transformers.base.modules import InputModule

from indexing.entry import FloatArray
from indexing.network import IDS, MASK, VECTORS
from indexing.pieces import PieceTokenizer

NETWORK_FILE = "network.onnx"

# Tokens, padding included, run through the network together. Fewer leave its matrices idle, more
# fall out of the processor's cache; a long passage is best alone (docs/benchmarks.md).
_TOGETHER = 256

IntArray = NDArray[np.int64]


class OnnxModule(InputModule):  # type: ignore[misc]  # untyped here, see pyproject.toml
    """Texts to unit vectors; any number of threads may use it at once.

    A run of the network uses one processor thread, and several runs go on at the same time:
    threads that share one run wait for each other at each of its steps, for longest where the
    machine has other things to do.
    """

    def __init__(self, folder: Path, threads: int | None) -> None:
        """Load a built model. Raises OSError, ValueError, and what ONNX Runtime raises."""
        super().__init__()
        self.pieces = PieceTokenizer.load(folder)
        self.max_seq_length = self.pieces.limit
        self._session = _session(folder / NETWORK_FILE)
        self._width = int(self._session.get_outputs()[0].shape[1])
        # Its threads start with the first passages: a process that only searches has none.
        self._pool = ThreadPoolExecutor(threads or os.cpu_count() or 1, "encoder")

    def preprocess(
        self, inputs: Sequence[str], prompt: str | None = None, **_: Any
    ) -> dict[str, torch.Tensor]:
        """Return padded token ids and their mask."""
        found = self.pieces.encode([f"{prompt or ''}{text}" for text in inputs])
        longest = max(map(len, found))
        ids = np.full((len(found), longest), self.pieces.padding, np.int64)
        mask = np.zeros_like(ids)
        for row, each in enumerate(found):
            ids[row, : len(each)] = each
            mask[row, : len(each)] = 1
        return {IDS: torch.from_numpy(ids), MASK: torch.from_numpy(mask)}

    def forward(self, features: dict[str, torch.Tensor], **_: Any) -> dict[str, torch.Tensor]:
        """Add the vectors to the features."""
        ids, mask = features[IDS].numpy(), features[MASK].numpy()
        vectors: FloatArray = np.empty((len(ids), self._width), np.float32)

        def run(rows: IntArray) -> None:
            longest = int(mask[rows].sum(axis=1).max())
            given = {IDS: ids[rows, :longest], MASK: mask[rows, :longest]}
            (vectors[rows],) = self._session.run([VECTORS], given)

        groups = list(_groups(mask.sum(axis=1)))
        if len(groups) == 1:
            run(groups[0])
        else:
            list(self._pool.map(run, groups))
        return {**features, VECTORS: torch.from_numpy(vectors)}

    def get_embedding_dimension(self) -> int:
        """Return how many numbers a vector has."""
        return self._width

    def save(self, output_path: str, *_: Any, **__: Any) -> None:
        """Not meant to be saved: it is built where it is needed. Raises NotImplementedError."""
        raise NotImplementedError(output_path)


def _groups(lengths: IntArray) -> Iterator[IntArray]:
    """Yield the rows of texts of like length that are run together, the longest first."""
    order = np.argsort(-lengths, kind="stable")
    start = 0
    while start < len(order):
        count = max(1, _TOGETHER // int(lengths[order[start]]))
        yield order[start : start + count]
        start += count


def _sums_overflow() -> bool:
    """Whether two products of bytes can be more than this processor adds up at once.

    So it is on x86-64 without the VNNI instructions (before 2019, or 2021 for small ones).
    """
    if platform.machine().lower() not in ("x86_64", "amd64"):
        return False
    try:
        words = set(Path("/proc/cpuinfo").read_text("utf-8", "replace").split())
    except OSError:
        # Not Linux: slower and right.
        return True
    return not words & {"avx512_vnni", "avx_vnni"}


def _session(path: Path) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    # The runtime takes the slower way wherever it is told to, needed or not.
    options.add_session_config_entry("session.x64quantprecision", str(int(_sums_overflow())))
    # Only errors: what it says about its own optimisations helps nobody here.
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(
        str(path),
        options,
        providers=["CPUExecutionProvider"],
        # Its fused kernel takes longer than the two it replaces.
        disabled_optimizers=["BiasGeluFusion"],
    )
