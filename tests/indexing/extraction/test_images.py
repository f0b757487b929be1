"""Reading pictures and scanned pages by optical recognition."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image

from indexing.extraction.line import Line
from indexing.extraction.reading_order import in_reading_order
from tests.indexing.extraction.makers import read, reason, texts, warnings

FILES = Path(__file__).parents[2] / "files"


def picture(turn: int = 0, kind: str = "PNG", **options: object) -> bytes:
    with Image.open(FILES / "lines.png") as image:
        buffer = io.BytesIO()
        image.convert("RGB").rotate(-turn, expand=True).save(buffer, kind, **options)
        return buffer.getvalue()


def letters(text: str) -> str:
    return "".join(char for char in text if char.isalnum())


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_a_picture_however_it_lies(tmp_path, turn):
    found = read(tmp_path, "a.png", picture(turn))
    assert "浮点数类型的数值后缀统一为大写" in letters("".join(texts(found)))
    assert (found.status, found.pages, found.ocr_pages, found.language) == ("read", 1, 1, "mixed")
    assert found.ocr_confidence > 0.85
    with Image.open(io.BytesIO(picture(turn))) as image:
        width, height = image.size
    for block in found.blocks:
        for left, top, right, bottom in block.place.boxes:
            assert -2 <= left < right <= width + 2
            assert -2 <= top < bottom <= height + 2


def test_scanned_page_of_a_pdf(tmp_path):
    buffer = io.BytesIO()
    with Image.open(FILES / "lines.png") as image:
        image.convert("RGB").save(buffer, "PDF", resolution=150)
        width = image.width * 72 / 150
    found = read(tmp_path, "a.pdf", buffer.getvalue())
    assert "浮点数类型的数值后缀统一为大写" in letters("".join(texts(found)))
    assert (found.status, found.pages, found.ocr_pages) == ("read", 1, 1)
    boxes = [box for block in found.blocks for box in block.place.boxes]
    assert max(box[2] for box in boxes) <= width
    without = read(tmp_path, "a.pdf", buffer.getvalue(), ocr=False)
    assert (without.status, warnings(without)) == ("failed", ["page_without_text"])


def test_pages_of_a_tiff(tmp_path):
    buffer = io.BytesIO()
    with Image.open(FILES / "lines.png") as image:
        small = image.convert("L")
        small.save(buffer, "TIFF", save_all=True, append_images=[small], compression="tiff_lzw")
    found = read(tmp_path, "a.tif", buffer.getvalue())
    assert (found.pages, found.ocr_pages) == (2, 2)
    assert {block.place.page for block in found.blocks} == {1, 2}


def blank(size: tuple[int, int] = (200, 200), kind: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    Image.new("L", size, 255).save(buffer, kind)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("data", "limits", "code"),
    [
        (blank(), {}, "no_text"),
        (blank((1, 1)), {}, "no_text"),
        (blank((400, 400)), {"pixels": 100_000}, "image_too_large"),
        (blank()[:60], {}, "corrupt"),
        (b"\x89PNG\r\n\x1a\n" + bytes(500), {}, "corrupt"),
        (blank(kind="JPEG")[:200], {}, "corrupt"),
        (b"II*\0" + b"\xff" * 400, {}, "corrupt"),
        (blank(), {"ocr": False}, "ocr_unavailable"),
    ],
)
def test_refused(tmp_path, data, limits, code):
    found = read(tmp_path, "a.png", data, **limits)
    assert (found.status, reason(found)) == ("failed", code)


def line(text: str, left: float, top: float, right: float) -> Line:
    return Line.upright(text, (left, top, right, top + 10), 8)


def test_columns_are_read_one_after_the_other():
    left = [line(f"l{n}", 0, 40 + 15 * n, 190) for n in range(6)]
    right = [line(f"r{n}", 210, 40 + 15 * n, 400) for n in range(6)]
    title, foot = line("title", 0, 0, 400), line("foot", 0, 200, 400)
    mixed = [line for pair in zip(left, right, strict=True) for line in pair]
    assert [found.text for found in in_reading_order([*mixed, foot, title])] == [
        "title", *(f"l{n}" for n in range(6)), *(f"r{n}" for n in range(6)), "foot",
    ]  # fmt: skip


def test_rows_of_a_table_are_read_across():
    cells = [line(f"{row}{column}", 100 * column, 20 * row, 100 * column + 30)
             for column in range(3) for row in range(6)]  # fmt: skip
    assert [found.text for found in in_reading_order(cells)][:4] == ["00", "01", "02", "10"]
