"""Reader of PowerPoint presentations as they were before 2007 (ppt), by the layout of [MS-PPT].

Titles and texts slide by slide, without tables and charts.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

import olefile

from indexing.block import BlockKind
from indexing.extraction import media
from indexing.extraction.sink import Sink
from indexing.extraction.source import Source
from indexing.extraction.unreadable import Unreadable
from indexing.place import Place

_BROKEN = (OSError, ValueError, IndexError, struct.error, RecursionError, KeyError)
_DOCUMENT, _SLIDE = 1000, 1006
_LIST, _PERSIST, _HEADER = 4080, 1011, 3999
_WIDE, _NARROW = 4000, 4008
_CRYPT = 12052
_CURRENT_USER = 4086
_TITLES = frozenset({0, 6})
_SLIDES = 0
_CONTAINER = 0xF
_DEPTH = 32

Record = tuple[int, int, bytes]


def read(source: Source, sink: Sink) -> None:
    """Read the texts of each slide.

    Raises Unreadable (corrupt, encrypted_office, office_missing).
    """
    try:
        with olefile.OleFileIO(source.path) as file:
            if file.exists("EncryptedSummary") or file.exists("EncryptedSummaryInformation"):
                raise Unreadable("encrypted_office")
            if _is_older(file):
                raise Unreadable("office_missing", media_type=media.PPT)
            with file.openstream("PowerPoint Document") as stream:
                data = stream.read()
        _Presentation(data, sink).read()
    except _BROKEN as error:
        raise Unreadable("corrupt", media_type=media.PPT) from error


def _is_older(file: olefile.OleFileIO) -> bool:
    """Whether PowerPoint 95 or an older one wrote it, whose streams have other layouts."""
    if not file.exists("PowerPoint Document"):
        return bool(file.exists("PP40"))
    if not file.exists("Current User"):
        return False
    with file.openstream("Current User") as stream:
        # The length of a name in PowerPoint 95, a record since 97.
        kind: int = struct.unpack_from("<H", stream.read(4).ljust(4, b"\0"), 2)[0]
    return kind != _CURRENT_USER


def _records(data: bytes) -> Iterator[Record]:
    """Yield version and instance, type, and content of the records that follow each other."""
    at = 0
    while at + 8 <= len(data):
        head, kind, size = struct.unpack_from("<HHI", data, at)
        yield head, kind, data[at + 8 : at + 8 + size]
        at += 8 + size


class _Presentation:
    """One presentation while it is read."""

    def __init__(self, data: bytes, sink: Sink) -> None:
        self._data = data
        self._sink = sink
        self._outline = b""

    def read(self) -> None:
        """Read the texts in the outline, then those that lie in shapes of their own."""
        slides: list[bytes] = []
        for _, kind, content in _records(self._data):
            if kind == _DOCUMENT:
                # The last one counts: a file that was saved fast holds older ones before it.
                self._outline = content
            elif kind == _SLIDE:
                slides.append(content)
            elif kind == _CRYPT:
                raise Unreadable("encrypted_office")
        texts = list(self._outline_texts())
        self._sink.set_pages(max(len(texts), len(slides)))
        for number in range(max(len(texts), len(slides))):
            self._sink.forget_headings()
            place = Place(slide=number + 1)
            listed = texts[number] if number < len(texts) else []
            self._write(listed, place)
            seen = {text for _, text in listed}
            drawn = list(_texts(slides[number], 0)) if number < len(slides) else []
            self._write([item for item in drawn if item[1] not in seen], place)

    def _outline_texts(self) -> Iterator[list[tuple[int, str]]]:
        """Yield for each slide the kind and the words of its texts in the outline."""
        for head, kind, content in _records(self._outline):
            if kind != _LIST or head >> 4 != _SLIDES:
                continue
            current: list[tuple[int, str]] | None = None
            role = -1
            for _, inner, data in _records(content):
                if inner == _PERSIST:
                    if current is not None:
                        yield current
                    current, role = [], -1
                elif inner == _HEADER:
                    role = struct.unpack_from("<I", data)[0]
                elif inner in (_WIDE, _NARROW) and current is not None:
                    current.append((role, _words(inner, data)))
            if current is not None:
                yield current

    def _write(self, texts: list[tuple[int, str]], place: Place) -> None:
        for role, text in texts:
            if role in _TITLES:
                self._sink.heading(text, 1, place)
            else:
                lines = [line.strip() for line in text.split("\n") if line.strip()]
                kind = BlockKind.LIST if len(lines) > 1 else BlockKind.PARAGRAPH
                self._sink.add(kind, "\n".join(lines), place)


def _texts(data: bytes, depth: int) -> Iterator[tuple[int, str]]:
    """Yield the texts in the shapes of a slide."""
    role = -1
    for head, kind, content in _records(data):
        if kind == _HEADER:
            role = struct.unpack_from("<I", content)[0]
        elif kind in (_WIDE, _NARROW):
            yield role, _words(kind, content)
        elif head & 0xF == _CONTAINER and depth < _DEPTH:
            yield from _texts(content, depth + 1)


def _words(kind: int, data: bytes) -> str:
    text = data.decode("utf-16-le" if kind == _WIDE else "latin-1", errors="replace")
    return text.replace("\r", "\n").replace("\x0b", "\n")
