"""The order in which lines are read that were found all over a picture."""

from __future__ import annotations

from collections.abc import Sequence

from indexing.extraction.line import Line

# Columns of prose: at least so many lines each, and lines at least so wide a part of a column.
_LEAST_LINES = 4
_LEAST_FILL = 0.55


def in_reading_order(lines: Sequence[Line]) -> list[Line]:
    """Return lines from top to bottom and from left to right, one column of prose after another."""
    columns = _columns(lines)
    if columns is None:
        return [line for row in _rows(lines) for line in row]
    return [line for column in columns for line in in_reading_order(column)]


def _columns(lines: Sequence[Line]) -> list[list[Line]] | None:
    """Return the lines above the columns, the columns, and the lines below; None without columns.

    The line between them is the widest strip that no line crosses, but for headings on top.
    """
    if len(lines) < 2 * _LEAST_LINES:
        return None
    left = min(line.frame[0] for line in lines)
    right = max(line.frame[2] for line in lines)
    wide = [line for line in lines if line.frame[2] - line.frame[0] > 0.55 * (right - left)]
    narrow = [line for line in lines if line not in wide]
    middle = _gap(narrow, left + 0.25 * (right - left), right - 0.25 * (right - left))
    if middle is None:
        return None
    first = [line for line in narrow if line.frame[2] <= middle]
    second = [line for line in narrow if line.frame[0] >= middle]
    if not all(_is_prose(column) for column in (first, second)):
        return None
    top = min(line.frame[1] for line in narrow)
    bottom = max(line.frame[3] for line in narrow)
    above = [line for line in wide if line.frame[3] <= top + line.size]
    below = [line for line in wide if line.frame[1] >= bottom - line.size]
    if len(above) + len(below) < len(wide):
        return None
    return [part for part in (above, first, second, below) if part]


def _gap(lines: Sequence[Line], left: float, right: float) -> float | None:
    """Return the middle of the widest strip between two edges that no line crosses."""
    best, reached, widest = None, left, 0.0
    for begin, end in sorted((line.frame[0], line.frame[2]) for line in lines):
        if begin > right:
            begin = right
        if begin - reached > widest and reached > left:
            best, widest = (begin + reached) / 2, begin - reached
        reached = max(reached, end)
    return best


def _is_prose(lines: Sequence[Line]) -> bool:
    if len(lines) < _LEAST_LINES:
        return False
    width = max(line.frame[2] for line in lines) - min(line.frame[0] for line in lines)
    filled = sorted((line.frame[2] - line.frame[0]) / (width or 1.0) for line in lines)
    return filled[len(filled) // 2] >= _LEAST_FILL and width > 12 * lines[0].size


def _rows(lines: Sequence[Line]) -> list[list[Line]]:
    """Gather lines that stand beside each other; rows from top to bottom."""
    rows: list[list[Line]] = []
    for line in sorted(lines, key=lambda line: line.frame[1] + line.frame[3]):
        if rows and _beside(rows[-1], line):
            rows[-1].append(line)
        else:
            rows.append([line])
    return [sorted(row, key=lambda line: line.frame[0]) for row in rows]


def _beside(row: Sequence[Line], line: Line) -> bool:
    last = row[-1]
    overlap = min(last.frame[3], line.frame[3]) - max(last.frame[1], line.frame[1])
    lower = min(last.frame[3] - last.frame[1], line.frame[3] - line.frame[1])
    apart = all(
        line.frame[0] >= other.frame[2] - 1 or line.frame[2] <= other.frame[0] + 1 for other in row
    )
    return apart and overlap > 0.55 * lower
