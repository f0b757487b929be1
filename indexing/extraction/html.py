"""Reader of web pages."""

from __future__ import annotations

import re

from indexing.extraction.charset import decoded
from indexing.extraction.html_blocks import write_blocks
from indexing.extraction.sink import Sink
from indexing.extraction.source import Source

_META = re.compile(rb"<meta[^>]{0,300}?charset\s*=\s*[\"']?\s*([\w:.-]{2,40})", re.IGNORECASE)
_HEAD_BYTES = 4096
# The tree of a page takes some ten times its bytes of memory.
_MOST_BYTES = 48 << 20
# Encodings of bytes below 128, which look like ASCII. UTF-7 is left out: it hides mark-up.
_SEVEN_BIT = ("iso-2022-", "hz")
# What a page calls Latin-1 or ASCII is Windows-1252 in practice, and browsers read it so.
_SAID_FOR_1252 = frozenset({"iso-8859-1", "latin-1", "latin1", "us-ascii", "ascii"})


def read(source: Source, sink: Sink) -> None:
    """Read headings, text, lists, tables and code; scripts and styles are left out."""
    with source.path.open("rb") as file:
        data = file.read(_MOST_BYTES)
    write_blocks(markup_of(data, sink), sink)
    if len(data) == _MOST_BYTES:
        sink.stop("text_cut", limit=source.limits.characters)


def markup_of(data: bytes, sink: Sink) -> str:
    """Return a page's text: valid UTF-8 first, then what the page says, then a guess."""
    text, encoding, certain = decoded(data)
    said = _declared(data)
    if said and (not certain or (said.startswith(_SEVEN_BIT) and data.isascii())):
        declared = _decoded_as(data, said)
        if declared is not None:
            return declared
    if not certain:
        sink.warn("encoding_guessed", encoding=encoding)
    return text


def _declared(data: bytes) -> str | None:
    found = _META.search(data[:_HEAD_BYTES])
    if found is None:
        return None
    name = found[1].decode("ascii", "replace").lower()
    if name in _SAID_FOR_1252:
        return "cp1252"
    return {
        "gb2312": "gb18030",
        "gbk": "gb18030",
        "x-gbk": "gb18030",
        "big5": "big5hkscs",
        "x-sjis": "cp932",
        "shift_jis": "cp932",
    }.get(name, name)


def _decoded_as(data: bytes, encoding: str) -> str | None:
    """Decode as the page says; None if it says nonsense or something the bytes refute."""
    try:
        text = data.decode(encoding, errors="replace")
    except (LookupError, ValueError):
        return None
    strange = text.count("\ufffd")
    return None if strange * 50 > len(text) else text
