"""Tables drawn by gaps whose cells go on over several lines: their rows, put together."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from indexing.extraction.columns import Column, column_edges, is_level, overlap, pieces, placed
from indexing.extraction.line import Cell, Line, joined

# The next line of a cell is nearer than so many type sizes, and than the next row by this factor.
_WRAP_STEP = 1.8
# Rows further apart than this many type sizes belong to different things.
ROW_STEP = 4.5
_CONTRAST = 1.2
# So many lines back the start of a row is looked for, at most.
_REACH = 60
# A header and two rows: less is as often an address beside a date.
_LEAST_ROWS = 3
_HEADER_LINES = 3
_LETTER = re.compile(r"[^\W\d_]")
# Stands where a hyphen at the end of a line was, until it is known whether its word goes on.
_BROKEN = "\x02"


class Run:
    """Lines that stand in columns, one after the other."""

    def __init__(self) -> None:
        self._columns: list[Column] = []
        self._lines: list[Line] = []
        self._lowest = float("-inf")

    def add(self, line: Line) -> None:
        """Take the next line."""
        self._lines.append(line)
        self._lowest = max(self._lowest, line.foot)
        for cell in line.cells or (Cell("", line.frame[0], line.frame[2]),):
            touched = _touched(cell, self._columns)
            if len(touched) == 1:
                at = touched[0]
                left, right = self._columns[at]
                self._columns[at] = (min(left, cell.left), max(right, cell.right))
            elif not touched:
                self._columns.append((cell.left, cell.right))

    def goes_on(self, line: Line) -> bool:
        """True if a line may be the next of a cell that has several.

        Cells may follow each other, so that the line stands higher than the one before; then it
        has room beside the others.
        """
        if len(self._columns) < 2 or line.turn != self._lines[-1].turn:
            return False
        cell = Cell("", line.frame[0], line.frame[2])
        touched = _touched(cell, self._columns)
        if len(touched) > 1:
            return False
        if line.frame[1] < self._lowest:
            level = [above for above in self._lines[-_REACH:] if is_level(above, line)]
            if level:
                return all(not _meet(above, line) for above in level)
        starts_row = bool(touched) and self._columns[touched[0]] == min(self._columns)
        most = (ROW_STEP if starts_row else _WRAP_STEP) * line.size
        return 0 < line.foot - self._lowest <= most


def _touched(cell: Cell, columns: Sequence[Column]) -> list[int]:
    left, right = cell.left, cell.right
    return [at for at, column in enumerate(columns) if column[0] < right and left < column[1]]


def _meet(above: Line, line: Line) -> bool:
    extent = (line.frame[0], line.frame[2])
    return any(overlap(cell, extent) > 0 for cell in pieces(above))


def without_tail(run: Sequence[Line]) -> Sequence[Line]:
    """Return the lines without those at the end that stand under the first column alone."""
    end = len(run)
    left = min(line.frame[0] for line in run)
    while end > 1 and not run[end - 1].cells and run[end - 1].frame[0] < left + run[end - 1].size:
        if any(is_level(above, run[end - 1]) for above in run[max(0, end - _REACH) : end - 1]):
            break
        end -= 1
    return run[:end]


def wrapped_rows(lines: Sequence[Line]) -> list[tuple[list[str], Line]]:
    """Return the rows of a table, each as a line, too; none if the lines are no such table.

    Lines of one row stand nearer to each other than rows do.
    """
    heights = _heights(lines)
    steps = [below[0].foot - above[0].foot for above, below in pairwise(heights)]
    near = _near(steps)
    wide = [number for number, step in enumerate(steps) if step > near]
    # Looked at first, being cheap: most of what comes here are formulas.
    if not near or len(wide) + 1 < _LEAST_ROWS or wide[0] >= _HEADER_LINES:
        return []
    columns = column_edges(cell for line in lines for cell in pieces(line))
    if len(columns) < 2:
        return []
    texts = [placed(_cells(height), columns) for height in heights]
    rows, found = [[texts[0]]], [heights[0]]
    for step, row, height in zip(steps, texts[1:], heights[1:], strict=True):
        if step > near:
            rows.append([row])
            found.append(height)
        else:
            rows[-1].append(row)
            found[-1] = [*found[-1], *height]
    if any(map(_are_rows, rows)):
        return []
    whole = [[_joined(cells) for cells in zip(*row, strict=True)] for row in rows]
    return list(zip(whole, map(_around, found), strict=True)) if _is_table(whole) else []


def _are_rows(lines: Sequence[Sequence[str]]) -> bool:
    """True if lines near to each other are rows themselves: each has something in each column."""
    return len(lines) > 2 and all(all(line) for line in lines)


def _near(steps: Sequence[float]) -> float:
    """Return how far from each other lines of one row stand at most; 0 if that cannot be told."""
    ordered = sorted(steps)
    widest = max(pairwise(ordered), key=lambda pair: pair[1] - pair[0], default=(0.0, 0.0))
    return widest[0] if widest[0] > 0 and widest[1] >= _CONTRAST * widest[0] else 0.0


def _is_table(rows: Sequence[Sequence[str]]) -> bool:
    """True if rows stand under a header; items beside their bullets and labels of a form do not."""
    words = sum(1 for cell in rows[0] if len(_LETTER.findall(cell)) > 1)
    if len(rows) < _LEAST_ROWS or not all(rows[0]) or 2 * words < len(rows[0]):
        return False
    if any(not row[0] or sum(map(bool, row)) < 2 for row in rows):
        return False
    named = sum(1 for row in rows if _LETTER.search(row[0]) and len(row[0]) > 1)
    labels = sum(1 for row in rows if row[0].endswith((":", "：")))
    return 2 * labels < len(rows) and (len(rows[0]) > 2 or 2 * named > len(rows))


def _heights(lines: Sequence[Line]) -> list[list[Line]]:
    """Return the lines that stand beside each other, from top to bottom."""
    heights: list[list[Line]] = []
    lowest = float("-inf")
    for line in lines:
        above = heights[-_REACH:] if line.frame[1] < lowest else ()
        beside = next((height for height in above if is_level(height[0], line)), None)
        if beside is None:
            heights.append([line])
        else:
            beside.append(line)
        lowest = max(lowest, line.frame[3])
    return sorted(heights, key=lambda height: height[0].foot)


def _around(lines: Sequence[Line]) -> Line:
    """Return one line that stands where all of a row's lines do."""
    lefts, tops, rights, bottoms = zip(*(line.box for line in lines), strict=True)
    return lines[0]._replace(box=(min(lefts), min(tops), max(rights), max(bottoms)))


def _cells(height: Iterable[Line]) -> Iterator[Cell]:
    for line in height:
        yield from pieces(line, _BROKEN)


def _joined(lines: Iterable[str]) -> str:
    whole = ""
    for line in filter(None, lines):
        whole = joined(whole.removesuffix(_BROKEN), line, broken=whole.endswith(_BROKEN))
    return whole.replace(_BROKEN, "-")
