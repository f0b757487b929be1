"""What lies in a file: members of archives, attachments of mails, embedded documents."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import IO

from indexing.extraction.dispatch import dispatch
from indexing.extraction.sink import Sink
from indexing.extraction.sniff import sniff
from indexing.extraction.source import Source
from indexing.extraction.unreadable import Unreadable

_CHUNK = 1 << 18
# Bounds of the whole reading: reaching one in a part ends it all.
_OF_THE_WHOLE = frozenset({"archive_bomb", "too_many_members", "text_cut", "too_many_cells"})


def read_part(source: Source, sink: Sink, name: str, content: IO[bytes] | bytes) -> None:
    """Read a part with the reader for its content; one that cannot be read becomes a warning.

    name: the name it has inside, shown, never used as a path. Raises Unreadable when a bound of
    the whole reading is reached (archive_bomb, too_many_members, text_cut, too_many_cells).
    """
    if source.depth >= source.limits.depth:
        sink.part_not_read(name, "nested_too_deep")
        return
    inner = sink.part(name)
    with tempfile.NamedTemporaryFile(dir=source.folder, suffix=".part") as file:
        size = _copied(BytesIO(content) if isinstance(content, bytes) else content, file, sink)
        file.flush()
        if not size:
            sink.part_not_read(name, "empty_file")
            return
        path = Path(file.name)
        filename = name.replace("\\", "/").rpartition("/")[2]
        part = replace(source, path=path, filename=filename, depth=source.depth + 1)
        try:
            part = replace(part, media_type=sniff(path, filename))
            inner.describe_part(part.media_type, size)
            dispatch(part, inner)
        except Unreadable as stopped:
            if stopped.notice.code in _OF_THE_WHOLE:
                raise
            sink.part_not_read(name, stopped.notice.code)


def _copied(content: IO[bytes], file: IO[bytes], sink: Sink) -> int:
    """Copy within the bounds; return the number of bytes. Raises Unreadable (archive_bomb)."""
    size = 0
    while piece := content.read(_CHUNK):
        sink.unpack(len(piece))
        file.write(piece)
        size += len(piece)
    return size
