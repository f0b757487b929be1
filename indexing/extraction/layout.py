"""Layout: lines of a page gathered into paragraphs, lists, tables and headings."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby, pairwise
from typing import NamedTuple

from indexing.block import BlockKind
from indexing.extraction.grid import tables
from indexing.extraction.line import Line, gap
from indexing.place import Box
from indexing.sentence import ends_sentence

_BULLET = re.compile(
    r"(?:[•●▪■◦○◆▶►✓✔\uf0b7\uf0a7\uf06c·–—*-]\s*(?=\S)"
    r"|\(?\d{1,3}[.)、）](?!\d)\s*(?=\S)"
    r"|[（(][一二三四五六七八九十]{1,3}[)）]\s*(?=\S)"
    r"|[①-⑳]\s*(?=\S)"
    r"|[a-zA-Z][.)]\s+(?=\S))"
)
# A dash or star starts an item only before a space: «-5» and «*args» do not.
_DASH = re.compile(r"[–—*·-](?!\s)")
_LETTER = re.compile(r"[^\W\d_]")
_LEAST_DOTS = 4
_LEADER = re.compile(rf"(?:[.·…]\s?){{{_LEAST_DOTS},}}")
# Lines further apart than this much more than usual part paragraphs.
_APART = 1.25
_USUAL_PITCH = 1.9
_HEADING_CHARACTERS = 120
_HEADING_LINES = 3
# How much larger than the running text a heading of each level is set, at least.
_RATIOS = ((1.7, 1), (1.35, 2), (1.12, 3))
_BOLD_LEVEL = 4


class Group(NamedTuple):
    """Lines that belong together. `text` is ready for a block; `level` None but for headings."""

    kind: BlockKind
    text: str
    boxes: tuple[Box, ...]
    size: float
    bold: bool
    lines: int


def groups(lines: Sequence[Line], is_title: Callable[[str], bool] | None = None) -> Iterator[Group]:
    """Yield the groups of a page's lines, in the lines' order; a title is a group by itself."""
    for rows, plain in tables(lines):
        if rows:
            yield Group(BlockKind.TABLE, rows, tuple(line.box for line in plain), 0.0, False, 0)
        elif is_title is None:
            yield from _paragraphs(plain)
        else:
            for _, run in groupby(plain, _Numbered(is_title)):
                yield from _paragraphs(list(run))


def body_size(sizes: Counter[float]) -> float:
    """Return the type size of most characters; 0 where there are none."""
    return max(sizes, key=lambda size: (sizes[size], size), default=0.0)


def heading_level(group: Group, body: float) -> int | None:
    """Return the level of a group that looks like a heading among text of size `body`, or None."""
    if group.kind is BlockKind.TABLE or group.lines > _HEADING_LINES or not body:
        return None
    if group.size < _RATIOS[-1][0] * body and not group.bold:
        return None
    text = group.text
    if len(text) > _HEADING_CHARACTERS or not _LETTER.search(text) or _LEADER.search(text):
        return None
    if ends_sentence(text) and not text.endswith(("?", "？", ":", "：")):
        return None
    for ratio, level in _RATIOS:
        if group.size >= ratio * body:
            return level
    whole_line = group.lines == 1 and group.kind is BlockKind.PARAGRAPH
    return _BOLD_LEVEL if group.bold and whole_line and group.size >= 0.97 * body else None


class _Numbered:
    """Gives the lines between titles one number, and each title one of its own."""

    def __init__(self, is_title: Callable[[str], bool]) -> None:
        self._is_title = is_title
        self._number = 0
        self._after_title = False

    def __call__(self, line: Line) -> int:
        title = self._is_title(line.text)
        self._number += title or self._after_title
        self._after_title = title
        return self._number


class _Run:
    """Lines of one paragraph or list, with its edges, so that a long one is not looked over again.

    indent: the left edge of the lines but the first, if there are others.
    """

    __slots__ = ("indent", "items", "left", "lines", "right")

    def __init__(self, line: Line, item: bool) -> None:
        self.lines = [line]
        self.items = [item]
        self.left, _, self.right, _ = line.frame
        self.indent = self.left

    def add(self, line: Line, item: bool) -> None:
        left, _, right, _ = line.frame
        self.indent = left if len(self.lines) == 1 else min(self.indent, left)
        self.left, self.right = min(self.left, left), max(self.right, right)
        self.lines.append(line)
        self.items.append(item)


def _paragraphs(lines: Sequence[Line]) -> Iterator[Group]:
    pitch = _usual_pitch(lines)
    run: _Run | None = None
    for line in lines:
        item = _starts_item(line.text)
        if run is None:
            run = _Run(line, item)
        elif _parts(run, line, pitch, item):
            yield from _split_items(run.lines, run.items)
            run = _Run(line, item)
        else:
            run.add(line, item)
    if run is not None:
        yield from _split_items(run.lines, run.items)


def _usual_pitch(lines: Sequence[Line]) -> float:
    """Return the usual distance from line to line, in type sizes."""
    steps: Counter[float] = Counter()
    for above, line in pairwise(lines):
        step = (line.foot - above.foot) / (line.size or 1.0)
        if 0.8 < step < 3 and _same_size(above, line):
            steps[round(10 * step) / 10] += 1
    # Ties go to the smaller: half of the steps of a page of one-line paragraphs lie between them.
    common = min(steps, key=lambda step: (-steps[step], step), default=_USUAL_PITCH / _APART)
    return min(common, _USUAL_PITCH)


def _same_size(line: Line, other: Line) -> bool:
    one, two = line.size, other.size
    return one == two or abs(one - two) <= 0.12 * max(one, two)


def _parts(run: _Run, line: Line, pitch: float, item: bool) -> bool:
    """True if `line`, which may begin an item of a list, starts another paragraph than `run`."""
    above = run.lines[-1]
    if above.turn != line.turn:
        return True
    if above.broken:
        return False
    if not _same_size(above, line) or (above.bold != line.bold and len(run.lines) == 1):
        return True
    size = line.size or 1.0
    step = (line.foot - above.foot) / size
    if step < -1:
        # The next column: the sentence goes on unless it had ended.
        return item or ends_sentence(above.text)
    if step > _APART * pitch + 0.1:
        return True
    return not run.items[0] and _ends_here(run, line, size)


def _ends_here(run: _Run, line: Line, size: float) -> bool:
    """True if the line above ends its paragraph: it is short, or this one is indented."""
    above = run.lines[-1]
    if not ends_sentence(above.text):
        # Short lines, none of which is a sentence, are an address or a list of names.
        return len(run.lines) == 1 and _is_short(above, line) and _is_short(line, above, 0.45)
    left, _, right, _ = line.frame
    indented = left - run.indent > 0.9 * size
    right = max(right, run.right)
    return indented or above.frame[2] < right - 0.2 * (right - min(left, run.left))


def _is_short(line: Line, other: Line, share: float = 0.6) -> bool:
    width = max(line.frame[2], other.frame[2]) - min(line.frame[0], other.frame[0])
    return line.frame[2] - line.frame[0] < share * width and len(line.text) < 40


def _starts_item(text: str) -> bool:
    # A line of a table of contents is an item, too: the next one is another.
    if _may_lead(text) and _LEADER.search(text):
        return True
    return _BULLET.match(text) is not None and _DASH.match(text) is None


def _split_items(run: Sequence[Line], items: Sequence[bool]) -> Iterator[Group]:
    """Yield a run as a paragraph, or as what stands before its first item and a list."""
    starts = [number for number, item in enumerate(items) if item]
    if not starts:
        yield _group(BlockKind.PARAGRAPH, [run])
        return
    if starts[0]:
        yield _group(BlockKind.PARAGRAPH, [run[: starts[0]]])
    parts = [run[begin:end] for begin, end in zip(starts, [*starts[1:], len(run)], strict=True)]
    # One numbered paragraph alone is a paragraph, and may be a numbered heading.
    yield _group(BlockKind.LIST if len(parts) > 1 else BlockKind.PARAGRAPH, parts)


def _group(kind: BlockKind, items: Sequence[Sequence[Line]]) -> Group:
    lines = items[0] if len(items) == 1 else [line for item in items for line in item]
    size = round(lines[0].size, 1)
    if len({line.size for line in lines}) > 1:
        sizes = Counter[float]()
        for line in lines:
            sizes[round(line.size, 1)] += len(line.text)
        size = body_size(sizes)
    return Group(
        kind=kind,
        text="\n".join(map(_running, items)),
        boxes=tuple([line.box for line in lines]),
        size=size,
        bold=lines[0].bold and all(line.bold for line in lines),
        lines=len(lines),
    )


def _running(lines: Sequence[Line]) -> str:
    above = lines[0]
    text = above.text
    for line in lines[1:]:
        text += gap(above.text, line.text, broken=above.broken) + line.text
        above = line
    return _LEADER.sub(" … ", text) if _may_lead(text) else text


def _may_lead(text: str) -> bool:
    """True if there are as many dots as a leader has, wherever they stand."""
    dots = text.count(".")
    if not text.isascii():
        dots += text.count("·") + text.count("…")
    return dots >= _LEAST_DOTS
