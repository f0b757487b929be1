"""Rows of a sheet written as blocks: titles apart, each block under the header of its table."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from indexing.block import BlockKind
from indexing.cells import Area, area, column_letters, reference
from indexing.extraction.sink import Sink
from indexing.extraction.unreadable import Unreadable
from indexing.place import Place
from indexing.table import row_text

_BLOCK_ROWS = 100
_BLOCK_CHARACTERS = 12_000
# What makes a row one of data: a number, an amount, a date.
_FIGURE = re.compile(r"[-+(]?[\W]{0,3}\d[\d.,:/年月日% -]*\)?")

Cells = Mapping[int, str]


class SheetRows:
    """Takes the rows of one sheet from top to bottom and gives the sink blocks.

    sheet: its name, None for a file that is one table. merged: areas of merged cells.
    """

    def __init__(self, sink: Sink, sheet: str | None, merged: Sequence[Area] = ()) -> None:
        self._sink = sink
        self._sheet = sheet
        self._merged = sorted(merged, key=lambda a: (a.top, a.left), reverse=True)
        self._open: list[tuple[Area, str]] = []
        self._across = {(a.top, a.left) for a in merged if a.right > a.left}
        self._rows: list[tuple[int, dict[int, str]]] = []
        self._size = 0
        self._header: dict[int, str] | None = None
        self._fresh = True
        self._named = False
        self._alone: list[tuple[int, dict[int, str]]] = []

    def row(self, number: int, cells: Cells) -> None:
        """Take one row: its number from 1, and the texts of its cells by column from 0.

        Raises Unreadable (too_many_cells, text_cut).
        """
        filled = self._filled(number, {c: text.strip() for c, text in cells.items()})
        filled = {column: text for column, text in filled.items() if text}
        try:
            self._sink.count_cells(len(filled))
        except Unreadable:
            self.close()
            raise
        if not filled or (self._rows and number > self._rows[-1][0] + 1):
            self._end_table()
        if not filled:
            return
        self._rows.append((number, filled))
        self._size += sum(map(len, filled.values())) + 3 * len(filled)
        if len(self._rows) >= _BLOCK_ROWS or self._size >= _BLOCK_CHARACTERS:
            self._write()

    def close(self) -> None:
        """Write what is left."""
        self._end_table()
        if self._alone:
            self._write_block(self._alone)
            self._alone = []

    def _filled(self, number: int, cells: dict[int, str]) -> dict[int, str]:
        """Say again what merged cells above say, so that each row tells what it is about."""
        while self._merged and self._merged[-1].top <= number:
            found = self._merged.pop()
            if found.top == number and cells.get(found.left):
                self._open.append((found, cells[found.left]))
        self._open = [(found, text) for found, text in self._open if found.bottom >= number]
        for found, text in self._open:
            if not cells.get(found.left):
                cells[found.left] = text
        return cells

    def _end_table(self) -> None:
        self._write()
        self._fresh = True

    def _write(self) -> None:
        rows, self._rows, self._size = self._rows, [], 0
        if not rows:
            return
        self._name_sheet()
        if self._fresh:
            self._fresh = False
            rows = self._begin_table(rows)
            if len(rows) == 1 and rows[0][1] is self._header:
                # A header with a gap under it: it is written with its rows, if they come.
                self._alone = rows
                return
        self._write_block(rows)

    def _write_block(self, rows: Sequence[tuple[int, Cells]]) -> None:
        columns = sorted(
            {column for _, cells in rows for column in cells} | set(self._header or {})
        )
        lines = [self._line(cells, columns) for _, cells in rows]
        cells = _range(rows)
        place = Place(sheet=self._sheet, cells=cells, columns=_named(columns, cells))
        if len(columns) == 1:
            self._sink.add(BlockKind.PARAGRAPH, "\n".join(lines), place)
            return
        if self._header is not None and rows[0][1] is not self._header:
            lines.insert(0, self._line(self._header, columns))
        self._sink.add(BlockKind.CELLS, "\n".join(lines), place)

    def _name_sheet(self) -> None:
        """Name the sheet before its first row: an empty one says nothing."""
        if self._sheet is not None and not self._named:
            self._sink.forget_headings()
            self._sink.heading(self._sheet, 1, Place(sheet=self._sheet))
        self._named = True

    def _begin_table(
        self, rows: list[tuple[int, dict[int, str]]]
    ) -> list[tuple[int, dict[int, str]]]:
        """Write the titles above a table, find its header, and return its rows."""
        widest = max(len(cells) for _, cells in rows)
        while widest > 1 and len(rows) > 1 and len(rows[0][1]) == 1:
            title = rows.pop(0)
            place = Place(sheet=self._sheet, cells=_range([title]))
            self._sink.add(BlockKind.CAPTION, next(iter(title[1].values())), place)
        number, first = rows[0]
        known = self._header
        alone, self._alone = self._alone, []
        if known is not None and _is_data(first) and set(first) <= set(known):
            # A gap in the table, not another one.
            return alone + rows
        if alone:
            self._write_block(alone)
        self._header = first if widest > 1 else None
        if len(rows) > 1 and any((number, column) in self._across for column in first):
            rows = [(number, self._joined(first, rows[1][1])), *rows[2:]]
            self._header = rows[0][1]
        return rows

    def _joined(self, above: dict[int, str], below: dict[int, str]) -> dict[int, str]:
        """Return a header of two rows as one: «2024 / Q1», «2024 / Q2»."""
        joined: dict[int, str] = {}
        group = ""
        for column in range(min([*above, *below]), max([*above, *below]) + 1):
            group = above.get(column, group)
            own = below.get(column, "")
            text = own if own == group or not group else f"{group} / {own}" if own else group
            if own or column in above:
                joined[column] = text
        return joined

    @staticmethod
    def _line(cells: Cells, columns: Sequence[int]) -> str:
        return row_text([cells.get(column, "") for column in columns])


def _is_data(cells: Cells) -> bool:
    return any(_FIGURE.fullmatch(text) for text in cells.values())


def _range(rows: Sequence[tuple[int, Cells]]) -> str:
    columns = [column for _, cells in rows for column in cells]
    return reference(Area(rows[0][0], min(columns), rows[-1][0], max(columns)))


def _named(columns: Sequence[int], cells: str) -> str | None:
    """Name the columns where they are not simply those of the range, one after the other."""
    found = area(cells)
    if found is not None and list(columns) == list(range(found.left, found.right + 1)):
        return None
    return " ".join(map(column_letters, columns))
