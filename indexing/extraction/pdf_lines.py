"""Lines of a PDF page: text, boxes, size and weight, as pdfium finds them."""

from __future__ import annotations

import ctypes
import math
import re
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import pypdfium2.raw as pdfium

from indexing.extraction import pdf_calls
from indexing.extraction.line import Cell, Line
from indexing.extraction.page_frame import PageFrame
from indexing.place import Box

# pdfium parts lines by CR LF, and marks a hyphen at a line's end by one of the two others.
_LINE = re.compile("([^\r\n\x02\ufffe]*)(\r\n|[\r\n\x02\ufffe]|$)")
_BOLD_NAME = re.compile(rb"bold|black|heavy|-bd|,bd|cmbx", re.IGNORECASE)
_BOLD_WEIGHT = 600
_NAME_BYTES = 128
# A gap of this many type sizes parts cells; justified text rarely has one between words.
_CELL_GAP = 1.1
_SAMPLES = 9
# So many rectangles of a line are asked for before the answers are looked at.
_SLOTS = 24
# The usual width of a Western letter, in type sizes, and by how much a line may be wider.
_NARROW = 0.55
_LOOSE = 1.25
# A glyph of no extent, or of one that a damaged font claims, tells nothing about its line.
_MOST_UNITS = 100_000.0


class PageLines:
    """The lines of one open page. Not for more than one thread: pdfium is not.

    facing: by how many degrees the page is turned clockwise for most of its lines to be read.
    """

    def __init__(self, page: Any) -> None:
        self._frame = PageFrame(*page.get_bbox())
        self._turn = page.get_rotation() % 360
        # Where pdfium writes its answers, four numbers a rectangle, and pointers to each.
        self._sides = (ctypes.c_double * (4 * _SLOTS))()
        self._slots = _pointers(self._sides)
        self._each = self._slots[0]
        self._matrix = (ctypes.c_float * 6)()
        self._name = ctypes.create_string_buffer(_NAME_BYTES)
        self._looks: dict[tuple[float, ...], tuple[float, int]] = {}
        self._open(page)
        self.facing = self._usual_turn()
        if self.facing != self._turn:
            # pdfium orders what stands beside each other on the page as shown, which shuffles the
            # lines of a page whose text runs up or down; so it is given the page upright.
            self.close()
            page.set_rotation(self.facing)
            self._open(page)

    def _open(self, page: Any) -> None:
        self._helper = page.get_textpage()
        self._text = pdf_calls.handle(self._helper.raw)
        self._count = max(0, self._helper.count_chars())

    def __iter__(self) -> Iterator[Line]:
        """Yield the lines in the order of the text layer."""
        text = self._read()
        wide = max(text, default="") > "\uffff"
        same = len(text) == self._count
        start = 0
        for found in _LINE.finditer(text):
            line, end = found[1], found[2]
            if line.strip():
                first = start if same else self._character(start)
                made = self._line(line, first, broken=end in ("\x02", "\ufffe"))
                if made is not None:
                    yield made
            length = len(found[0])
            start += len(found[0].encode("utf-16-le", "surrogatepass")) // 2 if wide else length

    def text_in(self, frame: Box) -> str:
        """Return the text in a part of the page turned as most of its lines are."""
        left, top, right, bottom = self._frame.unturned(frame, self.facing)
        buffer = (ctypes.c_ushort * (self._count + 2))()
        sides = map(ctypes.c_double, (left, top, right, bottom))
        length = pdf_calls.get_bounded(self._text, *sides, buffer, self._count + 2)
        return bytes(buffer)[: 2 * length].decode("utf-16-le", "replace").rstrip("\0")

    def facing_box(self, rectangle: Box) -> Box:
        """Return a rectangle of page space on the page turned as most of its lines are."""
        return self._frame.turned(rectangle, self.facing)

    def shown_box(self, frame: Box) -> Box:
        """Return on the page as shown a part of the page turned as most of its lines are."""
        if self.facing == self._turn:
            return _rounded(frame)
        return _rounded(self._frame.turned(self._frame.unturned(frame, self.facing), self._turn))

    def close(self) -> None:
        """Give pdfium's memory back."""
        self._helper.close()

    def _read(self) -> str:
        if not self._count:
            return ""
        buffer = (ctypes.c_ushort * (self._count + 1))()
        length = pdfium.FPDFText_GetText(self._helper.raw, 0, self._count, buffer)
        return bytes(buffer)[: 2 * max(0, length - 1)].decode("utf-16-le", "surrogatepass")

    def _character(self, index: int) -> int:
        return max(0, int(pdfium.FPDFText_GetCharIndexFromTextIndex(self._helper.raw, index)))

    def _line(self, text: str, first: int, *, broken: bool) -> Line | None:
        boxes = self._boxes(first, len(text))
        if not boxes:
            return None
        size, bold, turn = self._style(first, len(text))
        around = boxes[0] if len(boxes) == 1 else _around(boxes)
        flow = self._frame.turned(around, turn)
        size = size or flow[3] - flow[1]
        apart = _is_loose(text, flow, size)
        if not apart and len(boxes) > 1:
            along = boxes if turn == 0 else [self._frame.turned(box, turn) for box in boxes]
            apart = _has_gap(along, _CELL_GAP * size)
        cells = self._cells(text, first, size, turn) if apart else ()
        box = _rounded(flow if turn == self._turn else self._frame.turned(around, self._turn))
        base = self._base(first + len(text) // 2, turn)
        return Line(text.strip(), box, size, bold, cells, broken, flow, turn, base)

    def _boxes(self, first: int, length: int) -> list[Box]:
        """Return the rectangles of a run of characters, in page space: left, top, right, bottom."""
        text = self._text
        count = pdf_calls.count_rectangles(text, first, length)
        if count > _SLOTS:
            return [box for number in range(count) for box in self._box(number)]
        for number, slot in zip(range(count), self._slots, strict=False):
            pdf_calls.get_rectangle(text, number, *slot)
        sides = self._sides[: 4 * count]
        return [
            box
            for box in zip(sides[::4], sides[1::4], sides[2::4], sides[3::4], strict=True)
            if _is_sane(*box)
        ]

    def _box(self, number: int) -> list[Box]:
        if not pdf_calls.get_rectangle(self._text, number, *self._each):
            return []
        left, top, right, bottom = self._sides[:4]
        return [(left, top, right, bottom)] if _is_sane(left, top, right, bottom) else []

    def _style(self, first: int, length: int) -> tuple[float, bool, int]:
        """Return size, weight and turn of a line: of most of three of its characters.

        A drop cap, a bullet or a footnote's number must not speak for the line.
        """
        middle, last = first + length // 2, first + max(0, length - 2)
        size, turn = self._look(middle)
        begin = self._look(first)[0]
        if begin != size:
            size = sorted((begin, size, self._look(last)[0]))[1]
        bold = self._is_bold(first) and self._is_bold(middle) and self._is_bold(last)
        return size, bold, turn

    def _look(self, index: int) -> tuple[float, int]:
        """Return a character's size, and by how many degrees the page must be turned for it."""
        size = pdf_calls.get_size(self._text, index)
        matrix = self._matrix
        if not pdf_calls.get_matrix(self._text, index, matrix):
            return (size if 0 < size < _MOST_UNITS else 0.0), int(self._turn)
        # The same few styles come again and again on a page.
        key = (size, *matrix[:4])
        seen = self._looks.get(key)
        if seen is None:
            seen = self._looks[key] = _size_and_turn(*key)
        return seen

    def _usual_turn(self) -> int:
        """Return the turn of most of a few characters spread over the page."""
        step = max(1, self._count // _SAMPLES)
        turns = Counter(self._look(index)[1] for index in range(0, self._count, step))
        return turns.most_common(1)[0][0] if turns else int(self._turn)

    def _is_bold(self, index: int) -> bool:
        if pdf_calls.get_weight(self._text, index) >= _BOLD_WEIGHT:
            return True
        name = self._name
        if not 0 < pdf_calls.get_font(self._text, index, name, _NAME_BYTES, None) <= _NAME_BYTES:
            return False
        return _is_bold_name(name.value)

    def _base(self, index: int, turn: int) -> float | None:
        if not pdf_calls.get_origin(self._text, index, *self._each[:2]):
            return None
        x, y = self._sides[:2]
        return self._frame.top - y if turn == 0 else self._frame.turned((x, y, x, y), turn)[3]

    def _cells(self, text: str, first: int, size: float, turn: int) -> tuple[Cell, ...]:
        """Split a line at its wide gaps; empty if there is none between words."""
        found: list[Cell] = []
        begin = 0
        for space in re.finditer(r"\s+", text.rstrip()):
            before = self._extent(first + space.start() - 1, turn)
            after = self._extent(first + space.end(), turn)
            if before and after and space.start() and after[0] - before[1] > _CELL_GAP * size:
                found.append(self._cell(text[begin : space.start()], first + begin, turn))
                begin = space.end()
        if not found:
            return ()
        found.append(self._cell(text[begin:].rstrip(), first + begin, turn))
        return tuple(sorted(found, key=lambda cell: cell.left))

    def _cell(self, text: str, first: int, turn: int) -> Cell:
        left, right = self._extent(first, turn), self._extent(first + len(text) - 1, turn)
        return Cell(text.strip(), left[0] if left else 0.0, right[1] if right else 0.0)

    def _extent(self, index: int, turn: int) -> tuple[float, float] | None:
        if not pdf_calls.get_box(self._text, index, *self._each):
            return None
        left, right, bottom, top = self._sides[:4]
        box = self._frame.turned((left, top, right, bottom), turn)
        return box[0], box[2]


def _pointers(sides: Any) -> list[tuple[Any, ...]]:
    return [
        tuple(ctypes.byref(sides, 8 * (first + number)) for number in range(4))
        for first in range(0, len(sides), 4)
    ]


def _size_and_turn(size: float, a: float, b: float, c: float, d: float) -> tuple[float, int]:
    size *= math.hypot(c, d)
    turn = round(math.degrees(math.atan2(b, a)) / 90) * 90 % 360 if b or a <= 0 else 0
    return (round(size, 2) if 0 < size < _MOST_UNITS else 0.0), turn


def _has_gap(boxes: list[Box], least: float) -> bool:
    boxes = sorted(boxes)
    right = boxes[0][2]
    for left, _, end, _ in boxes[1:]:
        if left - right > least:
            return True
        right = max(right, end)
    return False


def _is_loose(text: str, box: Box, size: float) -> bool:
    """True if a line is far wider than its characters: it has gaps that pdfium does not show."""
    width = box[2] - box[0]
    if width <= _LOOSE * _NARROW * len(text) * size or " " not in text:
        return False
    return width > _LOOSE * size * sum(1.0 if char > "\u2e7f" else _NARROW for char in text)


def _around(boxes: list[Box]) -> Box:
    """Return the rectangle around others, in page space, where the top is the larger number."""
    if len(boxes) == 1:
        return boxes[0]
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    return (min(lefts), max(tops), max(rights), min(bottoms))


@lru_cache(maxsize=512)
def _is_bold_name(name: bytes) -> bool:
    return _BOLD_NAME.search(name) is not None


def _is_sane(left: float, top: float, right: float, bottom: float) -> bool:
    # False for what is not a number, too.
    if not (-_MOST_UNITS < left <= right < _MOST_UNITS):
        return False
    return -_MOST_UNITS < bottom <= top < _MOST_UNITS and (right > left or top > bottom)


def _rounded(box: Box) -> Box:
    # Tenths of a point are finer than a printer's dot, and half as long in the database.
    left, top, right, bottom = box
    return (round(left, 1), round(top, 1), round(right, 1), round(bottom, 1))
