"""Blobs in a folder of a local disk."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from storage.blob import BlobCorrupt, BlobMissing, StoredBlob, check_bytes, fan_out, is_digest
from storage.spool import RESERVE_BYTES, Spool

_TEMPORARY = "temporary"
_LOCK = "lock"
# What file systems without hard links (vfat, some network shares) answer to a link.
_NO_LINKS = frozenset({errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS})


class LocalStore:
    """Keeps each blob as a read-only file ``<root>/ab/cd/abcd…``; see `BlobStore` for the contract.

    Temporary files live below the same root, so that a link to the final name never copies.
    """

    def __init__(self, root: Path, reserve: int = RESERVE_BYTES) -> None:
        self.root = root
        self._spool = Spool(root / _TEMPORARY, reserve)

    def put(self, stream: BinaryIO, limit: int) -> StoredBlob:
        """Keep the stream; the order is bytes, sync, name, sync of the folders.

        Killed before the link there is only a temporary file, which `sweep` removes; killed after
        it there is a whole blob nobody refers to, which the next put of these bytes finds.
        """
        with self._spool.write(stream, limit) as (temporary, blob), self._spool.translated():
            final = self._path(blob.digest)
            final.parent.mkdir(parents=True, exist_ok=True)
            # Hashing the bytes already there may take seconds: not while everybody waits.
            whole = _is_whole(final, blob)
            with self._locked():
                _publish(temporary, final, whole)
            # Also where the name was there already: whoever made it may not have synced it yet.
            for folder in (final.parent, final.parent.parent, self.root):
                _sync(folder)
        return blob

    def open(self, digest: str) -> BinaryIO:
        """Open the blob for reading. Raises BlobMissing."""
        try:
            return open(self._path(digest), "rb")
        except FileNotFoundError as error:
            raise BlobMissing(digest) from error

    @contextlib.contextmanager
    def local_path(self, digest: str) -> Iterator[Path]:
        """Lend the blob's own path. Raises BlobMissing."""
        if not self.exists(digest):
            raise BlobMissing(digest)
        yield self._path(digest)

    def exists(self, digest: str) -> bool:
        """Whether the blob is there."""
        return self._path(digest).is_file()

    def size(self, digest: str) -> int:
        """Size in bytes. Raises BlobMissing."""
        try:
            return self._path(digest).stat().st_size
        except FileNotFoundError as error:
            raise BlobMissing(digest) from error

    def age(self, digest: str) -> float:
        """Seconds since the blob was last put. Raises BlobMissing."""
        try:
            return time.time() - self._path(digest).stat().st_mtime
        except FileNotFoundError as error:
            raise BlobMissing(digest) from error

    def verify(self, digest: str) -> None:
        """Hash the blob again. Raises BlobMissing or BlobCorrupt."""
        with self.open(digest) as file:
            check_bytes(digest, file)

    def digests(self) -> Iterator[str]:
        """Give all digests in ascending order, one folder in memory at a time."""
        for first in _names(self.root, 2):
            for second in _names(self.root / first, 2):
                for name in _names(self.root / first / second, 64):
                    if is_digest(name) and name.startswith(first + second):
                        yield name

    def remove(self, digest: str, older_than_seconds: float = 0) -> bool:
        """Remove the blob if it is old enough; returns whether it is gone."""
        path = self._path(digest)
        with self._spool.translated(), self._locked():
            try:
                if older_than_seconds and path.stat().st_mtime > time.time() - older_than_seconds:
                    return False
                path.unlink()
            except FileNotFoundError:
                return True
            _sync(path.parent)
        return True

    def sweep(self, older_than_seconds: float) -> int:
        """Remove abandoned temporary files; returns how many."""
        return self._spool.sweep(older_than_seconds)

    def _path(self, digest: str) -> Path:
        return self.root / fan_out(digest)

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        # Without it a collector could look at a blob's age, a second put of the same bytes could
        # find the blob there and be confirmed, and the collector then remove it.
        self.root.mkdir(parents=True, exist_ok=True)
        with open(self.root / _LOCK, "a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def _publish(temporary: Path, final: Path, whole: bool) -> None:
    try:
        os.link(temporary, final)
    except FileExistsError:
        if whole:
            os.utime(final)
        else:
            # Corrupt, or made this moment by a put of the same bytes.
            os.replace(temporary, final)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        # Under the lock, and these bytes are the only ones that can have this name.
        os.replace(temporary, final)


def _is_whole(path: Path, blob: StoredBlob) -> bool:
    try:
        if path.stat().st_size != blob.size:
            return False
        with open(path, "rb") as file:
            check_bytes(blob.digest, file)
    except (FileNotFoundError, BlobCorrupt):
        return False
    return True


def _names(folder: Path, length: int) -> list[str]:
    try:
        return sorted(name for name in os.listdir(folder) if len(name) == length)
    except (FileNotFoundError, NotADirectoryError):
        return []


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
