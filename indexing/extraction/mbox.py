"""Reader of mailboxes: many mails in one file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.parser import BytesParser
from typing import IO

from indexing.extraction.mail import write_message
from indexing.extraction.mail_text import header
from indexing.extraction.sink import Sink
from indexing.extraction.source import Source
from indexing.extraction.unreadable import Unreadable

_QUOTED = re.compile(rb"^>(>*From )", re.MULTILINE)
# A mail larger than this is left out; the mails after it are read.
_MOST_BYTES = 128 << 20
_LINE = 1 << 20


def read(source: Source, sink: Sink) -> None:
    """Read mail after mail, each as a part. Raises Unreadable (too_many_members)."""
    with source.path.open("rb") as file:
        for number, data in enumerate(_mails(file), 1):
            if data is None:
                sink.part_not_read(str(number), "archive_bomb")
                continue
            try:
                message = BytesParser().parsebytes(_QUOTED.sub(rb"\1", data))
                inner = sink.part(f"{number} {header(message, 'Subject')}".strip())
                write_message(message, source, inner)
            except RecursionError:
                sink.part_not_read(str(number), "nested_too_deep")
            except Unreadable as stopped:
                if stopped.notice.code != "nested_too_deep":
                    raise
                sink.part_not_read(str(number), stopped.notice.code)


def _mails(file: IO[bytes]) -> Iterator[bytes | None]:
    """Yield the bytes of each mail, None for one that is too large."""
    lines: list[bytes] | None = None
    size, blank = 0, True
    while line := file.readline(_LINE):
        if blank and line.startswith(b"From "):
            if lines is not None:
                yield b"".join(lines) if size <= _MOST_BYTES else None
            lines, size = [], 0
        elif lines is not None:
            size += len(line)
            if size <= _MOST_BYTES:
                lines.append(line)
        blank = line in (b"\n", b"\r\n")
    if lines is not None:
        yield b"".join(lines) if size <= _MOST_BYTES else None
