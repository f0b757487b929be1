"""Sheets: the cells of a table file as a grid, a window of rows at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, select

from indexing.block import BlockKind
from indexing.cells import Area, area, column_letters, column_number, line_rows
from indexing.marking import Fragment, marked
from indexing.query import Query
from indexing.table import rows_of
from portal.models import Block, Passage
from portal.services.pieces import part_is
from portal.services.versions import VersionHead, Window
from portal.unit_of_work import UnitOfWork

# Blocks of one window; each has up to a hundred rows.
WINDOW_BLOCKS = 4
# A wider sheet is shown up to here; the file itself has the rest.
MOST_COLUMNS = 100
MOST_NOTES = 200
_sheet = Block.place["sheet"].as_string()
_range = Block.place["cells"].as_string()


@dataclass(frozen=True)
class GridCell:
    """One cell; target: it belongs to the passage that was asked for."""

    fragments: list[Fragment]
    target: bool


@dataclass(frozen=True)
class GridRow:
    """One row. number: None for a header that stands further up; first: of the passage's."""

    number: int | None
    cells: list[GridCell]
    first: bool


@dataclass(frozen=True)
class Sheet:
    """A window of one sheet.

    names: of all sheets, None for a file that is one table; at: which of them this is. letters: of
    the columns shown. titles: rows above the header, which is kept in sight; cut: columns left out.
    """

    names: list[str | None]
    at: int
    letters: list[str]
    titles: list[GridRow]
    header: GridRow | None
    rows: list[GridRow]
    cut: int


@dataclass(frozen=True)
class Chosen:
    """One sheet of a piece: `cells` selects its table, `notes` what lies over and beside it."""

    names: list[str | None]
    at: int
    cells: list[ColumnElement[bool]]
    notes: list[ColumnElement[bool]]


def choose(uow: UnitOfWork, head: VersionHead, path: str | None, number: int | None) -> Chosen:
    """The sheet with this number, counted from 1; None is the passage's, or the first."""
    assert head.text is not None
    piece = [Block.reading_id == head.text.id, part_is(path)]
    found = select(_sheet).where(*piece, _range.is_not(None)).group_by(_sheet)
    names = list(uow.session.scalars(found.order_by(func.min(Block.ordinal))))
    at = max(0, min((number or 1) - 1, len(names) - 1))
    if number is None and head.passage and head.passage.place.get("sheet") in names:
        at = names.index(head.passage.place["sheet"])
    sheet = _sheet.is_(None) if names[at] is None else _sheet == names[at]
    table = Block.kind.in_([BlockKind.CELLS.value, BlockKind.PARAGRAPH.value])
    last = uow.session.scalar(
        select(func.max(Block.ordinal)).where(*piece, sheet, table, _range.is_not(None))
    )
    # Titles come before their table, remarks on cells after the last one.
    inside = (_range.is_not(None)) & (Block.ordinal <= (-1 if last is None else last))
    cells = [part_is(path), sheet, inside]
    notes = [part_is(path), sheet, ~inside, Block.kind != BlockKind.HEADING.value]
    return Chosen(names, at, cells, notes)


def grid(chosen: Chosen, window: Window, passage: Passage | None, query: Query) -> Sheet:
    """The cells of the window's blocks where they stand in the sheet."""
    lines: list[_Line] = []
    headed = False
    for block in window.blocks:
        for number, line in enumerate(_lines(block, passage)):
            # The header is said again in each block; here it stays in sight from the first one.
            if line.row is None and headed and number == 0:
                continue
            headed = headed or block.kind == BlockKind.CELLS.value
            lines.append(line)
    columns = sorted({column for line in lines for column in line.cells})
    shown = _around(columns, passage)
    rows = _rows(lines, shown, query)
    at = next((n for n, line in enumerate(lines) if len(line.cells) > 1), None)
    return Sheet(
        names=chosen.names,
        at=chosen.at,
        letters=[column_letters(column) for column in shown],
        titles=rows[:at] if at is not None else [],
        header=rows[at] if at is not None else None,
        rows=rows[at + 1 :] if at is not None else rows,
        cut=len(columns) - len(shown),
    )


@dataclass(frozen=True)
class _Line:
    """A line of a block: its row, its texts by column, and the cells that were found."""

    row: int | None
    cells: dict[int, str]
    found: Area | None


def _lines(block: Block, passage: Passage | None) -> list[_Line]:
    cells = area(block.place.get("cells", ""))
    if cells is None:
        return []
    table = block.kind == BlockKind.CELLS.value
    texts = [rows_of(line)[0] if table and line else [line] for line in block.text.split("\n")]
    named = [column_number(letters) for letters in block.place.get("columns", "").split()]
    columns = named or list(range(cells.left, cells.left + max(map(len, texts))))
    inside = passage and passage.first_block <= block.ordinal <= passage.last_block
    found = area(passage.place.get("cells", "")) if passage and inside else None
    return [
        _Line(row, {c: text for c, text in zip(columns, line, strict=False) if text}, found)
        for row, line in zip(line_rows(cells, len(texts)), texts, strict=True)
    ]


def _around(columns: Sequence[int], passage: Passage | None) -> Sequence[int]:
    """The columns to show of many: the first ones, or those from the passage on."""
    found = area(passage.place.get("cells", "")) if passage else None
    begin = next((n for n, each in enumerate(columns) if found and each >= found.left), 0)
    begin = max(0, min(begin, len(columns) - MOST_COLUMNS))
    return columns[begin : begin + MOST_COLUMNS]


def _rows(lines: Sequence[_Line], columns: Sequence[int], query: Query) -> list[GridRow]:
    rows: list[GridRow] = []
    seen = False
    for line in lines:
        cells = [
            GridCell(
                marked(line.cells.get(column, ""), query),
                line.found is not None
                and line.row is not None
                and line.found.holds(line.row, column),
            )
            for column in columns
        ]
        target = any(cell.target for cell in cells)
        rows.append(GridRow(line.row, cells, target and not seen))
        seen = seen or target
    return rows
