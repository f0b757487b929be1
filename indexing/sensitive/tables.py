"""Passwords in tables: a column, or a row, that is headed by a word for «password»."""

from __future__ import annotations

import re
from collections.abc import Iterator

from indexing.sensitive.finding import Finding, Kind
from indexing.sensitive.values import is_password

# Cells stand between bars, see `indexing.table`.
BAR = " | "
_LONGEST_LABEL = 24
_LABEL = re.compile(
    r"""(?: .*(?:密[ ]?码|密碼|口令)(?:[(（].*[)）])?
        | .*(?:password|passwd|passphrase|passcode) | pwd | pw | pass )[ ]?:?""",
    re.VERBOSE | re.IGNORECASE,
)
_CHINESE = re.compile("[一-鿿]")
_NO_LABEL = re.compile("是否|有无|忘记|修改|重置|找回|reset|change|forgot", re.IGNORECASE)


def table_passwords(text: str) -> Iterator[Finding]:
    """Yield the passwords of all tables in a text in its plain form."""
    columns: dict[int, str] = {}
    width = begin = 0
    for line in text.split("\n"):
        cells = list(_cells(line, begin))
        begin += len(line) + 1
        if len(cells) < 2:
            columns, width = {}, 0
            continue
        labels = {number: cell for number, (_, cell) in enumerate(cells) if _is_label(cell)}
        for number, (start, cell) in enumerate(cells):
            label = columns.get(number) if len(cells) <= width else None
            label = label or labels.get(number - 1)
            if label and number not in labels and _may_be(cell, label):
                yield Finding(Kind.PASSWORD, start, start + len(cell))
        if labels:
            columns, width = labels, len(cells)


def _cells(line: str, begin: int) -> Iterator[tuple[int, str]]:
    """Yield the cells of a line with the place where each stands in the text."""
    if BAR not in line:
        return
    for cell in line.split(BAR):
        yield begin + len(cell) - len(cell.lstrip()), cell.strip()
        begin += len(cell) + len(BAR)


def _is_label(cell: str) -> bool:
    fits = len(cell) <= _LONGEST_LABEL and _LABEL.fullmatch(cell) is not None
    return fits and _NO_LABEL.search(cell) is None


def _may_be(cell: str, label: str) -> bool:
    chinese = _CHINESE.search(label) is not None
    # A cell is a value as a whole; several words are a remark.
    return " " not in cell and cell.isascii() and is_password(cell, chinese=chinese)
