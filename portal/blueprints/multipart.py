"""The body of an upload, read once and part by part.

The framework's own parser writes every file to the system's temporary folder before a view sees
it. That folder is memory on many machines, so a file of the permitted size might not fit, and each
byte would be written twice. Here a part is a stream which the store reads straight from the wire.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import IO, Any

from flask import request
from werkzeug.exceptions import BadRequest
from werkzeug.sansio.multipart import (
    Data,
    Epilogue,
    Event,
    Field,
    File,
    MultipartDecoder,
    NeedData,
)

READ_BYTES = 64 * 1024
# What may wait in memory for its end: one chunk and the headers of a part.
BUFFER_BYTES = 4 * READ_BYTES
# Fields of our forms are names and tokens.
FIELD_BYTES = 16 * 1024
MOST_PARTS = 500


class Part(io.RawIOBase):
    """One part: a file with its name as the browser sent it, or a field (`filename` None)."""

    def __init__(self, parser: Parts, name: str, filename: str | None) -> None:
        self.name = name
        self.filename = filename
        self._parser = parser
        self._waiting = b""
        self._over = False

    def readable(self) -> bool:
        """It can be read, once, and only before the next part is asked for."""
        return True

    def readinto(self, buffer: Any) -> int:
        """The next bytes; 0 at the end of the part. Raises BadRequest for a broken body."""
        while not self._waiting and not self._over:
            self._waiting, more = self._parser.data()
            self._over = not more
        taken = self._waiting[: len(buffer)]
        buffer[: len(taken)] = taken
        self._waiting = self._waiting[len(taken) :]
        return len(taken)

    def stream(self) -> io.BufferedReader:
        """The part as a binary file."""
        return io.BufferedReader(self, READ_BYTES)

    def text(self) -> str:
        """A field's value. Raises BadRequest when it is longer than any of ours."""
        value = b""
        while chunk := self.read(READ_BYTES):
            value += chunk
            if len(value) > FIELD_BYTES:
                raise BadRequest
        return value.decode("utf-8", "replace")

    def skip(self) -> None:
        """Read the rest, so that the next part can be found."""
        self._waiting = b""
        while not self._over:
            self._over = not self._parser.data()[1]


class Parts:
    """The parts of this request's body in their order. Raises BadRequest when it has none."""

    def __init__(self) -> None:
        boundary = request.mimetype_params.get("boundary", "")
        if request.mimetype != "multipart/form-data" or not boundary:
            raise BadRequest
        self._body: IO[bytes] = request.stream
        self._decoder = MultipartDecoder(
            boundary.encode("ascii", "ignore"), BUFFER_BYTES, max_parts=MOST_PARTS
        )

    def __iter__(self) -> Iterator[Part]:
        while not isinstance(event := self._next(), Epilogue):
            if isinstance(event, File | Field):
                filename = event.filename if isinstance(event, File) else None
                part = Part(self, event.name or "", filename)
                yield part
                part.skip()

    def data(self) -> tuple[bytes, bool]:
        """The next bytes of the present part, and whether more may follow."""
        event = self._next()
        return (event.data, event.more_data) if isinstance(event, Data) else (b"", False)

    def _next(self) -> Event:
        try:
            while isinstance(event := self._decoder.next_event(), NeedData):
                self._decoder.receive_data(self._body.read(READ_BYTES) or None)
        except ValueError as error:
            raise BadRequest from error
        return event
