"""Tables of a page: those drawn with lines, and those drawn by gaps, found by their columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise

from indexing.extraction.columns import column_edges, column_of, is_beside, pieces, placed
from indexing.extraction.line import Cell, Line
from indexing.extraction.wrapped_rows import ROW_STEP, Run, without_tail, wrapped_rows
from indexing.table import table_text

# Two rows in columns may be chance (an address beside a date); a table has a header and a row.
_LEAST_ROWS = 2
# Cells this long in two columns are prose set in columns, not a table.
_PROSE_CHARACTERS = 35
_PROSE_ROWS = 5


def tables(lines: Sequence[Line]) -> Iterator[tuple[str, Sequence[Line]]]:
    """Yield runs of lines: with the text of a table, or with ``""`` for ordinary lines."""
    for number, run in groupby(lines, key=lambda line: line.table):
        found = list(run)
        if number:
            yield table_text([cell.text for cell in line.cells] for line in found), found
        else:
            yield from _gapped(found)


def _gapped(lines: Sequence[Line]) -> Iterator[tuple[str, Sequence[Line]]]:
    plain: list[Line] = []
    start = tried = 0
    beside = [False, *[is_beside(line, other) for line, other in pairwise(lines)], False]
    starts = [bool(line.cells) or after for line, after in zip(lines, beside[1:], strict=True)]
    while start < len(lines):
        if not starts[start]:
            # Most lines of most pages: passed over in one step.
            end = starts.index(True, start) if True in starts[start:] else len(lines)
            plain.extend(lines[start:end])
            start = end
            continue
        end = _end_of_grid(lines, start, beside)
        wrapped: list[tuple[list[str], Line]] = []
        if end > start >= tried:
            tried = _end_of_grid(lines, start, beside, Run())
            run = without_tail(lines[start:tried])
            wrapped = wrapped_rows(run)
        rows = _rows(lines[start:end]) if end - start >= _LEAST_ROWS and not wrapped else []
        if wrapped or (len(rows) >= _LEAST_ROWS and len(rows[0]) > 1 and not _is_prose(rows)):
            if plain:
                yield "", plain
                plain = []
            if wrapped:
                end = start + len(run)
                yield table_text(row for row, _ in wrapped), [line for _, line in wrapped]
            else:
                yield table_text(rows), lines[start:end]
        elif len(rows) >= _LEAST_ROWS and len(rows[0]) > 1:
            plain.extend(_columns(lines[start:end], rows))
        else:
            end = max(end, start + 1)
            plain.extend(lines[start:end])
        start = end
    if plain:
        yield "", plain


def _end_of_grid(
    lines: Sequence[Line], start: int, beside: Sequence[bool], wrapped: Run | None = None
) -> int:
    """Return the end of the run of lines that stand in columns, or `start`.

    beside: for each line, whether it stands beside the one before; one more for the end.
    wrapped: takes the lines if cells may have several.
    """
    end = start
    while end < len(lines):
        line = lines[end]
        in_columns = line.cells or (end > start and beside[end]) or beside[end + 1]
        if end > start:
            in_columns = in_columns and _follows(lines[end - 1], line)
        if not in_columns and not (end > start and wrapped and wrapped.goes_on(line)):
            break
        if wrapped:
            wrapped.add(line)
        end += 1
    return end


def _follows(above: Line, line: Line) -> bool:
    step = line.frame[1] - above.frame[1]
    return -0.5 * line.size <= step <= ROW_STEP * (line.size or 1.0)


def _rows(lines: Sequence[Line]) -> list[list[str]]:
    """Put the pieces of the lines into columns; a piece under no other starts its own."""
    heights: list[list[Cell]] = []
    for number, line in enumerate(lines):
        if number and is_beside(lines[number - 1], line):
            heights[-1].extend(pieces(line))
        else:
            heights.append(list(pieces(line)))
    columns = column_edges(cell for row in heights for cell in row)
    return [placed(row, columns) for row in heights]


def _is_prose(rows: Sequence[Sequence[str]]) -> bool:
    cells = [cell for row in rows for cell in row if cell]
    long = sum(map(len, cells)) > _PROSE_CHARACTERS * len(cells)
    return long and len(rows) >= _PROSE_ROWS and max(map(len, rows)) <= 3


def _columns(lines: Sequence[Line], rows: Sequence[Sequence[str]]) -> list[Line]:
    """Return prose that was written line by line across columns, column after column."""
    count = len(rows[0])
    columns: list[list[Line]] = [[] for _ in range(count)]
    edges = column_edges(cell for line in lines for cell in line.cells)
    if len(edges) != count:
        return list(lines)
    for line in lines:
        for cell in line.cells or (Cell(line.text, line.frame[0], line.frame[2]),):
            part = (cell.left, line.frame[1], cell.right, line.frame[3])
            # On a turned page the piece keeps its line's box as shown: it is marked with the line.
            box = part if line.frame == line.box else line.box
            piece = line._replace(text=cell.text, box=box, frame=part, cells=())
            columns[column_of(cell, edges)].append(piece)
    return [piece for column in columns for piece in column]
