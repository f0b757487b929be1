"""Blocks of a web page: its elements walked in order, however deep they lie."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from selectolax.lexbor import LexborHTMLParser, LexborNode

from indexing.block import BlockKind
from indexing.extraction.html_depth import bounded
from indexing.extraction.html_table import is_layout, rows_of_table
from indexing.extraction.normal import one_line
from indexing.extraction.sink import Sink
from indexing.table import table_text


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_DROPPED = [
    "script",
    "style",
    "template",
    "noscript",
    "svg",
    "iframe",
    "object",
    "canvas",
    "audio",
    "video",
    "select",
    "datalist",
    "math annotation",
]
_INLINE = _names(
    "a abbr acronym b bdi bdo big br cite code data del dfn em font i img input ins kbd label mark "
    "math mfrac mi mn mo mrow msqrt msub msubsup msup mtext nobr output q rp rt ruby s samp small "
    "span strike strong sub sup time tt u var wbr button textarea"
)
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_LISTS = frozenset({"ul", "ol", "menu", "dir"})
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_SPACE = re.compile(r"[ \t\r\n\f]+")
_MOST_DEPTH = 8


def write_blocks(markup: str, sink: Sink) -> None:
    """Give the sink the blocks of a page or a piece of one."""
    tree = LexborHTMLParser(bounded(markup))
    title = tree.css_first("head > title")
    name = one_line(title.text()) if title is not None else ""
    tree.strip_tags(_DROPPED)
    first = tree.css_first("h1")
    if name and (first is None or one_line(first.text()) != name):
        sink.heading(name, 0)
    if tree.body is not None:
        _Writer(sink).write(tree.body)


@dataclass(slots=True)
class _List:
    """An open list. number: of the last item, None for bullets. fresh: the item has no line yet."""

    number: int | None
    fresh: bool = True


class _Writer:
    """Walks the elements and gathers text until a block ends."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._pieces: list[str] = []
        self._lists: list[_List] = []
        self._items: list[str] = []
        self._caption = 0

    def write(self, root: LexborNode) -> None:
        """Write the blocks below `root`."""
        for node, entering in _walk(root, self._skips):
            if node.tag == "-text":
                self._pieces.append(_SPACE.sub(" ", node.text_content or ""))
            elif entering:
                self._enter(node)
            else:
                self._leave(node)
        self._flush()
        self._end_list()

    def _skips(self, node: LexborNode) -> bool:
        """Write what is read as a whole; return whether the walk passes over the inside."""
        tag = node.tag or ""
        if tag != "-text" and _is_hidden(node):
            return True
        if tag in _HEADINGS:
            self._flush()
            self._end_list()
            self._sink.heading(one_line(node.text()), _HEADINGS[tag])
            return True
        if tag == "pre":
            self._flush()
            self._end_list()
            self._sink.add(BlockKind.CODE, node.text())
            return True
        if tag == "table" and not is_layout(node):
            self._flush()
            self._end_list()
            self._sink.add(BlockKind.TABLE, table_text(rows_of_table(node)))
            return True
        return False

    def _enter(self, node: LexborNode) -> None:
        tag = node.tag or ""
        if tag == "br":
            self._pieces.append("\n")
        elif tag == "img":
            alternative = (node.attributes.get("alt") or "").strip()
            self._pieces.append(f" {alternative} " if alternative else "")
        elif tag not in _INLINE:
            self._flush()
            if tag in _LISTS and len(self._lists) < _MOST_DEPTH:
                self._lists.append(_List(_start(node) if tag == "ol" else None))
            elif tag == "li" and self._lists:
                self._next_item()
            elif tag in ("figcaption", "caption"):
                self._caption += 1

    def _leave(self, node: LexborNode) -> None:
        tag = node.tag or ""
        if tag in _INLINE:
            return
        self._flush()
        if tag in _LISTS and self._lists:
            self._lists.pop()
            if not self._lists:
                self._end_list()
        elif tag in ("figcaption", "caption"):
            self._caption -= 1

    def _next_item(self) -> None:
        current = self._lists[-1]
        current.fresh = True
        if current.number is not None:
            current.number += 1

    def _flush(self) -> None:
        """End the piece of text gathered so far: a paragraph, or a line of the open list."""
        text = "\n".join(line.strip() for line in "".join(self._pieces).split("\n")).strip()
        self._pieces = []
        if not text:
            return
        text = _SPACE_RUN.sub(" ", text)
        if not self._lists:
            self._sink.add(BlockKind.CAPTION if self._caption else BlockKind.PARAGRAPH, text)
            return
        current = self._lists[-1]
        mark = f"{current.number}. " if current.number is not None else "- "
        indent = "  " * (len(self._lists) - 1)
        lead = mark if current.fresh else " " * len(mark)
        self._items.append(indent + lead + text.replace("\n", " "))
        current.fresh = False

    def _end_list(self) -> None:
        if self._items:
            self._sink.add(BlockKind.LIST, "\n".join(self._items))
            self._items = []


_SPACE_RUN = re.compile(r"[ \t\xa0]{2,}")


def _start(node: LexborNode) -> int:
    value = (node.attributes.get("start") or "").strip()
    return int(value) - 1 if value.isdecimal() and len(value) < 7 else 0


def _is_hidden(node: LexborNode) -> bool:
    attributes = node.attributes
    if not attributes:
        return False
    return "hidden" in attributes or bool(_HIDDEN.search(attributes.get("style") or ""))


def _walk(root: LexborNode, skips: object) -> Iterator[tuple[LexborNode, bool]]:
    """Yield each node below `root` when it is entered (True) and left (False).

    Without recursion: a page may nest deeper than any stack.
    """
    assert callable(skips)
    open_nodes: list[LexborNode] = []
    node = root.child
    while True:
        if node is not None:
            passed = node.tag != "-text" and skips(node)
            if node.tag == "-text":
                yield node, True
            elif not passed:
                yield node, True
                if node.child is not None:
                    open_nodes.append(node)
                    node = node.child
                    continue
                yield node, False
            node = node.next
        elif open_nodes:
            node = open_nodes.pop()
            yield node, False
            node = node.next
        else:
            return
