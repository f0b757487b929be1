"""Tables of people as files: CSV and XLSX into rows of text, and a template to fill in."""

from __future__ import annotations

import csv
import io
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from indexing.extraction.charset import decoded
from portal.errors import InvalidInput, Problem

MOST_BYTES = 10 * 2**20
MOST_ROWS = 20_000
MOST_UNPACKED = 200 * 2**20

# How openpyxl ends on files that are no workbook, or a damaged one.
UNREADABLE = (
    zipfile.BadZipFile, zlib.error, InvalidFileException, SyntaxError, LookupError, TypeError,
    ValueError, AttributeError, OSError, EOFError, NotImplementedError,
)  # fmt: skip

# Headings by field, in both languages; compared in lower case without blanks.
HEADINGS: dict[str, tuple[str, ...]] = {
    "name": ("name", "姓名", "名字"),
    "email": ("email", "e-mail", "mail", "邮箱", "电子邮箱", "邮件地址"),
    "department": ("department", "部门"),
    "position": ("position", "job", "岗位", "职位"),
    "starts_on": ("start", "startson", "from", "since", "入职日期", "任职日期", "开始日期", "开始"),
    "ends_on": ("end", "endson", "until", "to", "离职日期", "结束日期", "结束"),
    "roles": ("role", "roles", "角色"),
    "language": ("language", "语言"),
}
NEEDED = ("name", "email")
TEMPLATE_ROWS = (
    ("姓名 name", "邮箱 email", "部门 department", "岗位 position",
     "开始日期 start", "结束日期 end", "角色 role", "语言 language"),
    ("张三", "zhangsan@company.example", "销售部", "销售经理", "2024-03-01", "", "", "zh_CN"),
    ("Jane Doe", "jane.doe@company.example", "Human resources", "HR partner", "2023-09-01", "",
     "hr", "en"),
)  # fmt: skip


@dataclass(frozen=True)
class TableRow:
    """One row: its number in the file (1-based, headings included) and its fields as text."""

    number: int
    values: dict[str, str] = field(default_factory=dict)


def read(content: bytes) -> list[TableRow]:
    """Rows of a table by field; rows without any text are left out.

    Raises InvalidInput: not_a_table, table_too_large, column_missing, no_rows.
    """
    if len(content) > MOST_BYTES:
        raise _invalid("table_too_large", limit=MOST_ROWS)
    lines = _xlsx(content) if content.startswith(b"PK") else _csv(content)
    columns: dict[int, str] | None = None
    rows = []
    for number, cells in enumerate(lines, 1):
        if number > MOST_ROWS:
            raise _invalid("table_too_large", limit=MOST_ROWS)
        if columns is None:
            columns = _columns(cells) if any(cells) else None
        elif any(cells):
            named = {name: cells[at] if at < len(cells) else "" for at, name in columns.items()}
            rows.append(TableRow(number, named))
    if not rows:
        raise _invalid("no_rows")
    return rows


def template() -> bytes:
    """An XLSX file with the headings in both languages and two rows that show what is meant."""
    book = openpyxl.Workbook()
    sheet = book.active
    for row in TEMPLATE_ROWS:
        sheet.append(row)
    for letter, width in zip("ABCDEFGH", (18, 32, 22, 22, 16, 16, 12, 14), strict=True):
        sheet.column_dimensions[letter].width = width
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


def _invalid(code: str, **facts: Any) -> InvalidInput:
    return InvalidInput(Problem("file", code, facts))


def _columns(cells: list[str]) -> dict[int, str]:
    known = {word: name for name, words in HEADINGS.items() for word in words}
    found: dict[int, str] = {}
    for at, cell in enumerate(cells):
        words = cell.lower().split()
        name = next((known[w] for w in ("".join(words), *words) if w in known), None)
        if name is not None and name not in found.values():
            found[at] = name
    for needed in NEEDED:
        if needed not in found.values():
            raise _invalid("column_missing", column=HEADINGS[needed][1] + " / " + needed)
    return found


def _csv(content: bytes) -> Iterator[list[str]]:
    text, _, _ = decoded(content)
    if "\x00" in text or not text.strip():
        raise _invalid("not_a_table")
    # Only the delimiter is guessed, from the headings: the standard library's guess at the rest
    # reads doubled quotation marks wrongly when the first lines have none.
    headings = text.lstrip().partition("\n")[0]
    delimiter = max(",;\t", key=headings.count)
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            yield [cell.strip() for cell in row]
    except csv.Error as error:
        raise _invalid("not_a_table") from error


def _xlsx(content: bytes) -> Iterator[list[str]]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            unpacked = sum(member.file_size for member in archive.infolist())
        if unpacked > MOST_UNPACKED:
            raise _invalid("table_too_large", limit=MOST_ROWS)
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        try:
            sheet = book.worksheets[0]
            # The size a sheet claims to have would be filled with empty cells.
            sheet.reset_dimensions()
            for row in sheet.iter_rows(values_only=True):
                yield [_cell(value) for value in row]
        finally:
            book.close()
    except UNREADABLE as error:
        raise _invalid("not_a_table") from error


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()
