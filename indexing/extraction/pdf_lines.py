"""Lines of a PDF page: text, boxes, size and weight, as pdfium finds them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from indexing.extraction.line import Cell, Line
from indexing.extraction.page_frame import PageFrame
from indexing.extraction.pdf_text import MANY, MOST_UNITS, Look, PageText, Sides
from indexing.place import Box

# pdfium parts lines by CR LF, and marks a hyphen at a line's end by one of the two others.
_END = re.compile("(\r\n|[\r\n\x02\ufffe])")
_HYPHENS = frozenset("\x02\ufffe")
_SPACES = re.compile(r"\s+")
# A gap of this many type sizes parts cells; justified text rarely has one between words.
_CELL_GAP = 1.1
_SAMPLES = 9
# The usual width of a Western letter, in type sizes, and by how much a line may be wider.
_NARROW = 0.55
_LOOSE = 1.25

# The characters of a line: number of the first, text, text without blanks around it, whether its
# last word goes on in the next line.
_Run = tuple[int, str, str, bool]


class PageLines:
    """The lines of one open page. Not for more than one thread: pdfium is not.

    facing: by how many degrees the page is turned clockwise for most of its lines to be read.
    """

    def __init__(self, page: Any) -> None:
        self._frame = PageFrame(*page.get_bbox())
        self._turn = page.get_rotation() % 360
        self._text = PageText(page, self._turn)
        self.facing = self._usual_turn()
        if self.facing != self._turn:
            # pdfium orders what stands beside each other on the page as shown, which shuffles the
            # lines of a page whose text runs up or down; so it is given the page upright.
            self.close()
            page.set_rotation(self.facing)
            self._text = PageText(page, self._turn)

    def __iter__(self) -> Iterator[Line]:
        """Yield the lines in the order of the text layer."""
        runs = list(self._runs())
        for begin in range(0, len(runs), MANY):
            yield from self._lines(runs[begin : begin + MANY])

    def text_in(self, frame: Box) -> str:
        """Return the text in a part of the page turned as most of its lines are."""
        return self._text.within(self._frame.unturned(frame, self.facing))

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
        self._text.close()

    def _usual_turn(self) -> int:
        """Return the turn of most of a few characters spread over the page."""
        count = self._text.count
        looks = self._text.looks(range(0, count, max(1, count // _SAMPLES)))
        turns = [turn for _, turn in looks]
        return max(turns, key=turns.count, default=self._turn)

    def _runs(self) -> Iterator[_Run]:
        text, units = self._text.read()
        # What lies beyond the basic plane takes two of pdfium's characters.
        wide = len(text) < units
        same = len(text) == self._text.count
        start = 0
        pieces = _END.split(text)
        for line, end in zip(pieces[::2], [*pieces[1::2], ""], strict=True):
            if line and (bare := line.strip()):
                first = start if same else self._text.character(start)
                yield first, line, bare, end in _HYPHENS
            length = len(line.encode("utf-16-le", "surrogatepass")) // 2 if wide else len(line)
            start += length + len(end)

    def _lines(self, runs: Sequence[_Run]) -> Iterator[Line]:
        """Yield the lines of at most 256 runs; none for one without any extent."""
        middles = [first + len(text) // 2 for first, text, _, _ in runs]
        looks, origins = self._text.looks(middles), self._text.origins(middles)
        turned, shown, upper = self._frame.turned, self._turn, self._frame.top
        for run, (size, turn), origin in zip(runs, looks, origins, strict=True):
            first, text, bare, broken = run
            sides = self._text.rectangles(first, len(text))
            around = _around(sides)
            if around is None:
                continue
            # In one piece all are alike, but for blanks that pdfium itself has put in.
            if len(sides[0]) > 1 or text[len(text) // 2].isspace():
                size = self._usual_size(first, len(text), size)
            frame = turned(around, turn)
            size = size or frame[3] - frame[1]
            apart = _is_apart(bare, sides, frame, (size, turn))
            cells = self._cells(run, size, turn) if apart else ()
            box = _rounded(frame if turn == shown else turned(around, shown))
            if origin is None:
                foot = frame[3]
            else:
                # As `turned`, which most lines need not be.
                foot = turned((*origin, *origin), turn)[3] if turn else upper - origin[1]
            bold = self._is_bold(first, len(text))
            yield Line(bare, box, size, frame, foot, bold, cells, broken, turn)

    def _usual_size(self, first: int, length: int, middle: float) -> float:
        """Return the size of most of three characters of a line, of which the middle one is known.

        A drop cap, a bullet or a footnote's number must not speak for the line.
        """
        begin = self._text.look(first)[0]
        if begin == middle:
            return middle
        return sorted((begin, middle, self._text.look(first + max(0, length - 2))[0]))[1]

    def _is_bold(self, first: int, length: int) -> bool:
        is_bold = self._text.is_bold
        if not is_bold(first):
            return False
        return is_bold(first + length // 2) and is_bold(first + max(0, length - 2))

    def _cells(self, run: _Run, size: float, turn: int) -> tuple[Cell, ...]:
        """Split a line at its wide gaps; empty if there is none between words."""
        found: list[Cell] = []
        begin, first, text = 0, run[0], run[1].rstrip()
        for space in _SPACES.finditer(text):
            start, end = space.span()
            before = self._extent(first + start - 1, turn) if start else None
            after = self._extent(first + end, turn) if before else None
            if before and after and after[0] - before[1] > _CELL_GAP * size:
                found.append(self._cell(text[begin:start], first + begin, turn))
                begin = end
        if not found:
            return ()
        found.append(self._cell(text[begin:], first + begin, turn))
        return tuple(sorted(found, key=lambda cell: cell.left))

    def _cell(self, text: str, first: int, turn: int) -> Cell:
        left, right = self._extent(first, turn), self._extent(first + len(text) - 1, turn)
        return Cell(text.strip(), left[0] if left else 0.0, right[1] if right else 0.0)

    def _extent(self, character: int, turn: int) -> tuple[float, float] | None:
        """Return from where to where a character goes along its line; None if it has no box."""
        box = self._text.box(character)
        if box is None:
            return None
        left, _, right, _ = self._frame.turned(box, turn)
        return left, right


def _is_apart(bare: str, sides: Sides, frame: Box, look: Look) -> bool:
    """True if wide gaps may part a line's words."""
    if " " not in bare and len(bare.split(None, 1)) < 2:
        return False
    size, turn = look
    return _is_loose(bare, frame, size) or _has_gap(sides, turn, _CELL_GAP * size)


def _has_gap(sides: Sides, turn: int, least: float) -> bool:
    """True if two rectangles of a line turned by so many degrees stand so far apart."""
    lefts, tops, rights, bottoms = sides
    if len(lefts) == 1:
        return False
    along = zip(bottoms, tops, strict=True) if turn % 180 else zip(lefts, rights, strict=True)
    (_, reached), *others = sorted(along)
    for begin, end in others:
        if begin - reached > least:
            return True
        if end > reached:
            reached = end
    return False


def _is_loose(text: str, box: Box, size: float) -> bool:
    """True if a line is far wider than its characters: it has gaps that pdfium does not show."""
    width = box[2] - box[0]
    if width <= _LOOSE * _NARROW * len(text) * size:
        return False
    return width > _LOOSE * size * sum(1.0 if char > "\u2e7f" else _NARROW for char in text)


def _around(sides: Sides) -> Box | None:
    """Return the rectangle around others, in page space, where the top is the larger number.

    None if there are none. Those that cannot be of characters are taken out, in place.
    """
    lefts, tops, rights, bottoms = sides
    if not lefts:
        return None
    if len(lefts) == 1:
        around = lefts[0], tops[0], rights[0], bottoms[0]
    else:
        around = min(lefts), max(tops), max(rights), min(bottoms)
    if _is_sane(*around):
        return around
    # Only in damaged files.
    found = [box for box in zip(*sides, strict=True) if _is_sane(*box)]
    for number, side in enumerate(sides):
        side[:] = [box[number] for box in found]
    return (min(lefts), max(tops), max(rights), min(bottoms)) if found else None


def _is_sane(left: float, top: float, right: float, bottom: float) -> bool:
    # False for what is not a number, too.
    if not (-MOST_UNITS < left <= right < MOST_UNITS):
        return False
    return -MOST_UNITS < bottom <= top < MOST_UNITS and (right > left or top > bottom)


def _rounded(box: Box) -> Box:
    # Tenths of a point are finer than a printer's dot, and half as long in the database. Not
    # `round(side, 1)`, which writes a number out in decimals and takes as long as a call of pdfium.
    left, top, right, bottom = box
    return (
        round(10 * left) / 10, round(10 * top) / 10, round(10 * right) / 10, round(10 * bottom) / 10
    )  # fmt: skip
