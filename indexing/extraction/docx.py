"""Reader of Word documents (docx, docm, dotx and those of programs that write the like)."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from indexing.block import BlockKind
from indexing.extraction import media
from indexing.extraction.chart import chart_text, drawn_text
from indexing.extraction.docx_styles import Style, Styles, list_of, outline_level
from indexing.extraction.docx_text import Text, text_of
from indexing.extraction.embedded import read_embedded, read_member
from indexing.extraction.numbering import Numbering
from indexing.extraction.package import Element, Package, attribute, child, local, opened
from indexing.extraction.sink import Sink
from indexing.extraction.source import Source
from indexing.extraction.unreadable import Unreadable
from indexing.sentence import ends_sentence
from indexing.table import table_text

# Block content that only wraps other block content.
_WRAPPERS = frozenset(
    {
        "sdt",
        "sdtContent",
        "customXml",
        "ins",
        "moveTo",
        "smartTag",
        "AlternateContent",
        "Choice",
        "body",
        "hdr",
        "ftr",
        "txbxContent",
        "footnote",
        "endnote",
        "comment",
    }
)
_MOST_COLUMNS = 200
_GUESSED_CHARACTERS = 50


def read(source: Source, sink: Sink) -> None:
    """Read headers, body with its notes and text boxes, footers. Raises Unreadable (corrupt)."""
    with opened(source, sink) as package:
        main = package.main_part("word/document.xml")
        root = package.tree(main)
        if root is None or child(root, "body") is None:
            raise Unreadable("corrupt", media_type=media.DOCX)
        document = _Document(package, main, source, sink)
        document.edges("header")
        document.blocks(root)
        document.edges("footer")
        read_embedded(package, document.relations, source, sink)


class _Document:
    """One document while it is read."""

    def __init__(self, package: Package, main: str, source: Source, sink: Sink) -> None:
        self._source = source
        self._sink = sink
        self._package = package
        self._relations = package.relations(main)
        self._styles = Styles(self._part("styles", main))
        self._numbering = Numbering(self._part("numbering", main))
        self._notes = {
            kind: self._notes_of(f"{kind}s", main) for kind in ("footnote", "endnote", "comment")
        }
        self._items: list[str] = []
        self._guesses = True

    @property
    def relations(self) -> list[tuple[str, str]]:
        """Types and targets of the main part's relations."""
        return list(self._relations.values())

    def edges(self, kind: str) -> None:
        """Read the headers or the footers, each text once."""
        seen: set[str] = set()
        for relation, target in self._relations.values():
            root = self._package.tree(target) if relation == kind else None
            for paragraph in [] if root is None else root.iter("{*}p"):
                text = text_of(paragraph).text
                # Page numbers and the like say nothing.
                if any(char.isalpha() for char in text) and text not in seen:
                    seen.add(text)
                    self._sink.forget_headings()
                    self._sink.add(BlockKind.CAPTION, text)
        self._sink.forget_headings()

    def blocks(self, element: Element) -> None:
        """Read the block content of an element."""
        for inner in _content(element):
            match local(inner):
                case "p":
                    self._paragraph(inner)
                case "tbl":
                    self._table(inner)
                case _:
                    self._foreign(attribute(inner, "id") or "")
        self._end_list()

    def _paragraph(self, paragraph: Element) -> None:
        found = text_of(paragraph)
        properties = child(paragraph, "pPr")
        style = self._styles.of(properties)
        level = outline_level(properties) or style.level
        if level is not None and found.text:
            self._guesses = False
        elif self._guesses and _looks_like_heading(found):
            level = 9
        self._write(found, level, style, self._mark(properties, style) if found.text else None)
        for kind, note in found.notes:
            self._note(kind, note)
        for box in found.boxes:
            self.blocks(box)
        for relation in found.drawn:
            self._drawn(relation)

    def _mark(self, properties: Element | None, style: Style) -> tuple[str, int] | None:
        """Return number or bullet of a list's paragraph and its depth; None for other text."""
        list_id, depth = list_of(properties)
        list_id = style.list_id if list_id is None else list_id
        depth = style.list_level if depth is None else depth
        if not list_id or list_id == "0":
            return None
        return self._numbering.next(list_id, depth or 0), depth or 0

    def _write(
        self, found: Text, level: int | None, style: Style, mark: tuple[str, int] | None
    ) -> None:
        text = found.text
        if level is None and mark is not None:
            self._items.append("  " * mark[1] + f"{mark[0]} {text}".strip())
            return
        self._end_list()
        if mark is not None and mark[0] != "•":
            text = f"{mark[0]} {text}".strip()
        if level is not None:
            self._sink.heading(text, level)
        else:
            self._sink.add(_kind(style), text)

    def _end_list(self) -> None:
        if self._items:
            self._sink.add(BlockKind.LIST, "\n".join(self._items))
            self._items = []

    def _note(self, kind: str, note: str) -> None:
        element = self._notes[kind].pop(note, None)
        text = "" if element is None else _flat(element)
        author = attribute(element, "author") if kind == "comment" else None
        text = f"{author}: {text}" if author and text else text
        if text:
            self._end_list()
            self._sink.add(BlockKind.CAPTION, text)

    def _drawn(self, relation: str) -> None:
        """Write a chart's titles and numbers, or a diagram's words."""
        kind, target = self._relations.get(relation, ("", ""))
        root = self._package.tree(target) if target else None
        if root is None:
            return
        self._end_list()
        titles, rows = chart_text(root) if kind == "chart" else (drawn_text(root), "")
        self._sink.add(BlockKind.CAPTION, titles)
        self._sink.add(BlockKind.TABLE, rows)

    def _foreign(self, relation: str) -> None:
        """Read a piece of the text that lies in the package as another format (``altChunk``)."""
        target = self._relations.get(relation, ("", ""))[1]
        self._end_list()
        read_member(self._package, target, self._source, self._sink)

    def _table(self, table: Element) -> None:
        self._end_list()
        rows = list(_rows(table))
        if max((len(row) for row in rows), default=0) <= 1:
            # A frame around ordinary text.
            for cell in table.iterchildren("{*}tr"):
                for inner in cell.iterchildren("{*}tc"):
                    self.blocks(inner)
            return
        texts: list[list[str]] = []
        for row in rows:
            above = texts[-1] if texts else []
            texts.append([self._cell(cell, above, at) for at, cell in enumerate(row)])
        self._sink.add(BlockKind.TABLE, table_text(texts))

    def _cell(self, cell: Element | None, above: list[str], at: int) -> str:
        if cell is None:
            return ""
        merged = child(cell, "tcPr", "vMerge")
        if merged is not None and attribute(merged, "val") != "restart":
            # Said again, so that each row tells by itself what it is about.
            return above[at] if at < len(above) else ""
        return _flat(cell)

    def _part(self, kind: str, main: str) -> Element | None:
        named = (target for relation, target in self._relations.values() if relation == kind)
        default = posixpath.join(posixpath.dirname(main), f"{kind}.xml")
        return self._package.tree(next(named, default))

    def _notes_of(self, kind: str, main: str) -> dict[str, Element]:
        root = self._part(kind, main)
        return {attribute(note, "id") or "": note for note in ([] if root is None else root)}


def _content(element: Element) -> Iterator[Element]:
    """Yield paragraphs, tables and foreign pieces, through whatever wraps them."""
    for inner in element:
        name = local(inner)
        if name in ("p", "tbl", "altChunk"):
            yield inner
        elif name in _WRAPPERS:
            yield from _content(inner)
            if name == "Choice":
                return


def _rows(table: Element) -> Iterator[list[Element | None]]:
    """Yield the rows of a table; None stands for what a cell covers beyond its first column."""
    for row in table.iter("{*}tr"):
        if child(row, "trPr", "del") is not None or _table_of(row) is not table:
            continue
        cells: list[Element | None] = []
        for cell in row.iter("{*}tc"):
            if _row_of(cell) is not row:
                continue
            span = attribute(child(cell, "tcPr", "gridSpan"), "val") or "1"
            more = int(span) - 1 if span.isdecimal() and len(span) < 4 else 0
            cells.extend([cell, *[None] * min(more, _MOST_COLUMNS)])
        yield cells[:_MOST_COLUMNS]


def _table_of(row: Element) -> Element | None:
    return next(row.iterancestors("{*}tbl"), None)


def _row_of(cell: Element) -> Element | None:
    return next(cell.iterancestors("{*}tr"), None)


def _flat(element: Element) -> str:
    """The text of all paragraphs in an element, tables in it included."""
    return " ".join(text for p in element.iter("{*}p") if (text := text_of(p).text))


def _kind(style: Style) -> BlockKind:
    if style.code:
        return BlockKind.CODE
    return BlockKind.CAPTION if style.caption else BlockKind.PARAGRAPH


def _looks_like_heading(found: Text) -> bool:
    """True for a short bold line: the heading of those who do not use styles."""
    text = found.text
    return (
        found.bold is True
        and 0 < len(text) <= _GUESSED_CHARACTERS
        and any(char.isalpha() for char in text)
        and not ends_sentence(text)
        and "\n" not in text
    )
