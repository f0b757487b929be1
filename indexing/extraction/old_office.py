"""Documents of programs that only LibreOffice still reads: Works, WordPerfect."""

from __future__ import annotations

from indexing.extraction.sink import Sink
from indexing.extraction.source import Source
from indexing.extraction.unreadable import Unreadable


def read(source: Source, sink: Sink) -> None:
    """Say that the file is to be converted first. Raises Unreadable (office_missing)."""
    raise Unreadable("office_missing", media_type=source.media_type)
