"""Reader of plain text in whatever encoding."""

from __future__ import annotations

import re

from indexing.block import BlockKind
from indexing.extraction.charset import decoded
from indexing.extraction.normal import normal
from indexing.extraction.sink import Sink
from indexing.extraction.source import Source

_PARAGRAPH = re.compile(r"\n[ \t]*\n+")
_BULLET = re.compile(r"\s*(?:[-*•·●▪◦]|\(?\d{1,3}[.)、）]|[（(][一二三四五六七八九十]+[)）])\s*\S")
# Where a text has no empty lines, a block still ends somewhere: at a line end after this much.
_BLOCK_CHARACTERS = 4000


def read(source: Source, sink: Sink) -> None:
    """Read paragraphs: what stands between empty lines."""
    write_text(text_of(source, sink), sink)


def write_text(text: str, sink: Sink) -> None:
    """Give the sink the paragraphs and lists of a normal text."""
    for paragraph in _PARAGRAPH.split(text):
        for piece in _bounded(paragraph.strip("\n")):
            sink.add(_kind(piece), piece)


def text_of(source: Source, sink: Sink) -> str:
    """Return a text file's normal text; warn where the encoding was guessed."""
    with source.path.open("rb") as file:
        # Four bytes a character at most: more than this is cut by the bound on characters anyway.
        data = file.read(4 * source.limits.characters + 4)
    text, encoding, certain = decoded(data)
    if not certain:
        sink.warn("encoding_guessed", encoding=encoding)
    return normal(text)


def _kind(text: str) -> BlockKind:
    lines = text.split("\n")
    bullets = sum(_BULLET.match(line) is not None for line in lines)
    return BlockKind.LIST if bullets * 2 > len(lines) else BlockKind.PARAGRAPH


def _bounded(text: str) -> list[str]:
    if len(text) <= _BLOCK_CHARACTERS:
        return [text]
    found, lines, size = [], [], 0
    for line in text.split("\n"):
        lines.append(line)
        size += len(line)
        if size >= _BLOCK_CHARACTERS:
            found.append("\n".join(lines))
            lines, size = [], 0
    return [*found, "\n".join(lines)]
