"""Reading PDF files."""

from __future__ import annotations

import io
import time
from pathlib import Path

import pypdf
import pytest

from indexing.extraction.grid import tables
from indexing.extraction.layout import groups
from indexing.extraction.line import Cell, Line
from indexing.extraction.picture import Drawing, bounded_scale, draw_page, page_sizes
from indexing.extraction.process import ReaderEnded
from tests.indexing.extraction.makers import LIMITS, kinds, pdf, read, reason, texts, warnings

BODY = [
    (50.0, 700.0 - 14 * n, 10.0, f"Line {n} of the text that runs over the page.") for n in range(5)
]
FILES = Path(__file__).parents[2] / "files"


def encrypted(data: bytes, user: str, owner: str) -> bytes:
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(data))
    writer.encrypt(user, owner, algorithm="RC4-128")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def outlined(data: bytes, *entries: tuple[str, int]) -> bytes:
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(data))
    parent = None
    for title, page in entries:
        parent = writer.add_outline_item(title=title, page_number=page, parent=parent)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def test_reads_pages_with_places(tmp_path):
    found = read(tmp_path, "a.pdf", pdf([(50, 740, 20, "Handover of the line"), *BODY], BODY))
    assert (found.status, found.pages, found.language) == ("read", 2, "en")
    heading, text = found.blocks[:2]
    assert (heading.kind, heading.level, heading.text) == ("heading", 1, "Handover of the line")
    assert text.place.heading_path == ("Handover of the line",)
    assert text.place.page == 1
    assert len(text.place.boxes) == 5
    assert text.text.startswith("Line 0 of the text")
    assert "\n" not in text.text


@pytest.mark.parametrize(
    ("rotate", "corner"),
    [(0, (50, 90)), (90, (700, 50)), (180, (550, 710)), (270, (100, 550))],
)
def test_boxes_are_those_of_the_page_as_shown(tmp_path, rotate, corner):
    found = read(tmp_path, "a.pdf", pdf([(50, 700, 10, "Hxxxxxxx")], rotate=rotate))
    (box,) = found.blocks[0].place.boxes
    path = tmp_path / "file"
    width, height = page_sizes(path)[0]
    assert (width, height) == ((600, 800) if rotate in (0, 180) else (800, 600))
    assert any(abs(box[i] - corner[0]) < 15 for i in (0, 2))
    assert any(abs(box[i] - corner[1]) < 15 for i in (1, 3))
    assert 0 <= box[0] < box[2] <= width
    assert 0 <= box[1] < box[3] <= height


@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
def test_lines_of_a_turned_page_are_one_paragraph(tmp_path, rotate):
    found = read(tmp_path, "a.pdf", pdf(BODY, rotate=rotate))
    assert [kind for kind, _ in kinds(found)] == ["paragraph"]


def test_boxes_start_at_the_crop(tmp_path):
    found = read(tmp_path, "a.pdf", pdf([(150, 700, 10, "Hxxxxxxx")], box="100 100 600 800"))
    left, top, _, bottom = found.blocks[0].place.boxes[0]
    assert left == pytest.approx(50, abs=2)
    assert top < 100 < bottom + 2


def test_columns_of_numbers_become_a_table(tmp_path):
    rows = [("Client", "Open", "Due"), ("Aster", "12", "3 May"), ("Birch", "7", "9 May")]
    lines = [
        (50 + 150 * column, 700 - 20 * row, 10, text)
        for row, cells in enumerate(rows)
        for column, text in enumerate(cells)
    ]
    found = read(tmp_path, "a.pdf", pdf([*BODY[:0], *lines]))
    assert kinds(found) == [("table", "Client | Open | Due\nAster | 12 | 3 May\nBirch | 7 | 9 May")]


def test_items_become_a_list(tmp_path):
    items = ["1. Call the client", "2. Send the contract", "and wait for it", "3. File it"]
    lines = [(50, 700 - 14 * n, 10, text) for n, text in enumerate(items)]
    found = read(tmp_path, "a.pdf", pdf(lines))
    assert kinds(found) == [
        ("list", "1. Call the client\n2. Send the contract and wait for it\n3. File it")
    ]


def test_running_lines_are_kept_once(tmp_path):
    pages = [
        [(50, 780, 8, "Internal manual"), *BODY, (300, 20, 8, f"Page {n} of 9")]
        for n in range(1, 5)
    ]
    found = read(tmp_path, "a.pdf", pdf(*pages))
    assert texts(found).count("Internal manual") == 1
    assert [text for text in texts(found) if text.startswith("Page")] == ["Page 1 of 9"]
    assert sum(text.startswith("Line 0") for text in texts(found)) == 4


def test_outline_names_the_headings(tmp_path):
    page = [(50, 740, 10, "1 Machines"), *BODY, (50, 500, 10, "Setting up"), (50, 480, 10, "Text.")]
    data = outlined(pdf(page), ("Machines", 0), ("Setting up", 0))
    assert [text for kind, text in kinds(read(tmp_path, "a.pdf", data)) if kind == "heading1"] == [
        "1 Machines"
    ]
    assert ("heading2", "Setting up") in kinds(read(tmp_path, "a.pdf", data))


def test_bold_line_is_a_heading(tmp_path):
    found = read(tmp_path, "a.pdf", pdf([(50, 740, 10, "Machines")], bold=True))
    assert kinds(found) == [("heading4", "Machines")]


@pytest.mark.parametrize(
    ("user", "password", "code"),
    [
        ("", None, None),
        ("secret", None, "encrypted_pdf"),
        ("secret", "wrong", "wrong_password"),
        ("secret", "secret", None),
        ("secret", "owner", None),
    ],
)
def test_passwords(tmp_path, user, password, code):
    data = encrypted(pdf(BODY), user, "owner")
    found = read(tmp_path, "a.pdf", data, password)
    assert reason(found) == code
    assert found.status == ("failed" if code else "read")
    assert found.media_type == "application/pdf"


def test_page_without_text_is_told(tmp_path):
    drawn = pdf(BODY, BODY).replace(b"BT /F1", b"0 0 90 90 re f\nBT /F1")
    # The second page keeps its rectangle and loses its letters.
    first, _, second = drawn.rpartition(b"stream\n0 0")
    second = second.replace(b"Tj", b"  ").replace(b"BT", b"q ").replace(b"ET", b"Q ")
    found = read(tmp_path, "a.pdf", first + b"stream\n0 0" + second, ocr=False)
    assert (found.status, reason(found)) == ("partial", "pages_not_read")
    assert found.reason.facts == {"count": 1, "pages": 2}
    assert warnings(found) == ["page_without_text"]


def test_blank_page_is_read(tmp_path):
    found = read(tmp_path, "a.pdf", pdf(BODY, []))
    assert (found.status, found.pages, found.warnings) == ("read", 2, ())


def test_more_pages_than_allowed(tmp_path):
    found = read(tmp_path, "a.pdf", pdf(*[BODY] * 4), pages=2)
    assert (found.status, found.pages) == ("partial", 4)
    assert (reason(found), dict(found.reason.facts)) == ("too_many_pages", {"pages": 4, "limit": 2})
    assert {block.place.page for block in found.blocks} == {1, 2}


@pytest.mark.parametrize(
    "data",
    [
        b"%PDF-1.7\n",
        pdf(BODY)[:300],
        b"%PDF-1.7\n" + b"\xff\x00" * 5000,
        b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog /Pages 1 0 R /Kids [1 0 R] /Count 9 >>\nendobj\n"
        b"trailer << /Root 1 0 R >>\n%%EOF",
    ],
    ids=["only a mark", "cut", "noise", "pages that hold themselves"],
)
def test_damaged_files_fail_with_a_reason(tmp_path, data):
    found = read(tmp_path, "a.pdf", data)
    assert found.status == "failed"
    assert reason(found) in ("corrupt", "no_text", "pages_not_read")


def test_damaged_table_of_objects_is_repaired(tmp_path):
    found = read(tmp_path, "a.pdf", pdf(BODY).replace(b"startxref\n", b"startxref\n9"))
    assert found.status == "read"
    assert texts(found)[0].startswith("Line 0")


def test_real_rotated_page(tmp_path):
    found = read(tmp_path, "a.pdf", (FILES / "rotated.pdf").read_bytes())
    assert ("heading1", "Tika - Content Analysis Toolkit") in kinds(found)
    assert any(
        "toolkit for detecting and extracting metadata and structured text" in text
        for text in texts(found)
    )


def test_picture_of_a_page(tmp_path):
    path = tmp_path / "a.pdf"
    path.write_bytes(pdf(BODY, BODY, rotate=90))
    picture = draw_page(path, Drawing(2, scale=0.5))
    assert picture.startswith(b"\x89PNG")
    assert picture[16:24] == (400).to_bytes(4, "big") + (300).to_bytes(4, "big")
    assert page_sizes(path) == [(800.0, 600.0)] * 2


@pytest.mark.parametrize(
    ("page", "data", "code"),
    [
        (0, pdf(BODY), "page_unreadable"),
        (2, pdf(BODY), "page_unreadable"),
        (1, b"%PDF-1.7 nothing", "corrupt"),
        (1, encrypted(pdf(BODY), "secret", "owner"), "encrypted_pdf"),
    ],
)
def test_picture_refused(tmp_path, page, data, code):
    path = tmp_path / "a.pdf"
    path.write_bytes(data)
    with pytest.raises(ReaderEnded) as refused:
        draw_page(path, Drawing(page), LIMITS)
    assert refused.value.notice.code == code


def test_pictures_are_bounded():
    assert bounded_scale(600, 800, 2) == 2
    assert bounded_scale(600, 800, 1000) == 6
    huge = bounded_scale(14_400, 14_400, 6)
    assert 14_400 * 14_400 * huge**2 <= 18_000_001
    assert bounded_scale(0, 0, 0) > 0


def test_a_hyphen_at_the_end_of_a_table_cell_is_kept():
    def row(top: float, *texts: str, broken: bool = False) -> Line:
        cells = tuple(Cell(text, 50 + 200 * n, 100 + 200 * n) for n, text in enumerate(texts))
        box = (50.0, top, 300.0, top + 10)
        return Line.upright(" ".join(texts), box, 10, cells=cells, broken=broken)

    lines = [row(0, "Item", "Note"), row(15, "Lease", "docu", broken=True), row(30, "-", "ment")]
    assert [text for text, _ in tables(lines)] == ["Item | Note\nLease | docu-\n- | ment"]


def test_a_paragraph_of_very_many_lines():
    lines = [
        Line.upright("This line ends a sentence.", (50.0, 12.0 * n, 500.0, 12.0 * n + 10), 10)
        for n in range(20_000)
    ]
    begin = time.process_time()
    (found,) = groups(lines)
    # Looking over the lines again for each of them takes minutes.
    assert time.process_time() - begin < 5
    assert found.lines == len(lines)
