"""Reader of OpenDocument files: texts, spreadsheets, presentations."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from indexing.block import BlockKind
from indexing.extraction import media
from indexing.extraction.opendocument_text import Text, text_of
from indexing.extraction.package import Element, Package, attribute, child, local, opened
from indexing.extraction.sheet_rows import SheetRows
from indexing.extraction.sink import Sink
from indexing.extraction.source import Source
from indexing.extraction.unreadable import Unreadable
from indexing.place import Place
from indexing.table import table_text

_WRAPPERS = frozenset(
    {"section", "index-body", "table-of-content", "illustration-index", "table-index",
     "alphabetical-index", "bibliography", "user-index", "numbered-paragraph", "g", "a", "frame",
     "text-box", "custom-shape", "rect", "ellipse", "line", "connector", "notes"}
)  # fmt: skip
_CONTAINERS = frozenset({"table-rows", "table-header-rows", "table-row-group"})
_TITLES = frozenset({"title"})
_TITLE_STYLES: Mapping[str, int] = MappingProxyType({"Title": 0, "Subtitle": 1})
_MOST_COLUMNS = 1024
# Empty rows and cells are stored as one with a count, up to the edge of the sheet.
_MOST_REPEATS = 1000


def read(source: Source, sink: Sink) -> None:
    """Read the body of a document. Raises Unreadable (corrupt, encrypted_office)."""
    with opened(source, sink) as package:
        if _is_encrypted(package):
            raise Unreadable("encrypted_office")
        root = package.tree("content.xml")
        body = None if root is None else child(root, "body")
        if body is None or not len(body):
            raise Unreadable("corrupt", media_type=source.media_type)
        if source.media_type == media.ODS:
            _read_sheets(body[0], sink)
        elif source.media_type == media.ODP:
            _read_slides(body[0], source, sink)
        else:
            writer = _Writer(sink, titles=_titles(root))
            writer.edges(package, "header")
            writer.blocks(body[0])
            writer.edges(package, "footer")


def _is_encrypted(package: Package) -> bool:
    manifest = package.tree("META-INF/manifest.xml")
    return manifest is not None and next(manifest.iter("{*}encryption-data"), None) is not None


def _titles(root: Element) -> dict[str, int]:
    """Return the levels of the styles that are titles, those derived from them included."""
    titles = dict(_TITLE_STYLES)
    for style in root.iter("{*}style"):
        parent, name = attribute(style, "parent-style-name"), attribute(style, "name")
        if name and parent and parent in _TITLE_STYLES:
            titles[name] = _TITLE_STYLES[parent]
    return titles


class _Writer:
    """Gives the sink the blocks of a text or a slide.

    place: where on its pages it stands. titles: levels of the styles that are titles.
    """

    def __init__(
        self, sink: Sink, place: Place | None = None, titles: Mapping[str, int] = _TITLE_STYLES
    ) -> None:
        self._sink = sink
        self._place = place
        self._titles = titles

    def edges(self, package: Package, kind: str) -> None:
        """Read headers or footers, each text once."""
        styles = package.tree("styles.xml")
        seen: set[str] = set()
        for edge in [] if styles is None else styles.iter(f"{{*}}{kind}"):
            for paragraph in edge.iter("{*}p"):
                text = text_of(paragraph).text
                if any(char.isalpha() for char in text) and text not in seen:
                    seen.add(text)
                    self._sink.forget_headings()
                    self._sink.add(BlockKind.CAPTION, text)
        self._sink.forget_headings()

    def blocks(self, element: Element) -> None:
        """Read the content of an element."""
        for inner in element:
            match local(inner):
                case "h":
                    level = attribute(inner, "outline-level") or "1"
                    found = text_of(inner)
                    depth = int(level) if level.isdecimal() and len(level) < 3 else 1
                    self._sink.heading(found.text, depth, self._place)
                    self._hanging(found)
                case "p":
                    self._paragraph(inner)
                case "list":
                    lines = [line for line in _items(inner, 0) if line.strip(" •")]
                    self._sink.add(BlockKind.LIST, "\n".join(lines), self._place)
                case "table":
                    self._table(inner)
                case name if name in _WRAPPERS:
                    self.blocks(inner)

    def _paragraph(self, paragraph: Element) -> None:
        found = text_of(paragraph)
        level = self._titles.get(attribute(paragraph, "style-name") or "")
        if level is not None and found.text:
            self._sink.heading(found.text, level, self._place)
        else:
            self._sink.add(BlockKind.PARAGRAPH, found.text, self._place)
        self._hanging(found)

    def _hanging(self, found: Text) -> None:
        for note in found.notes:
            self._sink.add(BlockKind.CAPTION, note, self._place)
        for frame in found.frames:
            self.blocks(frame)

    def _table(self, table: Element) -> None:
        rows = [[text for text, _ in _cells(row)] for row, _ in _rows(table)]
        self._sink.add(BlockKind.TABLE, table_text(rows), self._place)


def _items(element: Element, depth: int) -> list[str]:
    lines: list[str] = []
    for item in element:
        fresh = True
        for inner in item:
            if local(inner) == "list":
                lines.extend(_items(inner, depth + 1))
            elif local(inner) in ("p", "h"):
                mark = "• " if fresh else "  "
                lines.append("  " * depth + mark + text_of(inner).text.replace("\n", " "))
                fresh = False
    return lines


def _rows(table: Element) -> list[tuple[Element, int]]:
    """Return the rows of a table, and how often each stands there."""
    found: list[tuple[Element, int]] = []
    for inner in table:
        name = local(inner)
        if name == "table-row":
            found.append((inner, _count(inner, "number-rows-repeated")))
        elif name in _CONTAINERS:
            found.extend(_rows(inner))
    return found


def _cells(row: Element) -> list[tuple[str, int]]:
    """Return the texts of a row's cells; the counts beside them are how far each reaches down."""
    found: list[tuple[str, int]] = []
    for cell in row:
        if local(cell) not in ("table-cell", "covered-table-cell"):
            continue
        text = _cell_text(cell)
        repeats = _count(cell, "number-columns-repeated")
        down = _count(cell, "number-rows-spanned")
        room = _MOST_COLUMNS - len(found)
        found.extend([(text, down)] * min(repeats, room))
    return found


def _cell_text(cell: Element) -> str:
    lines = [text_of(inner).text for inner in cell.iter("{*}p") if not _is_remark(inner, cell)]
    return " ".join(line for line in lines if line)


def _is_remark(paragraph: Element, cell: Element) -> bool:
    for above in paragraph.iterancestors():
        if above is cell:
            return False
        if local(above) == "annotation":
            return True
    return False


def _count(element: Element, name: str) -> int:
    value = attribute(element, name) or "1"
    return int(value) if value.isdecimal() and len(value) < 8 else 1


def _read_sheets(body: Element, sink: Sink) -> None:
    for sheet in body.iterchildren("{*}table"):
        name = attribute(sheet, "name") or ""
        rows, number = SheetRows(sink, name), 0
        try:
            held: dict[int, tuple[str, int]] = {}
            for row, repeats in _rows(sheet):
                cells = _held(dict(enumerate(_cells(row))), held)
                for _ in range(min(repeats, _MOST_REPEATS) if cells else 0):
                    number += 1
                    rows.row(number, cells)
                number += max(0, repeats - _MOST_REPEATS) if cells else repeats
        finally:
            rows.close()
        for remark in sheet.iter("{*}annotation"):
            said = " ".join(text_of(paragraph).text for paragraph in remark.iter("{*}p"))
            sink.add(BlockKind.CAPTION, said, Place(sheet=name))


def _held(cells: dict[int, tuple[str, int]], held: dict[int, tuple[str, int]]) -> dict[int, str]:
    """Say again what a cell over several rows says, in each of them."""
    texts: dict[int, str] = {}
    for column, (text, down) in cells.items():
        above = held.pop(column, None)
        if text:
            texts[column] = text
            if down > 1:
                held[column] = (text, down - 1)
        elif above is not None:
            texts[column] = above[0]
            if above[1] > 1:
                held[column] = (above[0], above[1] - 1)
    return texts


def _read_slides(body: Element, source: Source, sink: Sink) -> None:
    slides = list(body.iterchildren("{*}page"))
    sink.set_pages(len(slides))
    for number, slide in enumerate(slides[: source.limits.pages], 1):
        sink.progress(number - 1, len(slides))
        sink.forget_headings()
        place = Place(slide=number)
        for frame in slide:
            if attribute(frame, "class") in _TITLES:
                text = " ".join(text_of(paragraph).text for paragraph in frame.iter("{*}p"))
                sink.heading(text, 1, place)
                slide.remove(frame)
        _Writer(sink, place).blocks(slide)
