"""An object reader: a remote object as a seekable stream that never holds it whole."""

from __future__ import annotations

import io
from collections.abc import Callable, Generator, Iterator
from typing import Any


class ObjectReader(io.RawIOBase):
    """Reads an object of `size` bytes from `parts_from(position)`, which gives its bytes in parts.

    A seek costs one new request, and only when something is read after it. What the parts raise
    passes through.
    """

    def __init__(self, parts_from: Callable[[int], Iterator[bytes]], size: int) -> None:
        self._parts_from = parts_from
        self._size = size
        self._position = 0
        self._parts: Iterator[bytes] | None = None
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """Always."""
        return True

    def tell(self) -> int:
        """Position in bytes from the start."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move; a place before the start is the start. Returns the new position."""
        origin = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        if origin + offset != self._position:
            self._drop()
            self._position = max(0, origin + offset)
        return self._position

    def readinto(self, buffer: Any) -> int:
        """Fill the start of the buffer; 0 at the end."""
        if self._position >= self._size:
            return 0
        if not self._rest:
            if self._parts is None:
                self._parts = self._parts_from(self._position)
            self._rest = memoryview(next(self._parts, b""))
        count = min(len(buffer), len(self._rest))
        buffer[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        self._position += count
        return count

    def close(self) -> None:
        """Give the connection back."""
        self._drop()
        super().close()

    def _drop(self) -> None:
        if isinstance(self._parts, Generator):
            self._parts.close()
        self._parts, self._rest = None, memoryview(b"")
