"""Markdown to Word: headings, paragraphs, lists, tables, bold text, as a person would set them."""

from __future__ import annotations

import zipfile
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any

from docx import Document
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor
from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

_FONT = "Calibri"
_CHINESE_FONT = "Microsoft YaHei"
_MONOSPACE = "Consolas"
_AUTHOR = "示例公司 · Sample Company"
_HEADER = f"{_AUTHOR} — 演示用虚构资料 · fictitious sample"
# Zip members and document properties carry a time; a fixed one lets a rebuild give the same bytes.
_WHEN = datetime(2026, 1, 5)  # noqa: DTZ001  document properties have no zone
_LIST_STYLES = {"bullet_list": "List Bullet", "ordered_list": "List Number"}


def write_word(source: Path, target: Path) -> None:
    """Write the Markdown `source` as a Word file. Raises OSError, ValueError on other Markdown."""
    text = source.read_text(encoding="utf-8")
    tree = SyntaxTreeNode(MarkdownIt().enable("table").parse(text))
    document = Document()
    _prepare(document)
    for node in tree.children:
        _block(document, node)
    document.core_properties.title = text.partition("\n")[0].removeprefix("# ")
    buffer = BytesIO()
    document.save(buffer)
    target.write_bytes(_fixed_times(buffer.getvalue()))


def _prepare(document: Any) -> None:
    properties = document.core_properties
    properties.author = properties.last_modified_by = _AUTHOR
    properties.created = properties.modified = _WHEN
    properties.comments = ""
    names = ["Normal", "Title", *(f"Heading {n}" for n in (1, 2, 3)), *_LIST_STYLES.values()]
    for name in names:
        _set_fonts(document.styles[name])
    document.styles["Normal"].font.size = Pt(10.5)
    for name, size in (("Title", 20), ("Heading 1", 14), ("Heading 2", 12)):
        document.styles[name].font.size = Pt(size)
        document.styles[name].font.color.rgb = RGBColor(0x1F, 0x3A, 0x5F)
    section = document.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin = section.right_margin = Cm(2.3)
    section.top_margin = section.bottom_margin = Cm(2.2)
    section.header.paragraphs[0].text = _HEADER
    _page_number(section.footer.paragraphs[0])


def _set_fonts(style: Any) -> None:
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    for name in list(fonts.attrib):
        # The theme's fonts would win over the ones named here, and have no Chinese in mind.
        del fonts.attrib[name]
    for kind in ("ascii", "hAnsi", "cs"):
        fonts.set(qn(f"w:{kind}"), _FONT)
    fonts.set(qn("w:eastAsia"), _CHINESE_FONT)


def _page_number(paragraph: Any) -> None:
    paragraph.alignment = 1  # centred
    field = OxmlElement("w:fldSimple")
    field.set(qn("w:instr"), "PAGE")
    paragraph._p.append(field)


def _block(document: Any, node: SyntaxTreeNode) -> None:
    if node.type == "heading":
        # The first level is the title; Word's own levels start below it.
        level = int(node.tag[1]) - 1
        _inline(document.add_heading(level=level), node.children[0])
    elif node.type == "paragraph":
        _inline(document.add_paragraph(), node.children[0])
    elif node.type in _LIST_STYLES:
        _list(document, node)
    elif node.type == "table":
        _table(document, node)
    else:
        raise ValueError(f"{node.type} is not used in the sample's Word files")


def _list(document: Any, node: SyntaxTreeNode) -> None:
    for number, item in enumerate(node.children, 1):
        for paragraph in item.children:
            # Word's automatic numbers run on over the lists of a document, so they are written out.
            if node.type == "ordered_list":
                target = document.add_paragraph(f"{number}. ")
                target.paragraph_format.left_indent = Cm(0.6)
                target.paragraph_format.first_line_indent = Cm(-0.6)
            else:
                target = document.add_paragraph(style="List Bullet")
            target.paragraph_format.space_after = Pt(3)
            _inline(target, paragraph.children[0])


def _table(document: Any, node: SyntaxTreeNode) -> None:
    rows = [row for part in node.children for row in part.children]
    table = document.add_table(rows=len(rows), cols=len(rows[0].children))
    table.style = "Light Grid Accent 1"
    for row, line in zip(rows, table.rows, strict=True):
        for cell, box in zip(row.children, line.cells, strict=True):
            paragraph = box.paragraphs[0]
            paragraph.paragraph_format.space_after = Pt(0)
            for content in cell.children:
                _inline(paragraph, content, size=Pt(9))
    mark = OxmlElement("w:tblHeader")
    table.rows[0]._tr.get_or_add_trPr().append(mark)
    document.add_paragraph().paragraph_format.space_after = Pt(2)


def _inline(
    paragraph: Any, node: SyntaxTreeNode, size: Any = None, bold: bool | None = None
) -> None:
    for child in node.children:
        if child.type == "strong":
            _inline(paragraph, child, size, bold=True)
            continue
        text = " " if child.type == "softbreak" else child.content
        run = paragraph.add_run(text)
        run.bold = bold
        run.font.size = size
        if child.type == "code_inline":
            run.font.name = _MONOSPACE


def _fixed_times(content: bytes) -> bytes:
    buffer = BytesIO()
    with (
        zipfile.ZipFile(BytesIO(content)) as old,
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for member in old.infolist():
            info = zipfile.ZipInfo(member.filename, _WHEN.timetuple()[:6])
            info.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(info, old.read(member))
    return buffer.getvalue()
