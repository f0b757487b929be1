"""Pages as they come, turned into blocks while the sizes of type in the file become known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from indexing.block import BlockKind
from indexing.extraction.layout import Group, body_size, groups, heading_level
from indexing.extraction.line import Line
from indexing.extraction.running import RunningLines
from indexing.extraction.sink import Sink
from indexing.place import Box, Place

# So many pages are held back until it is known which size is that of the running text; after
# them each page goes on at once, so that a crash loses none of those before.
_HELD_PAGES = 6


class Titles(Protocol):
    """Headings that the file itself names."""

    def on(self, page: int) -> bool:
        """Return whether any may stand on a page."""

    def level(self, page: int, text: str) -> int | None:
        """Return the level of a heading with this text on this page, or None."""


@dataclass(frozen=True, slots=True)
class Note:
    """A remark or a filled field on a page."""

    text: str
    boxes: tuple[Box, ...] = ()


@dataclass(frozen=True, slots=True)
class Scan:
    """How a picture of a page belongs to the page. scale: pixels for one page unit."""

    scale: float = 1.0
    notes: Sequence[Note] = ()


@dataclass(frozen=True, slots=True)
class _Page:
    number: int
    height: float
    lines: Sequence[Line]
    notes: Sequence[Note]


class PageStream:
    """Takes the lines of page after page and gives the sink blocks."""

    def __init__(self, sink: Sink, titles: Titles | None = None) -> None:
        self._sink = sink
        self._titles = titles
        self._sizes: Counter[float] = Counter()
        self._running = RunningLines()
        self._held: list[_Page] = []
        self._depth = 0

    def page(
        self, number: int, height: float, lines: Sequence[Line], notes: Sequence[Note] = ()
    ) -> None:
        """Take one page; `height` in page units."""
        sizes: dict[float, int] = {}
        for line in lines:
            sizes[line.size] = sizes.get(line.size, 0) + len(line.text)
        for size, characters in sizes.items():
            self._sizes[round(size, 1)] += characters
        self._held.append(_Page(number, height, lines, notes))
        if number >= _HELD_PAGES:
            self.close()

    def close(self) -> None:
        """Let go the pages held back."""
        for page in self._held:
            self._write(page)
        self._held.clear()

    def _write(self, page: _Page) -> None:
        body = body_size(self._sizes)
        lines = self._running.without(page.lines, page.number, page.height, body)
        for group in groups(lines, self._title_test(page.number)):
            level = self._level(page.number, group, body)
            place = Place(page.number, group.boxes)
            if level is not None:
                self._sink.heading(group.text, level, place)
            else:
                self._sink.add(group.kind, group.text, place)
        for note in page.notes:
            self._sink.add(BlockKind.PARAGRAPH, note.text, Place(page.number, note.boxes))

    def _title_test(self, page: int) -> Callable[[str], bool] | None:
        """Return what tells the titles on a page; None if the file names none there."""
        titles = self._titles
        if titles is None or not titles.on(page):
            return None
        return lambda text: titles.level(page, text) is not None

    def _level(self, page: int, group: Group, body: float) -> int | None:
        named = self._titles.level(page, group.text) if self._titles else None
        if named is not None:
            self._depth = named
            return named
        guessed = heading_level(group, body)
        # Where the file names its headings, what else looks like one stands below them.
        return None if guessed is None else self._depth + guessed
