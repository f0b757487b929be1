"""Tables that a page draws by nothing but gaps: found from lines whose pieces stand in columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from indexing.extraction.line import Cell, Line
from indexing.table import table_text

# Two rows in columns may be chance (an address beside a date); a table has a header and a row.
_LEAST_ROWS = 2
# Cells this long in two columns are prose set in columns, not a table.
_PROSE_CHARACTERS = 35
_PROSE_ROWS = 5
# Rows further apart than this many type sizes belong to different things.
_ROW_STEP = 4.5


def tables(lines: Sequence[Line]) -> Iterator[tuple[str, Sequence[Line]]]:
    """Yield runs of lines: with the text of a table, or with ``""`` for ordinary lines."""
    plain: list[Line] = []
    start = 0
    beside = [False, *(_beside(line, other) for line, other in pairwise(lines)), False]
    while start < len(lines):
        end = _end_of_grid(lines, start, beside)
        rows = _rows(lines[start:end]) if end - start >= _LEAST_ROWS else []
        if len(rows) < _LEAST_ROWS or max(map(len, rows)) < 2:
            end = max(end, start + 1)
            plain.extend(lines[start:end])
        elif _is_prose(rows):
            plain.extend(_columns(lines[start:end], rows))
        else:
            if plain:
                yield "", plain
                plain = []
            yield table_text(rows), lines[start:end]
        start = end
    if plain:
        yield "", plain


def _end_of_grid(lines: Sequence[Line], start: int, beside: Sequence[bool]) -> int:
    """Return the end of the run of lines that stand in columns, or `start`.

    beside: for each line, whether it stands beside the one before; one more for the end.
    """
    end = start
    while end < len(lines):
        line = lines[end]
        if end > start and not _follows(lines[end - 1], line):
            break
        if not (line.cells or (end > start and beside[end]) or beside[end + 1]):
            break
        end += 1
    return end


def _follows(above: Line, line: Line) -> bool:
    step = line.frame[1] - above.frame[1]
    return -0.5 * line.size <= step <= _ROW_STEP * (line.size or 1.0)


def _beside(line: Line, other: Line) -> bool:
    """True if the other line stands to the right, on the same height."""
    one, two = line.flow or line.box, other.flow or other.box
    if two[0] < one[2] or line.turn != other.turn:
        return False
    overlap = min(one[3], two[3]) - max(one[1], two[1])
    return overlap > 0.6 * min(one[3] - one[1], two[3] - two[1])


def _rows(lines: Sequence[Line]) -> list[list[str]]:
    """Put the pieces of the lines into columns; a piece under no other starts its own."""
    heights: list[list[Cell]] = []
    for number, line in enumerate(lines):
        cells = line.cells or (Cell(line.text, line.frame[0], line.frame[2]),)
        if line.broken:
            # The word goes on in another row, if at all: it keeps its hyphen.
            cells = (*cells[:-1], cells[-1]._replace(text=f"{cells[-1].text}-"))
        if number and _beside(lines[number - 1], line):
            heights[-1].extend(cells)
        else:
            heights.append(list(cells))
    columns = _column_edges([cell for row in heights for cell in row])
    return [_placed(row, columns) for row in heights]


def _column_edges(cells: Sequence[Cell]) -> list[tuple[float, float]]:
    """Return left and right of each column: the extents that overlap, joined.

    Narrow pieces first, so that a title over two columns does not make one of them.
    """
    columns: list[tuple[float, float]] = []
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


def _placed(row: Sequence[Cell], columns: Sequence[tuple[float, float]]) -> list[str]:
    placed = [""] * len(columns)
    for cell in row:
        at = max(range(len(columns)), key=lambda number: _overlap(cell, columns[number]))
        placed[at] = f"{placed[at]} {cell.text}".strip()
    return placed


def _overlap(cell: Cell, column: tuple[float, float]) -> float:
    return min(cell.right, column[1]) - max(cell.left, column[0])


def _is_prose(rows: Sequence[Sequence[str]]) -> bool:
    cells = [cell for row in rows for cell in row if cell]
    long = sum(map(len, cells)) > _PROSE_CHARACTERS * len(cells)
    return long and len(rows) >= _PROSE_ROWS and max(map(len, rows)) <= 3


def _columns(lines: Sequence[Line], rows: Sequence[Sequence[str]]) -> list[Line]:
    """Return prose that was written line by line across columns, column after column."""
    count = max(map(len, rows))
    pieces: list[list[Line]] = [[] for _ in range(count)]
    edges = _column_edges([cell for line in lines for cell in line.cells])
    if len(edges) != count:
        return list(lines)
    for line in lines:
        for cell in line.cells or (Cell(line.text, line.frame[0], line.frame[2]),):
            at = max(range(count), key=lambda number: _overlap(cell, edges[number]))
            part = (cell.left, line.frame[1], cell.right, line.frame[3])
            # On a turned page the piece keeps its line's box as shown: it is marked with the line.
            box = part if line.flow is None else line.box
            pieces[at].append(line._replace(text=cell.text, box=box, flow=part, cells=()))
    return [piece for column in pieces for piece in column]
