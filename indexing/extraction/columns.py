"""Columns of lines: which pieces stand under each other and which beside each other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from indexing.extraction.line import Cell, Line

# Left and right of a column.
Column = tuple[float, float]


def pieces(line: Line, hyphen: str = "-") -> tuple[Cell, ...]:
    """Return the pieces of a line; `hyphen` stands after one whose last word goes on elsewhere."""
    cells = line.cells or (Cell(line.text, line.frame[0], line.frame[2]),)
    if line.broken:
        return (*cells[:-1], cells[-1]._replace(text=cells[-1].text + hyphen))
    return cells


def column_edges(cells: Iterable[Cell]) -> list[Column]:
    """Return left and right of each column: the extents that overlap, joined.

    Narrow pieces first, so that a title over two columns does not make one of them.
    """
    columns: list[Column] = []
    for cell in sorted(cells, key=lambda cell: cell.right - cell.left):
        touched = [
            column for column in columns if column[0] <= cell.right and cell.left <= column[1]
        ]
        if len(touched) > 1:
            continue
        if touched:
            columns.remove(touched[0])
            cell = Cell("", min(cell.left, touched[0][0]), max(cell.right, touched[0][1]))
        columns.append((cell.left, cell.right))
    return sorted(columns)


def column_of(cell: Cell, columns: Sequence[Column]) -> int:
    """Return the number of the column in which most of a piece stands."""
    _, begin, end = cell
    most, found = float("-inf"), 0
    for number, (left, right) in enumerate(columns):
        # As `overlap`, which is not called: each piece is held against each column.
        shared = (end if end < right else right) - (begin if begin > left else left)
        if shared > most:
            most, found = shared, number
    return found


def placed(row: Iterable[Cell], columns: Sequence[Column]) -> list[str]:
    """Return the text of a row in each of the columns."""
    texts = [""] * len(columns)
    for cell in row:
        at = column_of(cell, columns)
        texts[at] = f"{texts[at]} {cell.text}".strip()
    return texts


def overlap(cell: Cell, column: Column) -> float:
    """Return how much of a piece stands in a column; below 0 how far from it."""
    return min(cell.right, column[1]) - max(cell.left, column[0])


def is_beside(line: Line, other: Line) -> bool:
    """True if the other line stands to the right, on the same height."""
    return other.frame[0] >= line.frame[2] and is_level(line, other)


def is_level(line: Line, other: Line) -> bool:
    """True if two lines stand on the same height."""
    _, top, _, bottom = line.frame
    _, other_top, _, other_bottom = other.frame
    if top >= other_bottom or other_top >= bottom or line.turn != other.turn:
        return False
    shared = min(bottom, other_bottom) - max(top, other_top)
    return shared > 0.6 * min(bottom - top, other_bottom - other_top)
