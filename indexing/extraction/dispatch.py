"""Reading a file, or what lies in one, with the reader for its type; converted first if need be."""

from __future__ import annotations

from dataclasses import replace

from indexing.extraction.registry import reader_for
from indexing.extraction.sink import Sink
from indexing.extraction.sniff import sniff
from indexing.extraction.source import Source
from indexing.extraction.unreadable import Unreadable


def dispatch(source: Source, sink: Sink) -> None:
    """Read a source whose media type is known.

    What only LibreOffice reads is converted by the starter of this process, which may start
    programs, and read from the copy. Raises Unreadable (why it cannot be read, or only in part).
    """
    try:
        reader_for(source.media_type)(source, sink)
    except Unreadable as stopped:
        if stopped.notice.code != "office_missing":
            raise
    else:
        return
    name = sink.converted(source.path.name if source.depth else None, source.media_type)
    path = source.folder / name
    try:
        sink.unpack(path.stat().st_size)
        new = replace(source, path=path, media_type=sniff(path, source.filename))
        reader_for(new.media_type)(new, sink)
    finally:
        path.unlink()
