"""Reader of PowerPoint presentations (pptx, pptm and those of programs that write the like)."""

from __future__ import annotations

from collections.abc import Iterator

from indexing.block import BlockKind
from indexing.extraction import media
from indexing.extraction.chart import chart_text, drawn_text
from indexing.extraction.embedded import read_embedded
from indexing.extraction.package import Element, Package, attribute, child, children, local, opened
from indexing.extraction.sink import Sink
from indexing.extraction.source import Source
from indexing.extraction.unreadable import Unreadable
from indexing.place import Place
from indexing.table import table_text

_TITLES = frozenset({"title", "ctrTitle"})
_FOOTERS = frozenset({"ftr", "hdr"})
# Placeholders that say the same on every slide; what a footer says is read once.
_EDGES = frozenset({"dt", "ftr", "sldNum", "hdr", "sldImg"})
_WRAPPERS = frozenset({"grpSp", "AlternateContent", "Choice", "Fallback", "spTree"})


def read(source: Source, sink: Sink) -> None:
    """Read slide after slide: title, texts, tables, charts, then notes and remarks.

    Raises Unreadable (corrupt, archive_bomb).
    """
    with opened(source, sink) as package:
        main = package.main_part("ppt/presentation.xml")
        root = package.tree(main)
        if root is None:
            raise Unreadable("corrupt", media_type=media.PPTX)
        slides = list(_slides(package, main, root))
        sink.set_pages(len(slides))
        read_slides = slides[: source.limits.pages]
        footers: set[str] = set()
        for number, part in enumerate(read_slides, 1):
            sink.progress(number - 1, len(read_slides))
            slide = _Slide(package, part, number, sink, footers)
            slide.read()
            read_embedded(package, slide.relations, source, sink)
        if len(slides) > len(read_slides):
            sink.stop("too_many_pages", pages=len(slides), limit=source.limits.pages)


def _slides(package: Package, main: str, root: Element) -> Iterator[str]:
    relations = package.relations(main)
    for slide in children(root, "sldIdLst"):
        # Its own number is an attribute «id», too, without a namespace.
        keys = [key for key in slide.attrib if str(key).endswith("}id")]
        target = relations.get(slide.get(keys[0], "") if keys else "", ("", ""))[1]
        if target in package:
            yield target


class _Slide:
    """One slide while it is read. footers: what those of the slides before it say."""

    def __init__(
        self, package: Package, part: str, number: int, sink: Sink, footers: set[str]
    ) -> None:
        self._package = package
        self._part = part
        self._number = number
        self._sink = sink
        self._footers = footers
        self._place = Place(slide=number)
        self._relations = package.relations(part)

    @property
    def relations(self) -> list[tuple[str, str]]:
        """Types and targets of the slide's relations."""
        return list(self._relations.values())

    def read(self) -> None:
        """Read the slide and what belongs to it."""
        root = self._package.tree(self._part)
        if root is None:
            self._sink.page_not_read("page_unreadable", self._number)
            return
        self._sink.forget_headings()
        shapes = list(_shapes(child(root, "cSld", "spTree")))
        # The title first, wherever it lies: what stands before it belongs to it, too.
        for shape in sorted(shapes, key=lambda shape: _role(shape) not in _TITLES):
            self._shape(shape)
        for kind, target in self._relations.values():
            if kind == "notesSlide":
                self._notes(target)
            elif kind == "comments":
                self._remarks(target)

    def _shape(self, shape: Element) -> None:
        role = _role(shape)
        if role in _EDGES:
            if role in _FOOTERS and (text := drawn_text(shape)) not in self._footers:
                self._footers.add(text)
                self._sink.add(BlockKind.PARAGRAPH, text, self._place)
            return
        if role in _TITLES:
            self._sink.heading(drawn_text(shape), 1, self._place)
        elif local(shape) == "graphicFrame":
            self._frame(shape)
        elif (body := child(shape, "txBody")) is not None:
            lines = list(_lines(body))
            several = len(lines) > 1 and role is not None
            kind = BlockKind.LIST if several else BlockKind.PARAGRAPH
            self._sink.add(kind, "\n".join(lines), self._place)

    def _frame(self, frame: Element) -> None:
        for inner in frame.iter():
            match local(inner):
                case "tbl":
                    self._sink.add(BlockKind.TABLE, table_text(_rows(inner)), self._place)
                    return
                case "chart":
                    self._drawn(attribute(inner, "id") or "")
                case "relIds":
                    self._drawn(attribute(inner, "dm") or "")

    def _drawn(self, relation: str) -> None:
        kind, target = self._relations.get(relation, ("", ""))
        root = self._package.tree(target) if target else None
        if root is None:
            return
        titles, rows = chart_text(root) if kind == "chart" else (drawn_text(root), "")
        self._sink.add(BlockKind.CAPTION, titles, self._place)
        self._sink.add(BlockKind.TABLE, rows, self._place)

    def _notes(self, target: str) -> None:
        root = self._package.tree(target)
        for shape in _shapes(None if root is None else child(root, "cSld", "spTree")):
            if _role(shape) not in _EDGES:
                self._sink.add(BlockKind.PARAGRAPH, drawn_text(shape), self._place)

    def _remarks(self, target: str) -> None:
        root = self._package.tree(target)
        for remark in [] if root is None else root.iter("{*}cm"):
            text = child(remark, "text")
            said = drawn_text(remark) if text is None else text.text or ""
            self._sink.add(BlockKind.CAPTION, said, self._place)


def _shapes(tree: Element | None) -> Iterator[Element]:
    """Yield the shapes of a tree in their order, groups opened."""
    for shape in [] if tree is None else tree:
        name = local(shape)
        if name in ("sp", "graphicFrame", "cxnSp"):
            yield shape
        elif name in _WRAPPERS:
            yield from _shapes(shape)
            if name == "Choice":
                return


def _role(shape: Element) -> str | None:
    """Return the role of a placeholder, ``body`` if it has no special one; None for others."""
    for inner in shape:
        placeholder = child(inner, "nvPr", "ph")
        if placeholder is not None:
            return str(placeholder.get("type", "body"))
    return None


def _lines(body: Element) -> Iterator[str]:
    for paragraph in body.iterchildren("{*}p"):
        level = attribute(child(paragraph, "pPr"), "lvl") or "0"
        indent = "  " * (int(level) if level in "012345678" else 0)
        text = " ".join(drawn_text(paragraph).split("\n"))
        if text:
            yield indent + text


def _rows(table: Element) -> Iterator[list[str]]:
    above: list[str] = []
    for row in table.iterchildren("{*}tr"):
        texts = []
        for at, cell in enumerate(row.iterchildren("{*}tc")):
            merged = cell.get("vMerge") in ("1", "true") and at < len(above)
            texts.append(above[at] if merged else drawn_text(cell).replace("\n", " "))
        above = texts
        yield texts
