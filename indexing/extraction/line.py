"""A line of a page, as the layout reads it: from a text layer or from optical recognition."""

from __future__ import annotations

from typing import NamedTuple

from indexing.place import Box


class Cell(NamedTuple):
    """A piece of a line that stands apart from its neighbours. `left`, `right`: page units."""

    text: str
    left: float
    right: float


class Line(NamedTuple):
    """One line.

    box: page units, origin top left. size: of its type, in page units. frame: the box as the layout
    sees it, on the page turned clockwise by `turn` degrees, where the line runs from left to right.
    foot: where the line stands in its frame: its baseline if known, for descenders make the bottoms
    of boxes jump, otherwise the bottom. cells: its pieces if wide gaps part them, otherwise empty.
    broken: its last word goes on in the next line, without the hyphen that stood there. table:
    counted from 1, the table drawn with lines of which this is a row, its cells being those of the
    row, also the empty ones; 0 for any other line.
    """

    text: str
    box: Box
    size: float
    frame: Box
    foot: float
    bold: bool = False
    cells: tuple[Cell, ...] = ()
    broken: bool = False
    turn: int = 0
    table: int = 0

    @classmethod
    def upright(
        cls, text: str, box: Box, size: float, cells: tuple[Cell, ...] = (), *, broken: bool = False
    ) -> Line:
        """Return a line that runs rightwards on the page as shown, its baseline unknown."""
        return cls(text, box, size, box, box[3], cells=cells, broken=broken)

    def scaled(self, factor: float) -> Line:
        """Return the line on a page whose unit is smaller by this factor."""
        if factor == 1:
            return self
        box, frame = _scaled(self.box, factor), _scaled(self.frame, factor)
        foot = frame[3] if self.foot == self.frame[3] else self.foot * factor
        return self._replace(box=box, size=self.size * factor, frame=frame, foot=foot)

    def moved(self, by: float) -> Line:
        """Return the line moved rightwards and downwards."""
        left, top, right, bottom = self.box
        box = (left + by, top + by, right + by, bottom + by)
        return self._replace(box=box, frame=box, foot=box[3], turn=0)


def joined(before: str, after: str, *, broken: bool = False) -> str:
    """Return two lines of one paragraph as running text. broken: as of a line."""
    between = gap(before, after, broken=broken)
    if between == " ":
        return f"{before.rstrip()} {after.lstrip()}"
    return before + between + after


def gap(before: str, after: str, *, broken: bool = False) -> str:
    """Return what stands between two lines of one paragraph.

    Chinese has no space between its characters: U+2E80 and above. Korean has. No word goes on with
    a figure: before one the hyphen is part of a number such as «HT-101».
    """
    if broken:
        return "-" if after[:1].isdecimal() else ""
    if not before or not after or (_is_chinese(before[-1]) and _is_chinese(after[0])):
        return ""
    return " "


def _scaled(box: Box, factor: float) -> Box:
    left, top, right, bottom = (round(side * factor, 1) for side in box)
    return (left, top, right, bottom)


def _is_chinese(char: str) -> bool:
    return char > "\u2e7f" and not "\uac00" <= char <= "\ud7af"
