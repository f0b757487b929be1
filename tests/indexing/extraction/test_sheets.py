"""Reading spreadsheets and tables in text files."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from pathlib import Path

import openpyxl
import pytest
from openpyxl.comments import Comment

from indexing.cells import area, column_letters, column_number
from indexing.extraction.number_format import shown
from tests.indexing.extraction.makers import (
    docx,
    kinds,
    paragraph,
    read,
    reason,
    relations,
    texts,
    zipped,
)

FILES = Path(__file__).parents[2] / "files"


def xlsx(*sheets: tuple[str, list[list[object]]], merge: tuple[str, ...] = ()) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets:
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
        for cells in merge:
            sheet.merge_cells(cells)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def test_sheets_with_places(tmp_path):
    data = xlsx(
        ("客户", [["名称", "金额"], ["甲", 12], ["乙", 3.5]]),
        ("empty", []),
        ("Plan", [["Task", "Done"], ["call", True]]),
    )
    found = read(tmp_path, "a.xlsx", data)
    assert kinds(found) == [
        ("heading1", "客户"),
        ("cells", "名称 | 金额\n甲 | 12\n乙 | 3.5"),
        ("heading1", "Plan"),
        ("cells", "Task | Done\ncall | TRUE"),
    ]
    place = found.blocks[1].place
    assert (place.sheet, place.cells, place.heading_path) == ("客户", "A1:B3", ("客户",))


def test_titles_stand_apart_and_gaps_do_not_lose_the_header(tmp_path):
    rows = [["Clients 2026"], [], ["Name", "Owes"], ["A", 1], [], ["B", 2], [], ["note"]]
    assert kinds(read(tmp_path, "a.xlsx", xlsx(("S", rows))))[1:] == [
        ("paragraph", "Clients 2026"),
        ("cells", "Name | Owes\nA | 1"),
        ("cells", "Name | Owes\nB | 2"),
        ("paragraph", "note"),
    ]


def test_long_tables_repeat_the_header(tmp_path):
    rows = [["Name", "Number"], *([f"n{n}", n] for n in range(250))]
    found = read(tmp_path, "a.xlsx", xlsx(("S", rows)))
    blocks = [block for block in found.blocks if block.kind == "cells"]
    assert len(blocks) == 3
    assert all(block.text.startswith("Name | Number\n") for block in blocks)
    assert [block.place.cells for block in blocks] == ["A1:B100", "A101:B200", "A201:B251"]


def test_merged_cells(tmp_path):
    rows = [
        ["Client", "2025", None, "Note"],
        [None, "Q1", "Q2", None],
        ["A", 1, 2, "x"],
        [None, 3, 4, "y"],
    ]
    data = xlsx(("S", rows), merge=("B1:C1", "A1:A2", "D1:D2", "A3:A4"))
    assert texts(read(tmp_path, "a.xlsx", data))[1] == (
        "Client | 2025 / Q1 | 2025 / Q2 | Note\nA | 1 | 2 | x\nA | 3 | 4 | y"
    )


def test_remarks(tmp_path):
    book = openpyxl.Workbook()
    book.active["B2"] = "x"
    book.active["B2"].comment = Comment("check with the bank", "Finance")
    buffer = io.BytesIO()
    book.save(buffer)
    found = read(tmp_path, "a.xlsx", buffer.getvalue())
    assert texts(found)[-1] == "Finance: check with the bank"
    assert found.blocks[-1].place.cells == "B2"


def test_dates_as_people_see_them(tmp_path):
    book = openpyxl.Workbook()
    for number, code in enumerate(['yyyy"年"m"月"d"日"', "d/m/yy", "h:mm AM/PM", "0.0%"], 1):
        book.active.cell(number, 1, "row")
        moment = dt.datetime(2026, 3, 5, 15, 7)  # noqa: DTZ001 (a cell has no time zone)
        cell = book.active.cell(number, 2, moment if number < 4 else 0.256)
        cell.number_format = code
    buffer = io.BytesIO()
    book.save(buffer)
    assert texts(read(tmp_path, "a.xlsx", buffer.getvalue()))[1] == (
        "row | 2026年3月5日\nrow | 5/3/26\nrow | 3:07 PM\nrow | 25.6%"
    )


@pytest.mark.parametrize(
    ("value", "code", "text"),
    [
        (1234.5, "", "1234.5"),
        (0.1 + 0.2, "General", "0.3"),
        (13800138000.0, "General", "13800138000"),
        (1234567.891, "#,##0.00", "1,234,567.89"),
        (-5, "#,##0;(#,##0)", "(5)"),
        (0, '0;-0;"none"', "none"),
        (7, "00000", "00007"),
        (12.5, '"¥"#,##0.00', "¥12.50"),
        (12.5, "[$¥-804]#,##0.0", "¥12.5"),
        (3, '0"台"', "3台"),
        (0.5, "0%", "50%"),
        (1.5, "0.##", "1.5"),
        (2, "0.##", "2"),
        (45000, "yyyy-mm-dd", "2023-03-15"),
        (45000, "[$-804]yyyy/m/d aaaa", "2023/3/15 星期三"),
        (45000, "dddd, mmmm d", "Wednesday, March 15"),
        (45000.75, "yyyy-mm-dd hh:mm", "2023-03-15 18:00"),
        (45000.75, '上午/下午h"时"', "下午6时"),
        (1.5, "[h]:mm", "36:00"),
        (0.5208333333, "h:mm:ss", "12:30:00"),
        (0.00069444, "mm:ss", "01:00"),
        (-1, "yyyy", "-1"),
        (1e300, "yyyy", "1e+300"),
        (12345, "0.00E+00", "12345"),
        (0.25, "# ?/?", "0.25"),
    ],
)
def test_formats(value, code, text):
    assert shown(value, code) == text


def test_the_other_calendar():
    assert shown(0, "yyyy-mm-dd", from_1904=True) == "1904-01-01"


@pytest.mark.parametrize("number", [0, 25, 26, 701, 702, 16383])
def test_columns(number):
    assert column_number(column_letters(number)) == number
    assert column_letters(16383) == "XFD"


def test_areas():
    assert (area("B2").top, area("B2").left, area("$B$2:D9").bottom) == (2, 1, 9)
    assert area("x") is None


@pytest.mark.parametrize(
    ("text", "encoding", "row"),
    [
        ("名称,金额\n甲,12\n乙,5\n", "gb18030", "甲 | 12"),
        ("name;amount\nA, B;12\nC;1\n", "utf-8", "A, B | 12"),
        ("name\tamount\nA\t12\nB\t3\n", "utf-16", "A | 12"),
        ('name,text\nA,"two\nlines, one cell"\n', "utf-8-sig", "A | two lines, one cell"),
        ("name|amount\nA|12\nB|3\n", "utf-8", "A | 12"),
    ],
)
def test_text_tables(tmp_path, text, encoding, row):
    found = read(tmp_path, "a.csv", text.encode(encoding))
    assert row in texts(found)[0].split("\n")
    assert found.blocks[0].place.cells.startswith("A1:B")


def test_a_quote_without_end_loses_no_more_than_it_must(tmp_path):
    data = b'a,b\n1,"x\n' + b"2,3\n" * 10
    assert "a | b" in texts(read(tmp_path, "a.csv", data))[0]


def test_cells_are_bounded(tmp_path):
    data = b"a,b,c\n" * 1000
    found = read(tmp_path, "a.csv", data, cells=300)
    assert (found.status, reason(found)) == ("partial", "too_many_cells")
    found = read(tmp_path, "a.xlsx", xlsx(("S", [["a", "b"]] * 300)), cells=100)
    assert (found.status, reason(found)) == ("partial", "too_many_cells")


SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def crafted(sheet: str) -> bytes:
    parts = {}
    with zipfile.ZipFile(io.BytesIO(xlsx(("S", [["a", "b"]])))) as archive:
        for name in archive.namelist():
            parts[name] = archive.read(name)
    parts["xl/worksheets/sheet1.xml"] = sheet.encode()
    return zipped(parts)


@pytest.mark.parametrize(
    "cells",
    [
        '<row r="1"><c r="A1"><v>1</v></c></row>'
        '<row r="1048576"><c r="XFD1048576"><v>2</v></c></row>',
        '<row r="99999999999"><c r="ZZZZZ9" t="s"><v>999999</v></c></row>',
        '<row><c t="s"><v>-1</v></c><c t="n"><v>1e999</v></c><c s="99999"><v>nan</v></c></row>',
        "<row><c><v>" + "9" * 100_000 + "</v></c></row>",
    ],
)
def test_strange_cells(tmp_path, cells):
    data = crafted(f'<worksheet xmlns="{SHEET}"><sheetData>{cells}</sheetData></worksheet>')
    found = read(tmp_path, "a.xlsx", data)
    assert found.status in ("read", "failed")
    assert reason(found) in (None, "no_text")


def test_half_a_sheet_is_read_and_said(tmp_path):
    data = crafted(
        f'<worksheet xmlns="{SHEET}"><sheetData><row><c><v>5</v></c><c><v>6</v></c></row><r'
    )
    found = read(tmp_path, "a.xlsx", data)
    assert (found.status, reason(found)) == ("partial", "corrupt")
    assert texts(found)[-1] == "5 | 6"


def test_old_workbook(tmp_path):
    found = read(tmp_path, "a.xls", (FILES / "old.xls").read_bytes())
    assert found.media_type == "application/vnd.ms-excel"
    assert ("heading1", "Feuil1") in kinds(found)
    assert "Sample Excel Worksheet" in "\n".join(texts(found))


def test_embedded_document_is_a_part(tmp_path):
    parts = {}
    with zipfile.ZipFile(io.BytesIO(xlsx(("S", [["a", "b"]])))) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts["xl/embeddings/inner.docx"] = docx(paragraph("inside"))
    parts["xl/worksheets/_rels/sheet1.xml.rels"] = relations(
        ("rId1", "package", "../embeddings/inner.docx")
    ).encode()
    found = read(tmp_path, "a.xlsx", zipped(parts))
    assert [(block.place.part, block.text) for block in found.blocks][-1] == (
        "inner.docx",
        "inside",
    )
