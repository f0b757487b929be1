"""A spool: the folder where bytes are written before they get their final name."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from storage.blob import CHUNK_BYTES, BlobTooLarge, DiskFull, StoredBlob, StoreNotWritable

# Space an upload leaves free for the database and its journal on the same disk.
RESERVE_BYTES = 256 * 1024 * 1024
_NOT_WRITABLE = frozenset(
    {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST, errno.ENOENT}
)
_NO_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT})


@dataclass(frozen=True, slots=True)
class Spool:
    """Writes temporary files into `folder` and keeps `reserve` bytes of its disk free.

    Each file is locked by its writer as long as it lives. The kernel drops the lock of a killed
    process, so `sweep` can tell a leftover from an upload that is merely slow.
    """

    folder: Path
    reserve: int = RESERVE_BYTES

    @contextlib.contextmanager
    def write(self, stream: BinaryIO, limit: int) -> Iterator[tuple[Path, StoredBlob]]:
        """Write the stream to a file of mode 0444, synced to disk; the file goes with the context.

        Raises BlobTooLarge, DiskFull, StoreNotWritable, and whatever reading the stream raises.
        """
        path = self.folder / f"{os.getpid()}-{secrets.token_hex(8)}"
        # Errors of the stream and of the caller pass through this function untouched: only what
        # this class does itself on the disk is translated.
        with self.translated():
            self.folder.mkdir(parents=True, exist_ok=True)
            file = open(path, "xb")  # noqa: SIM115 - closed by the next statement
        try:
            with file:
                fcntl.flock(file, fcntl.LOCK_EX)
                yield path, self._copy(stream, file, limit)
        finally:
            path.unlink(missing_ok=True)

    def sweep(self, older_than_seconds: float) -> int:
        """Remove files nobody writes and nobody wrote to for so long. Returns how many."""
        if not self.folder.is_dir():
            return 0
        before = time.time() - older_than_seconds
        return sum(_remove_abandoned(Path(entry.path), before) for entry in os.scandir(self.folder))

    @contextlib.contextmanager
    def translated(self) -> Iterator[None]:
        """Turn what the disk says inside the context into DiskFull or StoreNotWritable."""
        try:
            yield
        except OSError as error:
            if error.errno in _NO_SPACE:
                raise DiskFull(self._free(), self.reserve + CHUNK_BYTES) from error
            if error.errno in _NOT_WRITABLE:
                raise StoreNotWritable(str(self.folder)) from error
            raise

    def _copy(self, stream: BinaryIO, file: BinaryIO, limit: int) -> StoredBlob:
        size, found = 0, hashlib.sha256()
        self._check_space(0)
        # One byte more than the limit is asked for, so that the excess is seen and never stored.
        while chunk := stream.read(min(CHUNK_BYTES, limit - size + 1)):
            size += len(chunk)
            if size > limit:
                raise BlobTooLarge(limit)
            self._check_space(len(chunk))
            found.update(chunk)
            with self.translated():
                file.write(chunk)
        with self.translated():
            file.flush()
            os.fchmod(file.fileno(), 0o444)
            os.fsync(file.fileno())
        return StoredBlob(found.hexdigest(), size)

    def _check_space(self, wanted: int) -> None:
        if (free := self._free()) < wanted + self.reserve:
            raise DiskFull(free, wanted + self.reserve)

    def _free(self) -> int:
        return shutil.disk_usage(self.folder).free


def _remove_abandoned(path: Path, before: float) -> bool:
    try:
        with open(path, "rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.fstat(file.fileno()).st_mtime > before:
                return False
            path.unlink()
            return True
    except (BlockingIOError, FileNotFoundError):
        # Its writer lives, or has just finished.
        return False
