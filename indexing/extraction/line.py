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

    box: page units, origin top left. size: of its type, in page units. cells: its pieces if wide
    gaps part them, otherwise empty. broken: its last word goes on in the next line, without the
    hyphen that stood there. flow: the box on the page turned clockwise by `turn` degrees, where the
    line runs from left to right; None if that is how the page is shown.
    base: its baseline there, if known; descenders make the bottoms of boxes jump.
    table: counted from 1, the table drawn with lines of which this is a row, its cells being those
    of the row, also the empty ones; 0 for any other line.
    """

    text: str
    box: Box
    size: float
    bold: bool = False
    cells: tuple[Cell, ...] = ()
    broken: bool = False
    flow: Box | None = None
    turn: int = 0
    base: float | None = None
    table: int = 0

    @property
    def frame(self) -> Box:
        """The box as the layout sees it: on the page turned so that the line runs rightwards."""
        return self.flow or self.box

    def scaled(self, factor: float) -> Line:
        """Return the line on a page whose unit is smaller by this factor."""
        if factor == 1:
            return self
        flow = None if self.flow is None else _scaled(self.flow, factor)
        base = None if self.base is None else self.base * factor
        return self._replace(
            box=_scaled(self.box, factor), size=self.size * factor, flow=flow, base=base
        )

    def moved(self, by: float) -> Line:
        """Return the line moved rightwards and downwards."""
        left, top, right, bottom = self.box
        box = (left + by, top + by, right + by, bottom + by)
        return self._replace(box=box, flow=None, turn=0, base=None)

    @property
    def foot(self) -> float:
        """Where the line stands in its frame: its baseline, or the bottom of its box."""
        return self.frame[3] if self.base is None else self.base


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
