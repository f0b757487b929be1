"""Partial files: bytes that arrive piece by piece, over connections that break.

    <folder>/<name>.part    the bytes so far; its size is the offset of the next one
    <folder>/<name>.json    size and facts; written last, so a name is known when both are there

What was confirmed is synced: after a kill or a power cut the offset is what it was said to be, or
more. One writer at a time holds the kernel's lock of the bytes.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import secrets
import shutil
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from storage.blob import CHUNK_BYTES, BlobTooLarge, DiskFull, StorageError
from storage.spool import RESERVE_BYTES, Spool

_NAME = re.compile(r"[0-9a-f]{32}")


class PartialMissing(StorageError):
    """There is no such partial file: finished, removed, swept, or never begun."""

    code = "partial_missing"

    def __init__(self, name: str) -> None:
        super().__init__(name=name)


class PartialBusy(StorageError):
    """Somebody else writes to it at this moment."""

    code = "partial_busy"

    def __init__(self, name: str) -> None:
        super().__init__(name=name)


class WrongOffset(StorageError):
    """The next byte is another one than the writer thinks: `offset` is right."""

    code = "wrong_offset"

    def __init__(self, offset: int) -> None:
        super().__init__(offset=offset)


@dataclass(frozen=True, slots=True)
class Partial:
    """How far one is: `offset` of `size` bytes have arrived. `facts` are the caller's."""

    name: str
    size: int
    offset: int
    facts: Mapping[str, str]

    @property
    def complete(self) -> bool:
        """Whether every byte is there."""
        return self.offset == self.size


@dataclass(frozen=True, slots=True)
class PartialFiles:
    """Partial files in `folder`, of whose disk `reserve` bytes stay free.

    Safe to use from several threads and processes at the same time.
    """

    folder: Path
    reserve: int = RESERVE_BYTES

    def begin(self, size: int, facts: Mapping[str, str]) -> Partial:
        """Begin a file of so many bytes. Raises DiskFull and StoreNotWritable."""
        name = secrets.token_hex(16)
        with self._translated():
            self.folder.mkdir(parents=True, exist_ok=True)
            self._check_space(size)
            self._bytes(name).touch(0o600, exist_ok=False)
            note = self.folder / f"{name}.new"
            note.write_text(json.dumps({"size": size, "facts": dict(facts)}), "utf-8")
            note.rename(self._note(name))
        return Partial(name, size, 0, dict(facts))

    def find(self, name: str) -> Partial:
        """Return one. Raises PartialMissing."""
        if not _NAME.fullmatch(name):
            raise PartialMissing(name)
        try:
            note = json.loads(self._note(name).read_bytes())
            offset = self._bytes(name).stat().st_size
        except FileNotFoundError as error:
            raise PartialMissing(name) from error
        return Partial(name, note["size"], offset, note["facts"])

    def append(self, name: str, offset: int, stream: BinaryIO) -> Partial:
        """Add what the stream gives; memory stays at a chunk. What arrived before it broke is kept.

        Raises PartialMissing, PartialBusy, WrongOffset, BlobTooLarge when more comes than was
        announced (nothing beyond it is kept), DiskFull, and whatever reading the stream raises.
        """
        found = self.find(name)
        with self._locked(name) as file:
            at = file.seek(0, os.SEEK_END)
            if at != offset:
                raise WrongOffset(at)
            try:
                self._copy(stream, file, found.size - at)
            finally:
                file.flush()
                os.fsync(file.fileno())
        return self.find(name)

    @contextlib.contextmanager
    def opened(self, name: str) -> Iterator[BinaryIO]:
        """Lend the bytes; nobody writes meanwhile. Raises PartialMissing, PartialBusy."""
        self.find(name)
        with self._locked(name) as file:
            file.seek(0)
            yield file

    def remove(self, name: str) -> None:
        """Remove one; nothing happens when it is gone already."""
        if _NAME.fullmatch(name):
            # In this order: bytes without a note belong to nobody and are swept.
            self._note(name).unlink(missing_ok=True)
            self._bytes(name).unlink(missing_ok=True)

    def sweep(self, older_than_seconds: float) -> int:
        """Remove files to which nothing was added for so long. Returns how many."""
        if not self.folder.is_dir():
            return 0
        before, removed = time.time() - older_than_seconds, 0
        for path in self.folder.iterdir():
            # A slow line: a note is as young as its bytes.
            young = path.with_suffix(".part") if path.suffix == ".json" else path
            with contextlib.suppress(FileNotFoundError):
                if (young if young.exists() else path).stat().st_mtime < before:
                    path.unlink()
                    removed += path.suffix == ".part"
        return removed

    def _copy(self, stream: BinaryIO, file: BinaryIO, room: int) -> None:
        while chunk := stream.read(min(CHUNK_BYTES, room + 1)):
            if len(chunk) > room:
                raise BlobTooLarge(room)
            with self._translated():
                self._check_space(len(chunk))
                file.write(chunk)
            room -= len(chunk)

    @contextlib.contextmanager
    def _locked(self, name: str) -> Iterator[BinaryIO]:
        try:
            file = open(self._bytes(name), "r+b")  # noqa: SIM115 - closed by the next statement
        except FileNotFoundError as error:
            raise PartialMissing(name) from error
        with file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise PartialBusy(name) from error
            yield file

    def _check_space(self, wanted: int) -> None:
        free = shutil.disk_usage(self.folder).free
        if free < wanted + self.reserve:
            raise DiskFull(free, wanted + self.reserve)

    def _translated(self) -> contextlib.AbstractContextManager[None]:
        return Spool(self.folder, self.reserve).translated()

    def _bytes(self, name: str) -> Path:
        return self.folder / f"{name}.part"

    def _note(self, name: str) -> Path:
        return self.folder / f"{name}.json"
