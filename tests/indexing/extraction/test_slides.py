"""Reading presentations."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.indexing.extraction.makers import (
    content_types,
    kinds,
    read,
    reason,
    relations,
    texts,
    zipped,
)

A = "http://schemas.openxmlformats.org/drawingml/2006/main"
P = "http://schemas.openxmlformats.org/presentationml/2006/main"
R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
MAIN = "application/vnd.openxmlformats-officedocument.presentationml.presentation.main"
NAMES = f'xmlns:a="{A}" xmlns:p="{P}" xmlns:r="{R}"'
FILES = Path(__file__).parents[2] / "files"


def lines(*items: tuple[int, str]) -> str:
    return "".join(
        f'<a:p><a:pPr lvl="{level}"/><a:r><a:t>{text}</a:t></a:r></a:p>' for level, text in items
    )


def shape(text: str, role: str | None = None) -> str:
    mark = f'<p:ph type="{role}"/>' if role else ""
    return (
        f"<p:sp><p:nvSpPr><p:cNvPr id='1' name='x'/><p:cNvSpPr/><p:nvPr>{mark}</p:nvPr></p:nvSpPr>"
        f"<p:txBody>{text}</p:txBody></p:sp>"
    )


def slide(*shapes: str) -> str:
    tree = "".join(shapes)
    return f"<p:sld {NAMES}><p:cSld><p:spTree>{tree}</p:spTree></p:cSld></p:sld>"


def pptx(*slides: str, notes: str = "") -> bytes:
    count = range(1, len(slides) + 1)
    ids = "".join(f'<p:sldId id="{255 + n}" r:id="rId{n}"/>' for n in count)
    parts = {
        "[Content_Types].xml": content_types(MAIN, "ppt/presentation.xml"),
        "_rels/.rels": relations(("rId1", "officeDocument", "ppt/presentation.xml")),
        "ppt/presentation.xml": f"<p:presentation {NAMES}><p:sldIdLst>{ids}</p:sldIdLst>"
        "</p:presentation>",
        "ppt/_rels/presentation.xml.rels": relations(
            *((f"rId{n}", "slide", f"slides/slide{n}.xml") for n in count)
        ),
    }
    for number, content in enumerate(slides, 1):
        parts[f"ppt/slides/slide{number}.xml"] = content
    if notes:
        parts["ppt/slides/_rels/slide1.xml.rels"] = relations(
            ("rId1", "notesSlide", "../notesSlides/notesSlide1.xml")
        )
        parts["ppt/notesSlides/notesSlide1.xml"] = notes
    return zipped(parts)


def test_slides_with_places(tmp_path):
    first = slide(
        shape(lines((0, "客户"), (1, "合同")), "body"),
        shape(lines((0, "交接")), "title"),
        shape(lines((0, "5")), "sldNum"),
    )
    second = slide(shape(lines((0, "Questions?")), "ctrTitle"), shape(lines((0, "Call me."))))
    notes = slide(shape(lines((0, "Say hello.")), "body"), shape("", "sldImg"))
    found = read(tmp_path, "a.pptx", pptx(first, second, notes=notes))
    assert kinds(found) == [
        ("heading1", "交接"),
        ("list", "客户\n  合同"),
        ("paragraph", "Say hello."),
        ("heading1", "Questions?"),
        ("paragraph", "Call me."),
    ]
    assert [block.place.slide for block in found.blocks] == [1, 1, 1, 2, 2]
    assert found.blocks[4].place.heading_path == ("Questions?",)
    assert (found.status, found.pages) == ("read", 2)


def test_a_footer_is_read_once(tmp_path):
    footer = shape(lines((0, "Confidential")), "ftr")
    slides = (slide(shape(lines((0, text)), "title"), footer) for text in ("Plan", "Costs"))
    found = read(tmp_path, "a.pptx", pptx(*slides))
    assert [(block.text, block.place.slide) for block in found.blocks] == [
        ("Plan", 1),
        ("Confidential", 1),
        ("Costs", 2),
    ]


def test_tables_groups_and_alternatives(tmp_path):
    cell = "<a:tc><a:txBody><a:p><a:r><a:t>{}</a:t></a:r></a:p></a:txBody></a:tc>"
    row = f"<a:tr>{cell.format('a')}{cell.format('b')}</a:tr>"
    table = f"<p:graphicFrame><a:graphic><a:tbl>{row}{row}</a:tbl></a:graphic></p:graphicFrame>"
    twice = (
        '<mc:AlternateContent xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006">'
        f"<mc:Choice>{shape(lines((0, 'new')))}</mc:Choice>"
        f"<mc:Fallback>{shape(lines((0, 'old')))}</mc:Fallback></mc:AlternateContent>"
    )
    group = f"<p:grpSp><p:grpSp>{shape(lines((0, 'inside')))}</p:grpSp></p:grpSp>"
    found = read(tmp_path, "a.pptx", pptx(slide(table, group, twice)))
    assert kinds(found) == [
        ("table", "a | b\na | b"),
        ("paragraph", "inside"),
        ("paragraph", "new"),
    ]


def test_slides_are_bounded(tmp_path):
    one = slide(shape(lines((0, "x"))))
    found = read(tmp_path, "a.pptx", pptx(one, one, one), pages=2)
    assert (found.status, reason(found), len(found.blocks)) == ("partial", "too_many_pages", 2)


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [
        (pptx(), "failed", "no_text"),
        (pptx(slide(shape(lines((0, "x")))), "not xml"), "partial", "corrupt"),
        (zipped({"[Content_Types].xml": "", "ppt/a.xml": "x"}), "failed", "corrupt"),
    ],
)
def test_damaged(tmp_path, data, status, code):
    found = read(tmp_path, "a.pptx", data)
    assert (found.status, reason(found)) == (status, code)


def test_old_presentation(tmp_path):
    found = read(tmp_path, "a.ppt", (FILES / "old.ppt").read_bytes())
    assert kinds(found)[0] == ("heading1", "Sample Powerpoint Slide")
    assert (found.blocks[0].place.slide, found.pages) == (1, 1)


def test_old_document(tmp_path):
    assert texts(read(tmp_path, "a.doc", (FILES / "old.doc").read_bytes())) == ["test"]


@pytest.mark.parametrize("name", ["old.ppt", "old.doc", "old.xls", "message.msg"])
@pytest.mark.parametrize("keep", [600, 2000, 5000, 8000])
def test_cut_compound_files_end_with_a_reason(tmp_path, name, keep):
    found = read(tmp_path, name, (FILES / name).read_bytes()[:keep])
    assert found.status in ("failed", "partial", "read")
    assert reason(found) in (None, "corrupt", "unsupported_type", "no_text", "parts_not_read")


@pytest.mark.parametrize("name", ["old.ppt", "old.doc", "old.xls", "message.msg"])
def test_overwritten_compound_files_end_with_a_reason(tmp_path, name):
    data = bytearray((FILES / name).read_bytes())
    for at in range(0, len(data), 97):
        data[at] ^= 0x5A
    found = read(tmp_path, name, bytes(data))
    assert reason(found) != "reader_crashed"
