"""One running portal for one data folder."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from types import TracebackType


class FolderLocked(Exception):
    """Another process holds the lock. `holder` is its process id, None if it has not written it."""

    def __init__(self, path: Path, holder: int | None) -> None:
        super().__init__(str(path))
        self.path = path
        self.holder = holder


class FolderLock:
    """An advisory lock on a file, held while the `with` block runs.

    The kernel drops it when the process ends, however it ends; a file that merely exists would have
    to be removed by hand after every kill -9.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor = -1

    def __enter__(self) -> FolderLock:
        """Take the lock. Raises FolderLocked, or OSError when the folder cannot be written."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.pread(descriptor, 20, 0).strip()
            os.close(descriptor)
            raise FolderLocked(self._path, int(holder) if holder.isdigit() else None) from error
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        self._descriptor = descriptor
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # The file stays: removing it would let a third process lock a new one while a second
        # still waits on the old.
        os.ftruncate(self._descriptor, 0)
        os.close(self._descriptor)
