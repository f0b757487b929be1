"""Running headers and footers: lines that stand on page after page, kept once."""

from __future__ import annotations

import re
from collections.abc import Sequence

from indexing.extraction.line import Line

_NUMBER = re.compile(r"\d+")
# The share of the page's height, at the top and at the bottom, in which they stand, and how many
# lines from the page's first or last they are at most.
_MARGIN = 0.18
_OUTERMOST = 3
# Pages between two appearances: left and right pages often differ.
_REACH = 2

Key = tuple[str, int]


class RunningLines:
    """Remembers the lines at the edges of the last pages."""

    def __init__(self) -> None:
        self._seen: dict[Key, int] = {}

    def without(self, lines: Sequence[Line], page: int, height: float, body: float) -> list[Line]:
        """Return a page's lines without those that ran on from the pages before.

        `body` is the size of the running text: what is set larger is a title, however often it
        is repeated. The page's own number may differ.
        """
        tops = sorted(line.box[1] for line in lines)
        first = min([_MARGIN * height, *tops[_OUTERMOST - 1 : _OUTERMOST]])
        last = max([(1 - _MARGIN) * height, *tops[-_OUTERMOST:][:1]])
        inner = {line.table for line in lines if first < line.box[1] < last}
        kept = []
        for line in lines:
            # A table that goes on over pages keeps its header; one of a letterhead is outside.
            outermost = not first < line.box[1] < last and not (line.table and line.table in inner)
            if not outermost or (body and line.size > 1.1 * body):
                kept.append(line)
                continue
            key = _key(line, page)
            if page - self._seen.get(key, -_REACH - 1) > _REACH:
                kept.append(line)
            self._seen[key] = page
        return kept


def _key(line: Line, page: int) -> Key:
    # Counted from the page, so that «7» on page 7 and «8» on page 8 are the same line, while
    # «Step 1» and «Step 1» two pages on, whose distance differs, are not.
    text = _NUMBER.sub(lambda found: f"#{int(found[0][:9]) - page}", line.text, count=1)
    return text, round(line.box[1] / 8)
