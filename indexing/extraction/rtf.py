"""Reader of Rich Text Format."""

from __future__ import annotations

from indexing.block import BlockKind
from indexing.extraction import media
from indexing.extraction.rtf_words import Paragraph, paragraphs
from indexing.extraction.sink import Sink
from indexing.extraction.source import Source
from indexing.extraction.unreadable import Unreadable
from indexing.table import table_text

_MOST_BYTES = 256 << 20


def read(source: Source, sink: Sink) -> None:
    """Read paragraphs, headings and tables. Raises Unreadable (corrupt)."""
    with source.path.open("rb") as file:
        data = file.read(_MOST_BYTES)
    if not data.lstrip().startswith(b"{\\rtf"):
        raise Unreadable("corrupt", media_type=media.RTF)
    write_rtf(data, sink)


def write_rtf(data: bytes, sink: Sink) -> None:
    """Give the sink the blocks of a text in Rich Text Format."""
    rows: list[list[str]] = []
    for paragraph in paragraphs(data):
        if paragraph.cells:
            rows.append(paragraph.cells)
            continue
        _write_rows(rows, sink)
        rows = []
        _write(paragraph, sink)
    _write_rows(rows, sink)


def _write(paragraph: Paragraph, sink: Sink) -> None:
    if paragraph.level is not None:
        sink.heading(paragraph.text, paragraph.level)
    else:
        kind = BlockKind.CAPTION if paragraph.note else BlockKind.PARAGRAPH
        sink.add(kind, paragraph.text.strip(" "))


def _write_rows(rows: list[list[str]], sink: Sink) -> None:
    if not rows:
        return
    if max(map(len, rows)) > 1:
        sink.add(BlockKind.TABLE, table_text(rows))
    else:
        for row in rows:
            sink.add(BlockKind.PARAGRAPH, row[0])
