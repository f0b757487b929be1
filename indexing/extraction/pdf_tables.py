"""Tables drawn with lines on a PDF page: their rows take the place of the lines in them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Protocol

from indexing.extraction.line import Cell, Line, joined
from indexing.extraction.ruled_grid import RuledGrid, grids
from indexing.place import Box

# What a line of type overlaps of its cell's border, in page units.
_INSET = 1.0
_LEAST_ROWS = 2
# Less than this share of filled cells is a chart or an empty form.
_LEAST_FILLED = 0.4
# The share of a table's letters that may stand across its lines, or be written otherwise.
_MOST_OTHER = 0.02
# pdfium parts lines by CR LF, and marks a hyphen at a line's end by one of the two others.
_PIECE = re.compile("([^\r\n\x02\ufffe]*)(\r\n|[\r\n\x02\ufffe]|$)")


class Page(Protocol):
    """A page whose lines were read. A frame is a box on the page turned as most of them are."""

    facing: int

    def text_in(self, frame: Box) -> str:
        """Return the text in a frame."""

    def facing_box(self, rectangle: Box) -> Box:
        """Return the frame of a rectangle of page space."""

    def shown_box(self, frame: Box) -> Box:
        """Return a frame on the page as shown."""


def may_hold_tables(lines: Sequence[Line]) -> bool:
    """True if rows may stand on the page: only then its drawings are worth a look."""
    rows = sum(1 for line in lines if line.cells)
    if rows < _LEAST_ROWS:
        rows += sum(
            line.frame[0] >= above.frame[2] and line.frame[1] < above.frame[3]
            for above, line in pairwise(lines)
        )
    return rows >= _LEAST_ROWS


def with_ruled_rows(page: Page, lines: Sequence[Line], rules: Sequence[Box]) -> list[Line]:
    """Return a page's lines with rows instead of those that stand in a table drawn with lines.

    rules: the straight lines drawn on the page, in page space.
    """
    kept = list(lines)
    for number, grid in enumerate(grids(map(page.facing_box, rules)), 1):
        inside = [line for line in kept if line.turn == page.facing and _is_in(line, grid.box)]
        inside = [line for line in inside if not line.table]
        rows = _rows(grid, inside, page, number) if inside else []
        if rows:
            gone = set(map(id, inside))
            at = kept.index(inside[0])
            after = [line for line in kept[at:] if id(line) not in gone]
            kept = [*kept[:at], *rows, *after]
    return kept


def _is_in(line: Line, box: Box) -> bool:
    left, top, right, bottom = line.frame
    return box[0] < (left + right) / 2 < box[2] and box[1] < (top + bottom) / 2 < box[3]


def _rows(grid: RuledGrid, lines: Sequence[Line], page: Page, number: int) -> list[Line]:
    """Return the table's rows; none if it is not one, or if its cells do not hold its text."""
    said = [_said(cell.box, page) for cell in grid.cells]
    texts = _texts(grid, said)
    rows = [row for row, cells in enumerate(texts) if any(cells)]
    columns = [column for column in range(len(grid.lefts) - 1) if any(row[column] for row in texts)]
    filled = sum(bool(texts[row][column]) for row in rows for column in columns)
    if (
        len(rows) < _LEAST_ROWS
        or len(columns) < 2
        or filled < _LEAST_FILLED * len(rows) * len(columns)
    ):
        return []
    if not _same_letters("".join(said), "".join(line.text for line in lines)):
        return []
    found = []
    for row in rows:
        frame = (grid.lefts[0], grid.tops[row], grid.lefts[-1], grid.tops[row + 1])
        cells = [Cell(texts[row][at], grid.lefts[at], grid.lefts[at + 1]) for at in columns]
        found.append(
            Line(
                text=" ".join(filter(None, texts[row])),
                box=page.shown_box(frame),
                size=lines[0].size,
                frame=frame,
                foot=frame[3],
                cells=tuple(cells),
                turn=page.facing,
                table=number,
            )
        )
    return found


def _said(box: Box, page: Page) -> str:
    left, top, right, bottom = box
    return _running(page.text_in((left + _INSET, top + _INSET, right - _INSET, bottom - _INSET)))


def _texts(grid: RuledGrid, said: Sequence[str]) -> list[list[str]]:
    """Return the text of each place of the grid.

    A cell over several rows is said again in each; over several columns once, in the first that
    has cells of its own.
    """
    texts = [[""] * (len(grid.lefts) - 1) for _ in grid.tops[1:]]
    own = {
        cell.column
        for cell, text in zip(grid.cells, said, strict=True)
        if text and cell.next_column == cell.column + 1
    }
    for cell, text in zip(grid.cells, said, strict=True):
        columns = range(cell.column, cell.next_column)
        column = next((column for column in columns if column in own), cell.column)
        for row in range(cell.row, cell.next_row):
            texts[row][column] = text
    return texts


def _running(text: str) -> str:
    whole, broken = "", False
    for found in _PIECE.finditer(text):
        # A mark without a word before it is a bullet, whose font has no better name for it.
        if piece := found[1].strip():
            whole = joined(whole, piece, broken=broken)
            broken = found[2] in ("\x02", "\ufffe")
    return whole


def _same_letters(one: str, other: str) -> bool:
    first, second = Counter("".join(one.split())), Counter("".join(other.split()))
    return ((first - second) + (second - first)).total() <= _MOST_OTHER * second.total()
