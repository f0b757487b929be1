"""Text to vectors: the bundled model, or any other, which sentence-transformers then loads."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np

from indexing import bundled_model
from indexing.entry import FloatArray
from indexing.late import Detailed, detailed, unit
from indexing.model_unavailable import ModelUnavailable

__all__ = [
    "BUNDLED",
    "Encoder",
    "ModelUnavailable",
    "build_bundled",
    "bundled_built",
    "import_library",
    "known_identity",
]

BUNDLED = "bundled"

_QUERY, _PASSAGE = "query", "document"
# Texts given to another model at once. On a processor few are best, because all are padded to the
# longest; a graphics card needs more to be busy.
_BATCH, _LARGE_BATCH = 8, 64

# E5 was trained with these and its published folders do not say so.
_E5_PROMPTS = {_QUERY: "query: ", _PASSAGE: "passage: "}


def build_bundled(folder: Path) -> Path:
    """Build the bundled model unless it is there and whole; return its folder. Takes seconds.

    Harmless when repeated, when two processes do it, and when killed. Raises ModelUnavailable.
    """
    return bundled_model.build(folder)


def bundled_built(folder: Path) -> bool:
    """Whether the bundled model has been built there."""
    return bundled_model.built(folder)


def import_library(model: str) -> None:
    """Import what a model needs and takes seconds, so that processes forked later have it.

    Nothing of it runs a thread yet. ONNX Runtime does as soon as it is imported, and threads do not
    survive a fork: it is left to `Encoder.load`, and takes tenths of a second.
    """
    if model != BUNDLED:
        import sentence_transformers  # noqa: F401


@cache
def known_identity(model: str) -> tuple[str, int] | None:
    """Return identity and dimension of a model without loading it; None where that cannot be told.

    Only the bundled one is known by its file. Raises ModelUnavailable when that is missing.
    """
    if model != BUNDLED:
        return None
    return bundled_model.identity(), bundled_model.DIMENSION


@dataclass(frozen=True, slots=True)
class _Loaded:
    """What a model can do. `encode` and `detailed` take texts and `query` or `document`."""

    identity: str
    dimension: int
    encode: Callable[[list[str], str], Any]
    count_tokens: Callable[[str], int]
    detailed: Callable[[list[str], str], list[Detailed]]


class Encoder:
    """One model in one process; any number of threads may use it at once.

    `identity` names the model, its content, quantisation and prompts: vectors of different
    identities cannot be compared. `dimension` is how many numbers a vector has.
    """

    def __init__(self, loaded: _Loaded) -> None:
        """Use `load`."""
        self._loaded = loaded
        self.identity = loaded.identity
        self.dimension = loaded.dimension

    @classmethod
    def load(cls, model: str, folder: Path, threads: int | None = None) -> Encoder:
        """Load `bundled`, built in `folder` if it is not there, or a model by name or folder.

        `threads` is how many processor threads encode passages, None for one a core. Loading
        takes about a second, of another model the first time in a process several. Raises
        ModelUnavailable.
        """
        return cls(_bundled(folder, threads) if model == BUNDLED else _other(model, threads))

    def encode_query(self, text: str) -> FloatArray:
        """Return the vector of what somebody searches for: float32 (d,), unit length."""
        vector: FloatArray = self._encode([text], _QUERY)[0]
        return vector

    def encode_passages(self, texts: Sequence[str]) -> FloatArray:
        """Return the vectors of passages: float32 (n, d), unit length, in their order."""
        if not texts:
            return np.empty((0, self.dimension), np.float32)
        return self._encode(texts, _PASSAGE)

    def detailed_query(self, text: str) -> Detailed:
        """Return the vector of what somebody searches for, and those of its tokens."""
        return self._detailed([text], _QUERY)[0]

    def detailed_passages(self, texts: Sequence[str]) -> list[Detailed]:
        """Return the vectors of passages and of their tokens, for what the vectors alone cost.

        Of a model other than the bundled one a passage counts as one token: its vector.
        """
        return self._detailed(texts, _PASSAGE) if texts else []

    def _detailed(self, texts: Sequence[str], kind: str) -> list[Detailed]:
        return self._loaded.detailed([_encodable(text) for text in texts], kind)

    def count_tokens(self, text: str) -> int:
        """Return how many of the model's tokens a text has, marks and prompt apart."""
        return self._loaded.count_tokens(_encodable(text))

    def _encode(self, texts: Sequence[str], kind: str) -> FloatArray:
        found = self._loaded.encode([_encodable(text) for text in texts], kind)
        return unit(np.asarray(found, np.float32))


def _encodable(text: str) -> str:
    """Return the text without lone surrogates, which no tokenizer takes."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _bundled(folder: Path, threads: int | None) -> _Loaded:
    built = build_bundled(folder)
    # Only here: the web server and the command line import this long before they need a model.
    from indexing.onnx_encoder import OnnxEncoder

    try:
        model = OnnxEncoder(built, threads)
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise ModelUnavailable(BUNDLED, "folder_unusable", str(error)) from error

    def encode(texts: list[str], kind: str) -> Any:
        prompt = bundled_model.PROMPTS[kind]
        return model.encode([f"{prompt}{text}" for text in texts])

    def detailed_of(texts: list[str], kind: str) -> list[Detailed]:
        prompt = bundled_model.PROMPTS[kind]
        # The mark at the beginning and the prompt say nothing of a text, nor does the last mark.
        kept = slice(1 + model.pieces.count(prompt.strip()), -1)
        return [detailed(each, kept) for each in model.states([f"{prompt}{t}" for t in texts])]

    identity, dimension = bundled_model.identity(), model.dimension
    return _Loaded(identity, dimension, encode, model.pieces.count, detailed_of)


def _other(name: str, threads: int | None) -> _Loaded:
    import torch
    from sentence_transformers import SentenceTransformer

    if threads:
        torch.set_num_threads(threads)
    try:
        model = SentenceTransformer(name)
    except (OSError, ValueError, KeyError, RuntimeError, ImportError, AttributeError) as error:
        raise ModelUnavailable(name, "not_loadable", str(error)) from error
    if "e5" in Path(name).name.lower() and not any(model.prompts.values()):
        model.prompts = dict(_E5_PROMPTS)
    batch = _BATCH if model.device.type == "cpu" else _LARGE_BATCH
    count = _counter(model.tokenizer)
    # Tokenizers of transformers change their own settings while they work: one thread at a time.
    lock = Lock()

    def encode(texts: list[str], kind: str) -> Any:
        with lock:
            return _through(model, texts, kind, batch)

    def count_tokens(text: str) -> int:
        with lock:
            return count(text)

    def detailed_of(texts: list[str], kind: str) -> list[Detailed]:
        vectors = unit(np.asarray(encode(texts, kind), np.float32))
        return [Detailed(vector, vector[None, :]) for vector in vectors]

    dimension = int(model.get_embedding_dimension())
    return _Loaded(_identity(name, model), dimension, encode, count_tokens, detailed_of)


def _through(model: Any, texts: list[str], kind: str, batch: int) -> Any:
    encode = model.encode_query if kind == _QUERY else model.encode_document
    return encode(texts, batch_size=batch, show_progress_bar=False, convert_to_numpy=True)


def _counter(tokenizer: Any) -> Callable[[str], int]:
    """Return what counts tokens with a tokenizer of transformers or of tokenizers."""
    if callable(tokenizer):
        return lambda text: len(
            tokenizer(text, add_special_tokens=False, truncation=False)["input_ids"]
        )
    return lambda text: len(tokenizer.encode(text, add_special_tokens=False).ids)


def _identity(name: str, model: Any) -> str:
    """Return the name without its folder and the hash of everything that shapes a vector."""
    import torch

    digest = hashlib.sha256(repr(sorted(model.prompts.items())).encode())
    digest.update(repr(model.max_seq_length).encode())
    for key, tensor in sorted(model.state_dict().items()):
        digest.update(key.encode())
        digest.update(
            tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().tobytes()
        )
    return f"{Path(name).name[:100]} {digest.hexdigest()[:16]}"
