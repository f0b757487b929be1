"""Reader of Word documents as they were before 2007 (doc), by the layout of [MS-DOC].

The text and its paragraphs, without styles: better than nothing where no office suite is
installed to convert the file.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

import olefile

from indexing.block import BlockKind
from indexing.extraction import media
from indexing.extraction.compound import is_compound
from indexing.extraction.sink import Sink
from indexing.extraction.source import Source
from indexing.extraction.unreadable import Unreadable
from indexing.table import table_text

_BROKEN = (OSError, ValueError, IndexError, struct.error, RecursionError, KeyError)
_WORD_97 = 0x00C1
_ENCRYPTED, _OTHER_TABLE = 0x0100, 0x0200
_CLX = 0x01A2
_MOST_PIECES = 200_000
# Field codes between 13 and 14 are not shown; what follows up to 15 is.
_FIELD = re.compile("\x13[^\x13\x14\x15]*\x14?|\x15")
_BREAK = re.compile("[\r\x0c\x0e]")
_SIGNS = {
    "\x0b": "\n",
    "\x1e": "-",
    "\x1f": "",
    "\x01": "",
    "\x08": "",
    "\x02": "",
    "\x05": "",
    "\x03": "",
    "\x04": "",
}


def read(source: Source, sink: Sink) -> None:
    """Read paragraphs and tables. Raises Unreadable (corrupt, encrypted_office, office_missing)."""
    if not is_compound(source.path):
        # Word 2.
        raise Unreadable("office_missing", media_type=media.DOC)
    try:
        with olefile.OleFileIO(source.path) as file:
            text = "".join(_text(file))
    except _BROKEN as error:
        raise Unreadable("corrupt", media_type=media.DOC) from error
    _write(text, sink)


def _text(file: olefile.OleFileIO) -> Iterator[str]:
    with file.openstream("WordDocument") as stream:
        data = stream.read()
    version, flags = struct.unpack_from("<H", data, 2)[0], struct.unpack_from("<H", data, 10)[0]
    if flags & _ENCRYPTED:
        raise Unreadable("encrypted_office")
    if version < _WORD_97:
        # Word 6 and 95: another layout, for which a converter is needed.
        raise Unreadable("office_missing", media_type=media.DOC)
    with file.openstream("1Table" if flags & _OTHER_TABLE else "0Table") as stream:
        table = stream.read()
    begin, length = struct.unpack_from("<II", data, _CLX)
    for start, size, wide in _pieces(table[begin : begin + length]):
        piece = data[start : start + size * (2 if wide else 1)]
        yield piece.decode("utf-16-le" if wide else "cp1252", errors="replace")


def _pieces(clx: bytes) -> Iterator[tuple[int, int, bool]]:
    """Yield of each piece of the text its start, its characters, and if each takes two bytes."""
    at = 0
    while clx[at] == 1:
        at += 3 + struct.unpack_from("<H", clx, at + 1)[0]
    if clx[at] != 2:
        raise ValueError("no table of pieces")
    size = struct.unpack_from("<I", clx, at + 1)[0]
    plc = clx[at + 5 : at + 5 + size]
    count = (len(plc) - 4) // 12
    if not 0 < count <= _MOST_PIECES:
        raise ValueError("no pieces")
    ends = struct.unpack_from(f"<{count + 1}I", plc)
    for number in range(count):
        place = struct.unpack_from("<I", plc, 4 * (count + 1) + 8 * number + 2)[0]
        characters = ends[number + 1] - ends[number]
        if place & 0x40000000:
            yield (place & ~0x40000000) // 2, characters, False
        else:
            yield place, characters, True


def _write(text: str, sink: Sink) -> None:
    while (shorter := _FIELD.sub("", text)) != text:
        text = shorter
    for sign, meant in _SIGNS.items():
        text = text.replace(sign, meant)
    rows: list[list[str]] = []
    for paragraph in _BREAK.split(text):
        # A cell ends with 7, a row with one more.
        *closed, rest = paragraph.split("\x07\x07")
        rows.extend(row.split("\x07") for row in closed)
        if rest.count("\x07"):
            rows.append(rest.strip("\x07").split("\x07"))
            continue
        _write_rows(rows, sink)
        rows = []
        sink.add(BlockKind.PARAGRAPH, rest.strip(" "))
    _write_rows(rows, sink)


def _write_rows(rows: list[list[str]], sink: Sink) -> None:
    if rows and max(map(len, rows)) == 1:
        # A frame around ordinary text.
        for row in rows:
            sink.add(BlockKind.PARAGRAPH, row[0])
    elif rows:
        sink.add(BlockKind.TABLE, table_text(rows))
