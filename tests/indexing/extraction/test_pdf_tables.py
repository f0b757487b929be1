"""Tables of PDFs: drawn with lines or by gaps, with cells of several lines; and what is none."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from indexing.passage import cut
from tests.indexing.extraction.makers import kinds, pdf, read

CHINESE = [
    ["合同号", "客户", "柜号与到期"],
    ["HT-S 101", "甲记超市|（示例）", "二号柜第三格，|框架三年"],
    ["HT-S 118", "乙家便利", "无纸质，存于电子|签平台，每年续|一年"],
    ["HT-S 124", "丙药房", "二号柜第四格"],
]
ENGLISH = [
    ["Number", "What happens", "Workaround"],
    ["LC-1182", "The report of a day shows|some hours twice", "export the days|by hand"],
    ["LC-1190", "A template is drawn twice", "split it into|two regions,|one above"],
    ["LC-1201", "Nothing", "wait"],
]
LEFTS = (50, 150, 300, 450)

Lines = list[tuple[float, float, float, str]]


def laid(rows: Sequence[Sequence[str]], padding: float = 8) -> tuple[Lines, list[float]]:
    """Cell after cell, `|` parting the lines of one; and where each row ends."""
    lines: Lines = []
    top, edges = 700.0, [700.0]
    for row in rows:
        cells = [cell.split("|") for cell in row]
        for left, cell in zip(LEFTS, cells, strict=False):
            lines += [
                (left + 4, top - padding - 12 * n, 10, text) for n, text in enumerate(cell, 0)
            ]
        top -= 2 * padding + 12 * max(map(len, cells)) - 6
        edges.append(top)
    # Text stands on its line: the edges of rows lie below and above it.
    return lines, [edge + 5 for edge in edges]


def borders(edges: Sequence[float], lefts: Sequence[float] = LEFTS) -> str:
    level = "".join(f"{lefts[0]} {y} m {lefts[-1]} {y} l S\n" for y in edges)
    return level + "".join(f"{x} {edges[0]} m {x} {edges[-1]} l S\n" for x in lefts)


def expected(rows: Sequence[Sequence[str]], glue: str) -> str:
    return "\n".join(" | ".join(cell.replace("|", glue) for cell in row) for row in rows)


@pytest.mark.parametrize(("rows", "glue"), [(CHINESE, ""), (ENGLISH, " ")])
@pytest.mark.parametrize("ruled", [True, False])
def test_cells_of_several_lines_stay_in_their_row(tmp_path, rows, glue, ruled):
    lines, edges = laid(rows)
    data = pdf(lines, drawing=borders(edges) if ruled else "")
    assert kinds(read(tmp_path, "a.pdf", data)) == [("table", expected(rows, glue))]


def test_rows_are_found_with_their_header_and_place(tmp_path):
    lines, edges = laid(ENGLISH)
    found = read(tmp_path, "a.pdf", pdf(lines, drawing=borders(edges)))
    passages = cut(found.blocks, lambda text: len(text.split()), 24)
    assert all(passage.text.startswith("Number | What happens") for passage in passages)
    assert len(passages) > 1
    assert len(found.blocks[0].place.boxes) == len(ENGLISH)


def test_table_that_goes_on_over_pages_keeps_its_header(tmp_path):
    lines, edges = laid(ENGLISH)
    lines = [(x, y + 90, size, text) for x, y, size, text in lines]
    drawing = borders([edge + 90 for edge in edges])
    found = read(tmp_path, "a.pdf", pdf(lines, lines, drawing=drawing))
    assert kinds(found) == [("table", expected(ENGLISH, " "))] * 2


@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
def test_lines_of_a_turned_table_are_found(tmp_path, rotate):
    lines, edges = laid(ENGLISH)
    found = read(tmp_path, "a.pdf", pdf(lines, rotate=rotate, drawing=borders(edges)))
    assert kinds(found) == [("table", expected(ENGLISH, " "))]
    first = found.blocks[0].place.boxes[0]
    wide = first[2] - first[0] > first[3] - first[1]
    assert wide == (rotate in (0, 180))


def test_merged_cells(tmp_path):
    """A cell over two rows is said in both, one over two columns once."""
    texts = [
        (54, 687, 10, "Region"), (154, 687, 10, "Sales of the year"),
        (54, 657, 10, "North"), (154, 667, 10, "Spring"), (304, 667, 10, "12"),
        (154, 647, 10, "Autumn"), (304, 647, 10, "15"),
        (54, 627, 10, "South"), (154, 627, 10, "Winter"), (304, 627, 10, "9"),
    ]  # fmt: skip
    lines = ["50 700 400 -20 re S", "50 640 m 450 640 l S", "50 620 400 80 re S"]
    lines += ["150 660 m 450 660 l S", "150 620 m 150 700 l S", "300 620 m 300 680 l S"]
    found = read(tmp_path, "a.pdf", pdf(texts, drawing="\n".join(lines) + "\n"))
    rows = "North | Spring | 12\nNorth | Autumn | 15\nSouth | Winter | 9"
    assert kinds(found) == [("table", f"Region | Sales of the year |\n{rows}")]


def test_table_open_at_its_sides(tmp_path):
    lines, edges = laid(ENGLISH)
    level = "".join(f"{LEFTS[0]} {y} m {LEFTS[-1]} {y} l S\n" for y in edges)
    upright = "".join(f"{x} {edges[0]} m {x} {edges[-1]} l S\n" for x in LEFTS[1:-1])
    found = read(tmp_path, "a.pdf", pdf(lines, drawing=level + upright))
    assert kinds(found) == [("table", expected(ENGLISH, " "))]


def test_words_around_a_table_stay_outside(tmp_path):
    lines, edges = laid(CHINESE)
    lines = [(50, 740, 10, "原件在销售部档案柜。"), *lines, (50, 540, 10, "钥匙在内勤处。")]
    found = read(tmp_path, "a.pdf", pdf(lines, drawing=borders(edges)))
    assert [kind for kind, _ in kinds(found)] == ["paragraph", "table", "paragraph"]


PROSE = "a line of the text that is set in columns"


def two_columns() -> Lines:
    return [
        (left, 700 - 12 * n - (20 if n > 9 else 0), 9, f"{PROSE} {n}")
        for left in (50, 310)
        for n in range(20)
    ]


@pytest.mark.parametrize(
    ("lines", "drawing"),
    [
        (two_columns(), ""),
        (two_columns(), "300 710 m 300 400 l S\n"),
        (two_columns(), "40 720 520 -340 re S\n300 720 m 300 380 l S\n"),
        # Axes in a frame, with their figures.
        (
            [(60, 590, 8, "1"), (260, 590, 8, "2"), (145, 690, 8, "4"), (145, 510, 8, "-4")],
            "50 700 200 -200 re S\n50 600 m 250 600 l S\n150 500 m 150 700 l S\n",
        ),
        # Items beside their bullets, each of several lines.
        (
            [
                (50 if part == 0 else 70, 700 - 40 * n - 12 * max(0, part - 1), 10, text)
                for n in range(4)
                for part, text in enumerate(("-", "an item of the list", "that goes on"))
            ],
            "",
        ),
    ],
)
def test_what_is_no_table(tmp_path, lines, drawing):
    found = read(tmp_path, "a.pdf", pdf(lines, drawing=drawing))
    assert "table" not in [kind for kind, _ in kinds(found)]


def test_hyphens_of_numbers_are_kept(tmp_path):
    rows = [["Number", "Note"], ["HT-S-|101", "signed by|both sides"], ["HT-S-|118", "paper"]]
    lines, edges = laid(rows)
    found = read(tmp_path, "a.pdf", pdf(lines, drawing=borders(edges, LEFTS[:3])))
    assert kinds(found) == [
        ("table", "Number | Note\nHT-S-101 | signed by both sides\nHT-S-118 | paper")
    ]
