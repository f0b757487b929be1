"""The bundled model, run by ONNX Runtime.

Without sentence-transformers, which other models go through: it brings torch, and with it five
seconds of every process's start and 300 MB of its memory.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from indexing.entry import FloatArray
from indexing.network import IDS, MASK, TOKENS, VECTORS
from indexing.pieces import PieceTokenizer

NETWORK_FILE = "network.onnx"

# Tokens, padding included, run through the network together. Fewer leave its matrices idle, more
# fall out of the processor's cache; a long passage is best alone (docs/benchmarks.md).
_TOGETHER = 256

IntArray = NDArray[np.int64]


class OnnxEncoder:
    """Texts to unit vectors; any number of threads may use it at once.

    A run of the network uses one processor thread, and several runs go on at the same time:
    threads that share one run wait for each other at each of its steps, for longest where the
    machine has other things to do. `dimension` is how many numbers a vector has.
    """

    def __init__(self, folder: Path, threads: int | None) -> None:
        """Load a built model. Raises OSError, ValueError, and what ONNX Runtime raises."""
        self.pieces = PieceTokenizer.load(folder)
        self._session = _session(folder / NETWORK_FILE)
        self.dimension = int(self._session.get_outputs()[0].shape[1])
        # Its threads start with the first passages: a process that only searches has none.
        self._pool = ThreadPoolExecutor(threads or os.cpu_count() or 1, "encoder")

    def encode(self, texts: Sequence[str]) -> FloatArray:
        """Return the vectors of texts with their prompt before them: float32 (n, d)."""
        found = self.pieces.encode(texts)
        vectors: FloatArray = np.empty((len(found), self.dimension), np.float32)

        def run(rows: IntArray) -> None:
            (vectors[rows],) = self._session.run([VECTORS], self._padded([found[n] for n in rows]))

        self._each_group(found, run)
        return vectors

    def states(self, texts: Sequence[str]) -> list[FloatArray]:
        """Return what the network says of each token of each text, the marks at both ends included:
        float32 (t, d). The vector of a text is their sum, at unit length."""
        found = self.pieces.encode(texts)
        states: dict[int, FloatArray] = {}

        def run(rows: IntArray) -> None:
            (padded,) = self._session.run([TOKENS], self._padded([found[n] for n in rows]))
            # Copied: a view would keep the padding of the whole group.
            states.update(
                {n: each[: len(found[n])].copy() for n, each in zip(rows, padded, strict=True)}
            )

        self._each_group(found, run)
        return [states[n] for n in range(len(found))]

    def _each_group(self, found: Sequence[Sequence[int]], run: Callable[[IntArray], None]) -> None:
        groups = list(_groups(np.array([len(each) for each in found])))
        if len(groups) == 1:
            run(groups[0])
        else:
            list(self._pool.map(run, groups))

    def _padded(self, texts: Sequence[Sequence[int]]) -> dict[str, IntArray]:
        longest = max(map(len, texts))
        ids = np.full((len(texts), longest), self.pieces.padding, np.int64)
        mask = np.zeros_like(ids)
        for row, each in enumerate(texts):
            ids[row, : len(each)] = each
            mask[row, : len(each)] = 1
        return {IDS: ids, MASK: mask}


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
