"""Reader of Excel workbooks (xlsx, xlsm and those of programs that write the like)."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from contextlib import suppress

from indexing.block import BlockKind
from indexing.cells import Area, area, column_number
from indexing.extraction import media
from indexing.extraction.chart import chart_text, drawn_text
from indexing.extraction.damage import BROKEN_ARCHIVE
from indexing.extraction.embedded import read_embedded
from indexing.extraction.number_format import BUILT_IN, shown
from indexing.extraction.package import (
    Element,
    Package,
    attribute,
    child,
    children,
    local,
    opened,
)
from indexing.extraction.sheet_rows import SheetRows
from indexing.extraction.sink import Sink
from indexing.extraction.source import Source
from indexing.extraction.unreadable import Unreadable
from indexing.place import Place

_MERGED = re.compile(rb"<(?:\w+:)?mergeCell\s[^>]*?ref\s*=\s*[\"']([A-Z0-9:]{2,30})")
_MOST_MERGED = 50_000
_CHUNK = 1 << 20
# Kinds of relation, and the elements in their parts that are remarks.
_REMARKS = {"comments": "comment", "threadedComment": "threadedComment"}
_OVER_CELLS = frozenset({*_REMARKS, "drawing", "chart"})
# What Excel writes for old programs in place of a thread, which stands in a part of its own.
_REPEATED = "[Threaded comment]"
_OVERLAP = 200
_PHONETIC = frozenset({"rPh", "phoneticPr"})
_COLUMN = re.compile(r"[A-Z]{1,3}")
_MOST_COLUMNS = 16_384


def read(source: Source, sink: Sink) -> None:
    """Read sheet after sheet, each row under its header; then remarks, charts and text boxes.

    Raises Unreadable (corrupt, archive_bomb, too_many_cells).
    """
    with opened(source, sink) as package:
        main = package.main_part("xl/workbook.xml")
        root = package.tree(main)
        if root is None or child(root, "sheets") is None:
            raise Unreadable("corrupt", media_type=media.XLSX)
        workbook = _Workbook(package, main, root, sink)
        relations = package.relations(main)
        for sheet in children(root, "sheets"):
            kind, target = relations.get(attribute(sheet, "id") or "", ("", ""))
            name = sheet.get("name", "")
            if kind == "worksheet" and target in package:
                workbook.sheet(name, target)
            workbook.drawings(name, target)
            read_embedded(package, package.relations(target).values(), source, sink)


class _Workbook:
    """One workbook while it is read."""

    def __init__(self, package: Package, main: str, root: Element, sink: Sink) -> None:
        self._package = package
        self._sink = sink
        folder = posixpath.dirname(main)
        named = dict(package.relations(main).values())
        self._strings = _strings(package, named.get("sharedStrings", f"{folder}/sharedStrings.xml"))
        self._formats = _formats(package.tree(named.get("styles", f"{folder}/styles.xml")))
        self._from_1904 = attribute(child(root, "workbookPr"), "date1904") in ("1", "true")

    def sheet(self, name: str, part: str) -> None:
        """Read the cells of a sheet."""
        rows = SheetRows(self._sink, name, list(_merged(self._package, part)))
        try:
            number = 0
            for row in self._package.elements(part, "row"):
                given = row.get("r", "")
                number = int(given) if given.isdecimal() and len(given) < 8 else number + 1
                rows.row(number, dict(self._cells(row)))
        finally:
            rows.close()

    def drawings(self, name: str, part: str) -> None:
        """Read what lies over the cells: remarks, charts, text boxes."""
        for kind, target in self._package.relations(part).values():
            root = self._package.tree(target) if kind in _OVER_CELLS else None
            if root is None:
                continue
            if kind in _REMARKS:
                self._remarks(name, root)
            elif kind == "chart":
                self._chart(name, root)
            else:
                self._drawing(name, target, root)

    def _drawing(self, name: str, target: str, root: Element) -> None:
        """Write the words of a drawing's shapes, then the charts and diagrams that hang on it."""
        place = Place(sheet=name)
        self._sink.add(BlockKind.PARAGRAPH, drawn_text(root), place)
        for kind, part in self._package.relations(target).values():
            tree = self._package.tree(part) if kind in ("chart", "diagramData") else None
            if tree is not None and kind == "chart":
                self._chart(name, tree)
            elif tree is not None:
                self._sink.add(BlockKind.CAPTION, drawn_text(tree), place)

    def _remarks(self, name: str, root: Element) -> None:
        authors = [author.text or "" for author in children(root, "authors")]
        for remark in (inner for inner in root.iter() if local(inner) in _REMARKS.values()):
            text = child(remark, "text")
            said = "" if text is None else text.text or _rich_text(text)
            if said.startswith(_REPEATED):
                continue
            at = remark.get("authorId", "")
            author = authors[int(at)] if at.isdecimal() and int(at[:6]) < len(authors) else ""
            if author and not said.startswith(author):
                said = f"{author}: {said}"
            place = Place(sheet=name, cells=remark.get("ref"))
            self._sink.add(BlockKind.CAPTION, said, place)

    def _chart(self, name: str, root: Element) -> None:
        titles, rows = chart_text(root)
        self._sink.add(BlockKind.CAPTION, titles, Place(sheet=name))
        self._sink.add(BlockKind.TABLE, rows, Place(sheet=name))

    def _cells(self, row: Element) -> Iterator[tuple[int, str]]:
        column = -1
        for cell in row:
            letters = _COLUMN.match(cell.get("r", ""))
            column = column_number(letters[0]) if letters else column + 1
            if column >= _MOST_COLUMNS:
                return
            if text := self._text(cell):
                yield column, text

    def _text(self, cell: Element) -> str:
        kind = cell.get("t", "n")
        if kind == "inlineStr":
            return _rich_text(child(cell, "is"))
        value = child(cell, "v")
        text = "" if value is None else (value.text or "")
        if kind == "s":
            at = int(text) if text.isdecimal() and len(text) < 10 else -1
            return self._strings[at] if 0 <= at < len(self._strings) else ""
        if kind == "b":
            return "TRUE" if text == "1" else "FALSE"
        if kind != "n" or not text:
            return text
        style = cell.get("s", "0")
        at = int(style) if style.isdecimal() and len(style) < 6 else 0
        code = self._formats[at] if at < len(self._formats) else ""
        return _number(text, code, from_1904=self._from_1904)


def _number(text: str, code: str, *, from_1904: bool) -> str:
    try:
        value = float(text)
        return shown(value, code, from_1904=from_1904)
    except (ValueError, OverflowError):
        return text


def _strings(package: Package, part: str) -> list[str]:
    return [_rich_text(item) for item in package.elements(part, "si")] if part in package else []


def _rich_text(element: Element | None) -> str:
    """Return a string's text, without the reading aids of Japanese."""
    if element is None:
        return ""
    text = ""
    for inner in element:
        name = local(inner)
        if name == "t":
            text += inner.text or ""
        elif name not in _PHONETIC:
            text += _rich_text(inner)
    return text


def _formats(styles: Element | None) -> list[str]:
    """Return the number format of each cell style."""
    own: dict[str, str] = {}
    for element in children(styles, "numFmts"):
        own[element.get("numFmtId", "")] = element.get("formatCode", "")
    found = []
    for element in children(styles, "cellXfs"):
        number = element.get("numFmtId", "0")
        known = BUILT_IN.get(int(number), "") if number.isdecimal() and len(number) < 5 else ""
        found.append(own.get(number, known))
    return found


def _merged(package: Package, part: str) -> Iterator[Area]:
    """Yield the merged areas of a sheet, which stand behind the cells they concern.

    Found in the bytes as they stream by: a tree of the sheet may not fit into the memory.
    """
    rest, found = b"", 0
    with suppress(*BROKEN_ARCHIVE), package.stream(part) as file:
        # A damaged part: reading its cells says so.
        while piece := file.read(_CHUNK):
            data = rest + piece
            last = 0
            for match in _MERGED.finditer(data):
                last = match.end()
                if (merged := area(match[1].decode())) is not None and found < _MOST_MERGED:
                    found += 1
                    yield merged
            rest = data[max(last, len(data) - _OVERLAP) :]
