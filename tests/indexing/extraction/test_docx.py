"""Reading Word documents."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.indexing.extraction.makers import (
    W,
    content_types,
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
STYLES = (
    f'<w:styles xmlns:w="{W}">'
    '<w:style w:type="paragraph" w:styleId="a1"><w:name w:val="heading 1"/></w:style>'
    '<w:style w:type="paragraph" w:styleId="a2"><w:name w:val="标题 2"/></w:style>'
    '<w:style w:type="paragraph" w:styleId="own"><w:name w:val="Own"/><w:basedOn w:val="a1"/>'
    "</w:style>"
    '<w:style w:type="paragraph" w:styleId="t"><w:name w:val="Title"/></w:style>'
    '<w:style w:type="paragraph" w:styleId="c"><w:name w:val="Source Code"/></w:style>'
    '<w:style w:type="paragraph" w:styleId="loop"><w:name w:val="x"/><w:basedOn w:val="loop"/>'
    "</w:style></w:styles>"
)
NUMBERING = (
    f'<w:numbering xmlns:w="{W}"><w:abstractNum w:abstractNumId="0">'
    '<w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="chineseCounting"/>'
    '<w:lvlText w:val="%1、"/></w:lvl>'
    '<w:lvl w:ilvl="1"><w:start w:val="1"/><w:numFmt w:val="decimal"/><w:lvlText w:val="%1.%2"/>'
    "</w:lvl></w:abstractNum>"
    '<w:abstractNum w:abstractNumId="1"><w:lvl w:ilvl="0"><w:numFmt w:val="bullet"/>'
    '<w:lvlText w:val="\uf0b7"/></w:lvl></w:abstractNum>'
    '<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>'
    '<w:num w:numId="2"><w:abstractNumId w:val="1"/></w:num></w:numbering>'
)
NUMBERED = '<w:numPr><w:ilvl w:val="{}"/><w:numId w:val="{}"/></w:numPr>'
LINKS = (
    ("rId1", "styles", "styles.xml"),
    ("rId2", "numbering", "numbering.xml"),
    ("rId3", "footnotes", "footnotes.xml"),
    ("rId4", "header", "header1.xml"),
    ("rId5", "footer", "footer1.xml"),
    ("rId6", "footer", "footer2.xml"),
    ("rId7", "comments", "comments.xml"),
)


def styled(style: str, text: str) -> str:
    return paragraph(text, f'<w:pStyle w:val="{style}"/>')


def run(text: str) -> str:
    return f"<w:r><w:t>{text}</w:t></w:r>"


def test_headings_make_a_path(tmp_path):
    body = (
        styled("t", "交接手册")
        + styled("a1", "设备")
        + styled("a2", "冲压机")
        + paragraph("每周一检查油位。")
        + styled("own", "客户")
        + paragraph("电话", '<w:outlineLvl w:val="1"/>')
        + styled("c", "x = 1")
        + styled("loop", "普通")
    )
    found = read(tmp_path, "a.docx", docx(body, LINKS, styles=STYLES))
    assert kinds(found) == [
        ("heading1", "交接手册"),
        ("heading1", "设备"),
        ("heading2", "冲压机"),
        ("paragraph", "每周一检查油位。"),
        ("heading1", "客户"),
        ("heading2", "电话"),
        ("code", "x = 1"),
        ("paragraph", "普通"),
    ]
    assert found.blocks[3].place.heading_path == ("交接手册", "设备", "冲压机")
    assert found.blocks[6].place.heading_path == ("交接手册", "客户", "电话")
    assert (found.status, found.language, found.pages) == ("read", "zh", None)


def test_lists_show_their_numbers(tmp_path):
    body = (
        paragraph("甲", NUMBERED.format(0, 1))
        + paragraph("乙", NUMBERED.format(1, 1))
        + paragraph("丙", NUMBERED.format(1, 1))
        + paragraph("丁", NUMBERED.format(0, 1))
        + paragraph("戊", NUMBERED.format(1, 1))
        + paragraph("间")
        + paragraph("点", NUMBERED.format(0, 2))
    )
    found = read(tmp_path, "a.docx", docx(body, LINKS, numbering=NUMBERING))
    assert kinds(found) == [
        ("list", "一、 甲\n  一.1 乙\n  一.2 丙\n二、 丁\n  二.1 戊"),
        ("paragraph", "间"),
        ("list", "• 点"),
    ]


@pytest.mark.parametrize(
    ("inner", "text"),
    [
        (f"{run('a')}<w:ins><w:r><w:t>b</w:t></w:r></w:ins>{run('c')}", "abc"),
        (f"{run('a')}<w:del><w:r><w:delText>b</w:delText></w:r></w:del>{run('c')}", "ac"),
        (f"<w:moveFrom>{run('a')}</w:moveFrom><w:moveTo>{run('b')}</w:moveTo>", "b"),
        (f"<w:hyperlink>{run('a')}</w:hyperlink><w:r><w:tab/><w:t>b</w:t></w:r>", "a\tb"),
        ("<w:r><w:t>a</w:t><w:br/><w:t>b</w:t><w:noBreakHyphen/></w:r>", "a\nb-"),
        (f"<w:r><w:instrText>PAGE</w:instrText></w:r>{run('3')}", "3"),
        ('<w:r><w:sym w:font="Wingdings" w:char="F0FE"/></w:r>' + run("是"), "☑是"),
        (f"<w:sdt><w:sdtContent>{run('a')}</w:sdtContent></w:sdt>", "a"),
        (f"<w:ruby><w:rt>{run('jiāo')}</w:rt><w:rubyBase>{run('交')}</w:rubyBase></w:ruby>", "交"),
    ],
)
def test_text_as_people_see_it(tmp_path, inner, text):
    assert texts(read(tmp_path, "a.docx", docx(f"<w:p>{inner}</w:p>"))) == [text]


def test_table_with_merged_cells(tmp_path):
    def cell(text: str, properties: str = "") -> str:
        return f"<w:tc><w:tcPr>{properties}</w:tcPr>{paragraph(text)}</w:tc>"

    start, span = '<w:vMerge w:val="restart"/>', '<w:gridSpan w:val="2"/>'
    body = (
        "<w:tbl>"
        f"<w:tr>{cell('类别')}{cell('名称')}{cell('数量')}</w:tr>"
        f"<w:tr>{cell('设备', start)}{cell('电脑')}{cell('2')}</w:tr>"
        f"<w:tr>{cell('', '<w:vMerge/>')}{cell('钥匙')}{cell('3')}</w:tr>"
        f"<w:tr>{cell('合计', span)}{cell('5')}</w:tr>"
        f"<w:tr><w:trPr><w:del/></w:trPr>{cell('x')}{cell('y')}{cell('z')}</w:tr>"
        "</w:tbl>"
    )
    assert kinds(read(tmp_path, "a.docx", docx(body))) == [
        ("table", "类别 | 名称 | 数量\n设备 | 电脑 | 2\n设备 | 钥匙 | 3\n合计 |  | 5")
    ]


def test_frame_of_one_cell_is_no_table(tmp_path):
    body = f"<w:tbl><w:tr><w:tc>{paragraph('one')}{paragraph('two')}</w:tc></w:tr></w:tbl>"
    assert kinds(read(tmp_path, "a.docx", docx(body))) == [
        ("paragraph", "one"),
        ("paragraph", "two"),
    ]


def test_edges_once_and_notes_where_they_belong(tmp_path):
    def part(name: str, inner: str) -> str:
        return f'<w:{name} xmlns:w="{W}">{inner}</w:{name}>'

    body = (
        '<w:p><w:r><w:t>Call first</w:t></w:r><w:r><w:footnoteReference w:id="2"/></w:r></w:p>'
        '<w:p><w:r><w:t>Then write</w:t></w:r><w:r><w:commentReference w:id="0"/></w:r></w:p>'
    )
    notes = f'<w:footnote w:id="2">{paragraph("Only before noon.")}</w:footnote>'
    found = read(
        tmp_path,
        "a.docx",
        docx(
            body,
            LINKS,
            header1=part("hdr", paragraph("Internal")),
            footer1=part("ftr", paragraph("Version 3")),
            footer2=part("ftr", paragraph("Version 3") + paragraph("7")),
            footnotes=part("footnotes", notes),
            comments=part("comments", f'<w:comment w:id="0">{paragraph("Why?")}</w:comment>'),
        ),
    )
    assert texts(found) == [
        "Internal",
        "Call first",
        "Only before noon.",
        "Then write",
        "Why?",
        "Version 3",
    ]


def test_text_box_once(tmp_path):
    box = f"<w:txbxContent>{paragraph('in the box')}</w:txbxContent>"
    twice = (
        '<mc:AlternateContent xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006">'
        f"<mc:Choice>{box}</mc:Choice><mc:Fallback>{box}</mc:Fallback></mc:AlternateContent>"
    )
    body = f"<w:p><w:r><w:t>outside</w:t>{twice}</w:r></w:p>"
    assert texts(read(tmp_path, "a.docx", docx(body))) == ["outside", "in the box"]


def test_formula_on_a_line(tmp_path):
    formula = (
        '<m:oMath xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math">'
        "<m:f><m:num><m:r><m:t>a+b</m:t></m:r></m:num><m:den><m:r><m:t>2</m:t></m:r></m:den></m:f>"
        "<m:r><m:t>=</m:t></m:r><m:sSup><m:e><m:r><m:t>x</m:t></m:r></m:e><m:sup><m:r><m:t>2"
        "</m:t></m:r></m:sup></m:sSup></m:oMath>"
    )
    assert texts(read(tmp_path, "a.docx", docx(f"<w:p>{formula}</w:p>"))) == ["(a+b)/2=x^2"]


def test_bold_lines_are_headings_where_no_style_says_so(tmp_path):
    bold = "<w:p><w:r><w:rPr><w:b/></w:rPr><w:t>工作交接</w:t></w:r></w:p>"
    assert kinds(read(tmp_path, "a.docx", docx(bold + paragraph("正文。"))))[0] == (
        "heading9",
        "工作交接",
    )
    found = read(tmp_path, "a.docx", docx(styled("a1", "设备") + bold, LINKS, styles=STYLES))
    assert kinds(found)[1] == ("paragraph", "工作交接")


def test_piece_in_another_format(tmp_path):
    data = docx(
        '<w:altChunk r:id="rId1"/>',
        [("rId1", "aFChunk", "piece.xml")],
        piece="<html><body><h1>From the web</h1><p>Text.</p></body></html>",
    )
    assert kinds(read(tmp_path, "a.docx", data)) == [
        ("heading1", "From the web"),
        ("paragraph", "Text."),
    ]


def test_real_form(tmp_path):
    found = read(tmp_path, "a.docx", (FILES / "payment.docx").read_bytes())
    assert "付款通知书" in texts(found)
    assert any("人工费" in text for text in texts(found))


XXE = '<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
LAUGHS = "<!DOCTYPE d [<!ENTITY a0 'ha'>"
for number in range(9):
    LAUGHS += f"<!ENTITY a{number + 1} '{f'&a{number};' * 10}'>"
LAUGHS += "]>"


def with_prolog(prolog: str, entity: str) -> bytes:
    kind = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main"
    text = f"<w:p><w:r><w:t>before {entity} after</w:t></w:r></w:p>"
    return zipped(
        {
            "[Content_Types].xml": content_types(kind, "word/document.xml"),
            "_rels/.rels": relations(("rId1", "officeDocument", "word/document.xml")),
            "word/document.xml": f'{prolog}<w:document xmlns:w="{W}"><w:body>{text}</w:body>'
            "</w:document>",
        }
    )


@pytest.mark.parametrize(("prolog", "entity"), [(XXE, "&x;"), (LAUGHS, "&a9;")])
def test_entities_are_not_resolved(tmp_path, prolog, entity):
    found = read(tmp_path, "a.docx", with_prolog(prolog, entity))
    assert "root:" not in "".join(texts(found))
    assert found.characters < 100
    assert reason(found) in (None, "corrupt", "no_text")


def test_bomb_is_refused(tmp_path):
    data = docx(paragraph("a" * 40_000_000))
    found = read(tmp_path, "a.docx", data, xml_bytes=10_000_000)
    assert (found.status, reason(found)) == ("failed", "archive_bomb")
    found = read(tmp_path, "a.docx", data, unpacked_bytes=10_000_000)
    assert (found.status, reason(found)) == ("failed", "archive_bomb")


def test_deep_tables_do_not_break_the_reader(tmp_path):
    depth = 5000
    body = "<w:tbl><w:tr><w:tc>" * depth + paragraph("deep") + "</w:tc></w:tr></w:tbl>" * depth
    found = read(tmp_path, "a.docx", docx(paragraph("first") + body))
    assert reason(found) in ("corrupt", None)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (docx(paragraph("a"))[:-200], "corrupt"),
        (docx(paragraph("a"))[:-400], "corrupt"),
        (zipped({"[Content_Types].xml": "", "word/other.xml": "<a/>"}), "corrupt"),
        (zipped({"[Content_Types].xml": "", "word/document.xml": "not xml"}), "corrupt"),
        (docx(""), "no_text"),
    ],
)
def test_damaged(tmp_path, data, code):
    found = read(tmp_path, "a.docx", data)
    assert (found.status, reason(found)) == ("failed", code)
    assert found.media_type.endswith("wordprocessingml.document")


def test_half_a_body_is_read_and_said(tmp_path):
    kind = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main"
    whole = f'<w:document xmlns:w="{W}"><w:body>{paragraph("kept") * 3}'
    data = zipped(
        {
            "[Content_Types].xml": content_types(kind, "word/document.xml"),
            "word/document.xml": whole,
        }
    )
    found = read(tmp_path, "a.docx", data)
    assert (found.status, reason(found), texts(found)) == ("partial", "corrupt", ["kept"] * 3)
