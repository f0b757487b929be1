"""Reader of Markdown."""

from __future__ import annotations

import re

from markdown_it import MarkdownIt

from indexing.block import BlockKind
from indexing.extraction.html_blocks import write_blocks
from indexing.extraction.sink import Sink
from indexing.extraction.source import Source
from indexing.extraction.text import text_of

_FRONT_MATTER = re.compile(r"\A---\n(.*?)\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)


def read(source: Source, sink: Sink) -> None:
    """Read Markdown by way of the page it becomes, so that mark-up inside it is read, too."""
    text = text_of(source, sink).lstrip("\n")
    front = _FRONT_MATTER.match(text)
    if front is not None:
        sink.add(BlockKind.CODE, front[1])
        text = text[front.end() :]
    maker = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    write_blocks(maker.render(text), sink)
