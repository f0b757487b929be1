"""Cells: references of spreadsheets, and which row of a sheet each line of a block stands for."""

from __future__ import annotations

import re
from dataclasses import dataclass

_REFERENCE = re.compile(r"\$?([A-Z]{1,3})\$?(\d{1,7})(?::\$?([A-Z]{1,3})\$?(\d{1,7}))?$")


@dataclass(frozen=True, slots=True)
class Area:
    """A rectangle of cells; rows are counted from 1, columns from 0."""

    top: int
    left: int
    bottom: int
    right: int

    def holds(self, row: int, column: int) -> bool:
        """Whether the cell lies in it."""
        return self.top <= row <= self.bottom and self.left <= column <= self.right


def area(reference: str) -> Area | None:
    """Return the area of a reference such as ``B2`` or ``B2:D9``; None for anything else."""
    found = _REFERENCE.match(reference)
    if found is None:
        return None
    left, top = column_number(found[1]), int(found[2])
    right = column_number(found[3]) if found[3] else left
    return Area(top, left, int(found[4]) if found[4] else top, right)


def reference(found: Area) -> str:
    """Return the reference of an area; the inverse of `area`."""
    first = f"{column_letters(found.left)}{found.top}"
    last = f"{column_letters(found.right)}{found.bottom}"
    return first if first == last else f"{first}:{last}"


def column_number(letters: str) -> int:
    """Return the number of a column: 0 for ``A``, 26 for ``AA``."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1


def column_letters(number: int) -> str:
    """Return a column's letters; the inverse of `column_number`."""
    letters = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def line_rows(cells: Area, lines: int) -> list[int | None]:
    """Return the row each of a block's lines stands in; None for a header that is said again.

    A block's rows follow each other up to its last one. Only its first line may stand further up,
    as a header with a gap below it, or be the header of the block before.
    """
    rows: list[int | None] = [cells.bottom - lines + 1 + number for number in range(lines)]
    if lines:
        rows[0] = cells.top if lines <= cells.bottom - cells.top + 1 else None
    return rows
