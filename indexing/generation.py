"""Generations of the sealed index on disk: which one counts, how the next one takes its place.

    current                     «000007 <SHA-256 of its manifest>»
    writer.lock                 held by the one process that folds
    generations/000007/         manifest.json and one folder a segment
    generations/.building/      what a fold has not finished

The order that makes kill -9 harmless at any line: every file of the new generation is flushed,
then its folders, then `.building` is renamed to its number, then `generations` is flushed, and only
then `current` is replaced by rename and its folder flushed. Whatever is missing before that leaves
the old `current`, whose generation is whole; whatever is left over is removed by the next fold.
Segments that go on unchanged are hard links: no generation depends on the folder of another.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from indexing.manifest import (
    LAYOUT,
    MANIFEST_FILE,
    IdentityMismatch,
    IndexDamaged,
    Manifest,
    SegmentRecord,
)
from indexing.segment import Segment, open_segment
from indexing.tokens import TOKENS_VERSION

_GENERATIONS, _BUILDING, _CURRENT, _LOCK = "generations", ".building", "current", "writer.lock"

# A reader may lose the generation it has just read the name of to a fold that removes it; the name
# is then a new one. More than a few times in a row means something else is wrong.
_ATTEMPTS = 5


class FoldingBusy(Exception):
    """Another process is folding into the same folder."""


@dataclass(frozen=True, slots=True)
class Generation:
    """An open generation. Everything published up to `watermark` is in `segments`, in order.

    `manifest` is None when nothing was folded yet or it cannot be used; `damage` says what was
    found wrong: segments from the damaged one on are left out, and the rows after `watermark`
    replace them.
    """

    pointer: bytes
    manifest: Manifest | None
    segments: tuple[tuple[SegmentRecord, Segment], ...]
    watermark: int
    damage: IndexDamaged | None

    @property
    def number(self) -> int:
        """The generation's number, 0 when there is none."""
        return self.manifest.generation if self.manifest else 0


def pointer_of(folder: Path) -> bytes:
    """Return what names the current generation, empty when nothing was folded yet."""
    try:
        return (folder / _CURRENT).read_bytes()
    except FileNotFoundError:
        return b""


def current_manifest(folder: Path) -> Manifest | None:
    """Return what the current generation holds without opening it; None if there is none to use."""
    pointer = pointer_of(folder)
    try:
        if not pointer:
            return None
        with _kept(folder, pointer) as path:
            return _read_manifest(path, pointer)
    except IndexDamaged:
        return None


def open_generation(
    folder: Path, identity: str, dimension: int, known: Mapping[SegmentRecord, Segment]
) -> Generation:
    """Open the current generation; segments already `known` are not opened again.

    Raises IdentityMismatch when it was made with another model. Damage is no error: see Generation.
    """
    for _ in range(_ATTEMPTS):
        pointer = pointer_of(folder)
        if not pointer:
            return Generation(pointer, None, (), 0, None)
        try:
            with _kept(folder, pointer) as path:
                manifest = _read_manifest(path, pointer)
                _check_model(manifest, identity, dimension)
                return _open_segments(path, pointer, manifest, known)
        except IndexDamaged as damage:
            if pointer_of(folder) == pointer:
                return Generation(pointer, None, (), 0, damage)
    return Generation(pointer, None, (), 0, IndexDamaged(_CURRENT, "unreadable"))


@contextmanager
def _kept(folder: Path, pointer: bytes) -> Iterator[Path]:
    """Hold the generation's folder while it is opened, so that no fold removes it."""
    try:
        path = folder / _GENERATIONS / pointer.split()[0].decode("ascii")
        descriptor = os.open(path / MANIFEST_FILE, os.O_RDONLY)
    except FileNotFoundError:
        raise IndexDamaged(MANIFEST_FILE, "missing") from None
    except (OSError, ValueError, IndexError) as error:
        raise IndexDamaged(_CURRENT, "unreadable") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        yield path
    finally:
        os.close(descriptor)


def _read_manifest(path: Path, pointer: bytes) -> Manifest:
    try:
        written = (path / MANIFEST_FILE).read_bytes()
    except OSError as error:
        raise IndexDamaged(MANIFEST_FILE, "missing") from error
    if pointer != _pointer(path.name, written):
        raise IndexDamaged(MANIFEST_FILE, "digest")
    try:
        return Manifest.from_bytes(written)
    except (ValueError, KeyError, TypeError) as error:
        # The digest is right, so it was written like this: by another version of this program.
        raise IndexDamaged(MANIFEST_FILE, "outdated") from error


def _check_model(manifest: Manifest, identity: str, dimension: int) -> None:
    if manifest.identity != identity or manifest.dimension != dimension:
        made = f"{manifest.identity} ({manifest.dimension})"
        raise IdentityMismatch(made, f"{identity} ({dimension})")
    if manifest.tokens != TOKENS_VERSION or manifest.layout != LAYOUT:
        raise IndexDamaged(MANIFEST_FILE, "outdated")


def _open_segments(
    path: Path, pointer: bytes, manifest: Manifest, known: Mapping[SegmentRecord, Segment]
) -> Generation:
    opened: list[tuple[SegmentRecord, Segment]] = []
    for record in manifest.segments:
        try:
            segment = known.get(record) or open_segment(
                path / record.name, record, manifest.dimension
            )
        except IndexDamaged as damage:
            return Generation(pointer, manifest, tuple(opened), record.after, damage)
        opened.append((record, segment))
    return Generation(pointer, manifest, tuple(opened), manifest.watermark, None)


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Be the one writer of the folder. Raises FoldingBusy, and OSError when it cannot be written.

    The lock is the kernel's and ends with the process, however it ends.
    """
    (folder / _GENERATIONS).mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise FoldingBusy(str(folder)) from error
    finally:
        os.close(descriptor)


def start_building(folder: Path) -> Path:
    """Return an empty folder for the next generation; what an earlier fold left is removed."""
    building = folder / _GENERATIONS / _BUILDING
    if building.exists():
        shutil.rmtree(building)
    building.mkdir()
    return building


def next_number(folder: Path) -> int:
    """Return a number no generation in the folder has, finished or not."""
    names = (path.name for path in (folder / _GENERATIONS).iterdir())
    return max((int(name) for name in names if name.isdigit()), default=0) + 1


def carry_over(folder: Path, generation: int, record: SegmentRecord, building: Path) -> None:
    """Take a segment over into the next generation without writing it again. Raises OSError."""
    old, new = folder / _GENERATIONS / f"{generation:06}" / record.name, building / record.name
    for file in record.files:
        target = new / file.path
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            target.hardlink_to(old / file.path)
        except OSError:
            # File systems without hard links (some network and USB ones).
            shutil.copyfile(old / file.path, target)


def publish(folder: Path, building: Path, manifest: Manifest) -> None:
    """Make what was built the current generation and remove the ones nobody needs."""
    written = manifest.to_bytes()
    (building / MANIFEST_FILE).write_bytes(written)
    _flush_all(building)
    final = folder / _GENERATIONS / f"{manifest.generation:06}"
    building.rename(final)
    _flush(final.parent)
    waiting = folder / f"{_CURRENT}.new"
    waiting.write_bytes(_pointer(final.name, written))
    _flush(waiting)
    waiting.replace(folder / _CURRENT)
    _flush(folder)
    _remove_others(folder, final)


def _pointer(name: str, written: bytes) -> bytes:
    return f"{name} {hashlib.sha256(written).hexdigest()}\n".encode()


def _flush_all(folder: Path) -> None:
    for path in [*folder.rglob("*"), folder]:
        _flush(path)


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove_others(folder: Path, current: Path) -> None:
    """Remove the other generations, except those a reader is just opening: next time."""
    for path in (folder / _GENERATIONS).iterdir():
        if path == current:
            continue
        with suppress(BlockingIOError), _alone(path):
            # First the name, so that a reader never sees half a generation.
            doomed = path.with_name(f".removed-{path.name}")
            path.replace(doomed)
            shutil.rmtree(doomed)


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Hold a generation against readers that want to open it. Raises BlockingIOError."""
    try:
        descriptor = os.open(path / MANIFEST_FILE, os.O_RDONLY)
    except FileNotFoundError:
        yield  # no generation: left over from an interrupted removal
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)
