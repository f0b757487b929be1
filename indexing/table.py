"""Rows of a table as text: one line a row, cells between bars, the header first."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

_BAR = " | "
_SPACE = re.compile(r"\s+")


def row_text(cells: Sequence[str]) -> str:
    """Return one row as a line. A bar in a cell becomes a broken bar (¦), so rows split back."""
    flat = (_SPACE.sub(" ", cell).strip().replace("|", "¦") for cell in cells)
    return _BAR.join(flat).rstrip()


def table_text(rows: Iterable[Sequence[str]]) -> str:
    """Return the rows as a block's text, without the rows that hold nothing."""
    return "\n".join(row_text(row) for row in rows if any(cell.strip() for cell in row))


def rows_of(text: str) -> list[list[str]]:
    """Return the cells of a block's text again, row by row, as `table_text` wrote them."""
    return [[cell.strip() for cell in f" {line} ".split(_BAR)] for line in text.split("\n") if line]
