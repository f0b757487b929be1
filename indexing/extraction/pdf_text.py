"""What pdfium says of the characters of a PDF page: their text, size, weight, turn and place.

It has no way to ask for many characters at a time. So lists of them are asked for by `map`, whose
loop costs less than one written here, and the answers go into arrays that are made once.
"""

from __future__ import annotations

import ctypes
import math
import re
import struct
from collections.abc import Sequence
from functools import lru_cache
from itertools import repeat
from typing import Any

import pypdfium2.raw as pdfium

from indexing.extraction import pdf_calls
from indexing.place import Box

# Size of a character, and by how many degrees the page must be turned clockwise for it.
Look = tuple[float, int]
# Lefts, tops, rights and bottoms of rectangles, in page space, whose origin is at the bottom left.
Sides = tuple[list[float], list[float], list[float], list[float]]

# So many characters are asked for at once, at most, and so many rectangles.
MANY = 256
_SLOTS = 32
# A glyph of no extent, or of one that a damaged font claims, tells nothing about its line.
MOST_UNITS = 100_000.0
_BOLD_NAME = re.compile(rb"bold|black|heavy|-bd|,bd|cmbx", re.IGNORECASE)
_BOLD_WEIGHT = 600
_NAME_BYTES = 128
# Of the six numbers of a matrix the first four turn and stretch.
_MATRIX_BYTES = 24
_STRETCH = struct.Struct("4f")

# Where the answers go: pdfium is for one thread at a time anyway.
_matrices = (ctypes.c_char * (_MATRIX_BYTES * MANY))()
_matrix = [ctypes.byref(_matrices, _MATRIX_BYTES * number) for number in range(MANY)]
_points = (ctypes.c_double * (2 * MANY))()
_across = [ctypes.byref(_points, 16 * number) for number in range(MANY)]
_upwards = [ctypes.byref(_points, 16 * number + 8) for number in range(MANY)]
_sides = (ctypes.c_double * (4 * _SLOTS))()
_rectangle = [
    tuple(ctypes.byref(_sides, 8 * number) for number in range(first, first + 4))
    for first in range(0, 4 * _SLOTS, 4)
]
_name = ctypes.create_string_buffer(_NAME_BYTES)


class PageText:
    """The characters of one open page. Not for more than one thread: pdfium is not.

    count: how many there are. turn: of a character that does not say how it stands.
    """

    def __init__(self, page: Any, turn: int) -> None:
        self._helper = page.get_textpage()
        self._page = pdf_calls.handle(self._helper.raw)
        self._turn = turn
        self.count = max(0, self._helper.count_chars())
        # Of one of few sizes, because each is a type of its own, which takes longer to make.
        self._units = (ctypes.c_ushort * (1 << (self.count + 2).bit_length()))()

    def close(self) -> None:
        """Give pdfium's memory back."""
        self._helper.close()

    def read(self) -> tuple[str, int]:
        """Return all of the text, and how many UTF-16 units it has."""
        if not self.count:
            return "", 0
        length = pdfium.FPDFText_GetText(self._helper.raw, 0, self.count, self._units)
        said = self._said(max(0, length - 1))
        return said.decode("utf-16-le", "surrogatepass"), len(said) // 2

    def within(self, rectangle: Box) -> str:
        """Return the text in a rectangle of page space."""
        sides = map(ctypes.c_double, rectangle)
        length = pdf_calls.get_bounded(self._page, *sides, self._units, self.count + 2)
        return self._said(length).decode("utf-16-le", "replace").rstrip("\0")

    def _said(self, length: int) -> bytes:
        """Return so many UTF-16 units of the last answer."""
        return memoryview(self._units).cast("B")[: 2 * length].tobytes()

    def character(self, index: int) -> int:
        """Return the character at an index of the text, which does not hold all of them."""
        return max(0, int(pdfium.FPDFText_GetCharIndexFromTextIndex(self._helper.raw, index)))

    def looks(self, characters: Sequence[int]) -> list[Look]:
        """Return the looks of at most 256 characters."""
        sizes = map(pdf_calls.get_size, repeat(self._page), characters)
        given = all(list(map(pdf_calls.get_matrix, repeat(self._page), characters, _matrix)))
        if not given:
            return [self.look(character) for character in characters]
        numbers = memoryview(_matrices)[: _MATRIX_BYTES * len(characters)].tobytes()
        stretches = [
            numbers[begin : begin + _STRETCH.size]
            for begin in range(0, len(numbers), _MATRIX_BYTES)
        ]
        return list(map(_look, sizes, stretches))

    def look(self, character: int) -> Look:
        """Return the look of one character."""
        size = pdf_calls.get_size(self._page, character)
        if not pdf_calls.get_matrix(self._page, character, _matrix[0]):
            return (size if 0 < size < MOST_UNITS else 0.0), self._turn
        return _look(size, memoryview(_matrices)[: _STRETCH.size].tobytes())

    def is_bold(self, character: int) -> bool:
        """True if a character is set in a bold type, by its weight or its name."""
        if pdf_calls.get_weight(self._page, character) >= _BOLD_WEIGHT:
            return True
        length = pdf_calls.get_font(self._page, character, _name, _NAME_BYTES, None)
        return 0 < length <= _NAME_BYTES and _is_bold_name(_name.value)

    def origins(self, characters: Sequence[int]) -> list[tuple[float, float] | None]:
        """Return where at most 256 characters stand on their lines, in page space, if known."""
        given = map(pdf_calls.get_origin, repeat(self._page), characters, _across, _upwards)
        known = list(given)
        points = _points[: 2 * len(known)]
        found = zip(known, points[::2], points[1::2], strict=True)
        return [(x, y) if known else None for known, x, y in found]

    def rectangles(self, first: int, length: int) -> Sides:
        """Return the rectangles of a run of characters, one for each piece in which it was set."""
        count = pdf_calls.count_rectangles(self._page, first, length)
        found = self._rectangles(0, min(count, _SLOTS))
        for begin in range(_SLOTS, count, _SLOTS):
            more = self._rectangles(begin, min(count, begin + _SLOTS))
            for sides, others in zip(found, more, strict=True):
                sides += others
        return found

    def _rectangles(self, begin: int, end: int) -> Sides:
        """Return some of the rectangles that were counted last."""
        page, ask = self._page, pdf_calls.get_rectangle
        for number, (left, top, right, bottom) in zip(range(begin, end), _rectangle, strict=False):
            ask(page, number, left, top, right, bottom)
        until = 4 * (end - begin)
        return _sides[:until:4], _sides[1:until:4], _sides[2:until:4], _sides[3:until:4]

    def box(self, character: int) -> Box | None:
        """Return the rectangle of a character in page space; None if it has none."""
        if not pdf_calls.get_box(self._page, character, *_rectangle[0]):
            return None
        left, right, bottom, top = _sides[:4]
        return left, top, right, bottom


# The same few come again and again in a file.
@lru_cache(maxsize=4096)
def _look(size: float, stretch: bytes) -> Look:
    """Return the look of a type size under the four numbers of a matrix."""
    a, b, c, d = _STRETCH.unpack(stretch)
    size *= math.hypot(c, d)
    turn = round(math.degrees(math.atan2(b, a)) / 90) * 90 % 360 if b or a <= 0 else 0
    return (round(size, 2) if 0 < size < MOST_UNITS else 0.0), turn


@lru_cache(maxsize=512)
def _is_bold_name(name: bytes) -> bool:
    return _BOLD_NAME.search(name) is not None
