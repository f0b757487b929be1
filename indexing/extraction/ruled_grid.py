"""Tables drawn with lines: the cells between the level and upright lines of a page."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, pairwise
from statistics import median
from typing import NamedTuple

from indexing.place import Box

# Lines nearer to each other than this are one: borders of cells are drawn side by side.
_NEAR = 3.0
# A page with more lines than this in one direction is a drawing.
_MOST_LINES = 300
# Of a form whose boxes stand where they will, most cells are no cell of a grid.
_LEAST_REGULAR = 0.6
# The share of the ends of lines that may touch no other line.
_MOST_FREE = 0.1
# A column or row open on its outer side is at least so wide.
_LEAST_OPEN = 8.0


class Rule(NamedTuple):
    """A straight line: where it stands across its direction, and from where to where it goes."""

    at: float
    begin: float
    end: float


class RuledCell(NamedTuple):
    """A cell: its box, the row and column it begins in, and the row and column after it."""

    box: Box
    row: int
    column: int
    next_row: int
    next_column: int


class RuledGrid(NamedTuple):
    """A table: where its upright and level lines stand, and its cells, row by row."""

    lefts: Sequence[float]
    tops: Sequence[float]
    cells: Sequence[RuledCell]

    @property
    def box(self) -> Box:
        """The rectangle around it."""
        return (self.lefts[0], self.tops[0], self.lefts[-1], self.tops[-1])


def grids(boxes: Iterable[Box]) -> list[RuledGrid]:
    """Return the tables that thin boxes (origin top left) draw as lines, from top to bottom."""
    level, upright = _joined(boxes)
    if len(level) > _MOST_LINES or len(upright) > _MOST_LINES:
        return []
    found = (_grid(*part) for part in _connected(level, upright))
    return sorted((grid for grid in found if grid is not None), key=lambda grid: grid.tops[0])


def _joined(boxes: Iterable[Box]) -> tuple[list[Rule], list[Rule]]:
    level, upright = [], []
    for left, top, right, bottom in boxes:
        if right - left >= bottom - top:
            level.append(Rule((top + bottom) / 2, left, right))
        else:
            upright.append(Rule((left + right) / 2, top, bottom))
    if not level or not upright:
        # Rules under headings and frames of pictures: most pages with lines have no more.
        return [], []
    return list(_lines(level)), list(_lines(upright))


def _lines(rules: Iterable[Rule]) -> Iterator[Rule]:
    """Join the pieces of each line."""
    numbers: list[tuple[int, Rule]] = []
    last, number = float("-inf"), 0
    for rule in sorted(rules):
        number += rule.at - last > _NEAR
        last = rule.at
        numbers.append((number, rule))
    for _, group in groupby(numbers, key=lambda pair: pair[0]):
        pieces = [rule for _, rule in group]
        at = sum(rule.at for rule in pieces) / len(pieces)
        begin, end = pieces[0].begin, float("-inf")
        for piece in sorted(pieces, key=lambda rule: rule.begin):
            if end > float("-inf") and piece.begin > end + _NEAR:
                yield Rule(at, begin, end)
                begin, end = piece.begin, piece.end
            begin, end = min(begin, piece.begin), max(end, piece.end)
        yield Rule(at, begin, end)


def _connected(
    level: Sequence[Rule], upright: Sequence[Rule]
) -> Iterator[tuple[list[Rule], list[Rule]]]:
    """Yield the lines that touch each other: those of each table."""
    free = set(range(len(upright)))
    waiting = set(range(len(level)))
    while waiting:
        rows: list[Rule] = []
        columns: list[Rule] = []
        new = [waiting.pop()]
        while new:
            row = level[new.pop()]
            rows.append(row)
            touched = [number for number in free if _touch(row, upright[number])]
            free.difference_update(touched)
            columns.extend(upright[number] for number in touched)
            for number in touched:
                more = [other for other in waiting if _touch(level[other], upright[number])]
                waiting.difference_update(more)
                new.extend(more)
        yield sorted(rows), sorted(columns)


def _touch(level: Rule, upright: Rule) -> bool:
    return (
        upright.begin - _NEAR <= level.at <= upright.end + _NEAR
        and level.begin - _NEAR <= upright.at <= level.end + _NEAR
    )


def _grid(level: Sequence[Rule], upright: Sequence[Rule]) -> RuledGrid | None:
    """Return the table that lines draw; None if they are something else."""
    tops, lefts = _places(level, upright), _places(upright, level)
    rows, columns = len(tops) - 1, len(lefts) - 1
    # Four boxes are as often a picture with its axes.
    if rows < 2 or columns < 2 or rows + columns < 5:
        return None
    free = sum(_free_ends(rule, lefts) for rule in level)
    free += sum(_free_ends(rule, tops) for rule in upright)
    if free > _MOST_FREE * 2 * (len(level) + len(upright)):
        return None
    cells = _cells(tops, lefts, level, upright)
    plain = sum(
        1 for cell in cells if cell.next_row - cell.row == cell.next_column - cell.column == 1
    )
    return RuledGrid(lefts, tops, cells) if plain >= _LEAST_REGULAR * rows * columns else None


def _places(rules: Sequence[Rule], across: Sequence[Rule]) -> list[float]:
    """Return where lines stand, and where the table ends if it is open on a side."""
    places = sorted({rule.at for rule in rules})
    if not places or not across:
        return places
    begin = median(rule.begin for rule in across)
    end = median(rule.end for rule in across)
    before = [begin] if begin < places[0] - _LEAST_OPEN else []
    after = [end] if end > places[-1] + _LEAST_OPEN else []
    return [*before, *places, *after]


def _free_ends(rule: Rule, places: Sequence[float]) -> int:
    """Return how many ends of a line touch no other: tables have next to none, drawings many."""
    return _is_free(rule.begin, places) + _is_free(rule.end, places)


def _is_free(end: float, places: Sequence[float]) -> bool:
    above = bisect_right(places, end)
    if above and end - places[above - 1] <= 2 * _NEAR:
        return False
    return above == len(places) or places[above] - end > 2 * _NEAR


def _cells(
    tops: Sequence[float], lefts: Sequence[float], level: Sequence[Rule], upright: Sequence[Rule]
) -> list[RuledCell]:
    """Return the cells; where a line is missing between two places they are one cell."""
    below = _drawn(level, tops, lefts)
    beside = _drawn(upright, lefts, tops)
    taken: set[tuple[int, int]] = set()
    cells = []
    for row in range(len(tops) - 1):
        for column in range(len(lefts) - 1):
            if (row, column) in taken:
                continue
            right = column + 1
            while right < len(lefts) - 1 and (right, row) not in beside:
                right += 1
            bottom = row + 1
            while bottom < len(tops) - 1 and (bottom, column) not in below:
                bottom += 1
            taken.update((y, x) for y in range(row, bottom) for x in range(column, right))
            box = (lefts[column], tops[row], lefts[right], tops[bottom])
            cells.append(RuledCell(box, row, column, bottom, right))
    return cells


def _drawn(
    rules: Sequence[Rule], places: Sequence[float], across: Sequence[float]
) -> set[tuple[int, int]]:
    """Return where lines are drawn: the number of the line and of the piece between two others."""
    found: set[tuple[int, int]] = set()
    middles = [(one + next_one) / 2 for one, next_one in pairwise(across)]
    for rule in rules:
        number = bisect_right(places, rule.at) - 1
        pieces = range(bisect_left(middles, rule.begin), bisect_right(middles, rule.end))
        found.update([(number, piece) for piece in pieces])
    return found
