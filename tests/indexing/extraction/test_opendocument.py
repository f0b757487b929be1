"""Reading OpenDocument files and Rich Text Format."""

from __future__ import annotations

import pytest

from tests.indexing.extraction.makers import kinds, read, reason, texts, zipped

NAMES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for name in ("office", "text", "table", "draw", "style", "presentation")
)
KIND = "application/vnd.oasis.opendocument."


def opendocument(kind: str, body: str, styles: str = "", manifest: str = "") -> bytes:
    inner = {"text": "text", "spreadsheet": "spreadsheet", "presentation": "presentation"}[kind]
    return zipped(
        {
            "mimetype": KIND + kind,
            "content.xml": f"<office:document-content {NAMES}><office:automatic-styles>{styles}"
            f"</office:automatic-styles><office:body><office:{inner}>{body}</office:{inner}>"
            "</office:body></office:document-content>",
            **({"META-INF/manifest.xml": manifest} if manifest else {}),
        }
    )


def test_text(tmp_path):
    body = (
        '<text:p text:style-name="P1">手册</text:p>'
        '<text:h text:outline-level="1">设备</text:h>'
        '<text:p>Oil<text:s text:c="2"/>level<text:tab/>low<text:note><text:note-citation>1'
        "</text:note-citation><text:note-body><text:p>Weekly.</text:p></text:note-body></text:note>"
        "</text:p>"
        "<text:tracked-changes><text:p>gone</text:p></text:tracked-changes>"
        "<text:list><text:list-item><text:p>a</text:p><text:list><text:list-item><text:p>b</text:p>"
        "</text:list-item></text:list></text:list-item></text:list>"
        "<table:table><table:table-row><table:table-cell><text:p>x</text:p></table:table-cell>"
        "<table:table-cell><text:p>y</text:p></table:table-cell></table:table-row></table:table>"
    )
    style = '<style:style style:name="P1" style:parent-style-name="Title"/>'
    found = read(tmp_path, "a.odt", opendocument("text", body, style))
    assert kinds(found) == [
        ("heading1", "手册"),
        ("heading1", "设备"),
        ("paragraph", "Oil  level\tlow"),
        ("caption", "Weekly."),
        ("list", "• a\n  • b"),
        ("table", "x | y"),
    ]
    assert found.blocks[2].place.heading_path == ("手册", "设备")


def test_sheet(tmp_path):
    def cell(text: str, more: str = "") -> str:
        return f"<table:table-cell {more}><text:p>{text}</text:p></table:table-cell>"

    body = _sheet(cell, '<table:table-cell table:number-columns-repeated="16000"/>')
    found = read(tmp_path, "a.ods", opendocument("spreadsheet", body))
    assert kinds(found) == [("heading1", "客户"), ("cells", "Name | Owes\nA | 1\nA | 2")]
    assert (found.blocks[1].place.sheet, found.blocks[1].place.cells) == ("客户", "A1:B3")


def _sheet(cell, empty: str) -> str:
    spanned = cell("A", 'table:number-rows-spanned="2"')
    return (
        '<table:table table:name="客户">'
        f"<table:table-row>{cell('Name')}{cell('Owes')}{empty}</table:table-row>"
        f"<table:table-row>{spanned}{cell('1')}</table:table-row>"
        f"<table:table-row><table:covered-table-cell/>{cell('2')}</table:table-row>"
        f'<table:table-row table:number-rows-repeated="1048000">{empty}</table:table-row>'
        "</table:table>"
    )


def test_slides(tmp_path):
    body = (
        '<draw:page><draw:frame presentation:class="title"><draw:text-box><text:p>交接</text:p>'
        "</draw:text-box></draw:frame><draw:frame><draw:text-box><text:p>Text.</text:p>"
        "</draw:text-box></draw:frame></draw:page>"
    )
    found = read(tmp_path, "a.odp", opendocument("presentation", body))
    assert kinds(found) == [("heading1", "交接"), ("paragraph", "Text.")]
    assert (found.blocks[1].place.slide, found.pages) == (1, 1)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (opendocument("text", ""), "no_text"),
        (opendocument("text", "<text:p>a</text:p>", manifest="<m><encryption-data/></m>"),
         "encrypted_office"),
        (zipped({"mimetype": KIND + "text"}), "corrupt"),
    ],
)  # fmt: skip
def test_refused(tmp_path, data, code):
    found = read(tmp_path, "a.odt", data)
    assert (found.status, reason(found)) == ("failed", code)


@pytest.mark.parametrize(
    ("rtf", "blocks"),
    [
        (r"{\rtf1 one\par two}", [("paragraph", "one"), ("paragraph", "two")]),
        (r"{\rtf1\ansi\ansicpg936 \'bd\'bb\'bd\'d3}", [("paragraph", "交接")]),
        (r"{\rtf1{\fonttbl{\f0\fcharset0 A;}{\f1\fcharset134 B;}}\f1 \'bd\'bb{\f0 \'e9}\'bd\'d3}",
         [("paragraph", "交é接")]),
        (r"{\rtf1\uc1 \u20132?\u25509?}", [("paragraph", "交接")]),
        (r"{\rtf1\uc2 \u-10179??\u-8704??!}", [("paragraph", "😀!")]),
        (r"{\rtf1 a{\*\unknown b}c\*\b d}", [("paragraph", "acd")]),
        (r"{\rtf1 a{\v hidden}b\{c\}\'2d\~d}", [("paragraph", "ab{c}-\xa0d")]),
        (r"{\rtf1\outlinelevel0 Head\par\pard x}", [("heading1", "Head"), ("paragraph", "x")]),
        (r"{\rtf1\trowd a\cell b\cell\row\trowd c\cell d\cell\row\pard after}",
         [("table", "a | b\nc | d"), ("paragraph", "after")]),
        (r"{\rtf1 text{\footnote note} more}", [("caption", "note"), ("paragraph", "text more")]),
        (r"{\rtf1{\field{\*\fldinst HYPERLINK x}{\fldrslt link}}}", [("paragraph", "link")]),
        (r"{\rtf1 a{\pict ffd8}{\object{\*\objdata 00}{\result seen}}}", [("paragraph", "aseen")]),
        (r"{\rtf1 a}}}}}b", [("paragraph", "ab")]),
        ("{\\rtf1 " + "{" * 5000 + "deep", [("paragraph", "deep")]),
    ],
)  # fmt: skip
def test_rich_text(tmp_path, rtf, blocks):
    assert kinds(read(tmp_path, "a.rtf", rtf.encode())) == blocks


def test_binary_in_rich_text(tmp_path):
    data = b"{\\rtf1 a{\\pict\\bin9 }}}}{{{{{}b}"
    assert texts(read(tmp_path, "a.rtf", data)) == ["ab"]
