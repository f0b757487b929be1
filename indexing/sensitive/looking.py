"""Looking through a text for everything that is sensitive."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from indexing.sensitive.credentials import credentials
from indexing.sensitive.finding import Finding, Kind
from indexing.sensitive.numbers import numbers
from indexing.sensitive.plain import plain
from indexing.sensitive.tables import BAR, table_passwords

# Of two findings at one place the kind that stands first here counts.
_ORDER = {kind: number for number, kind in enumerate(Kind)}
_ORDER[Kind.PASSWORD], _ORDER[Kind.ACCESS_TOKEN] = _ORDER[Kind.ACCESS_TOKEN], _ORDER[Kind.PASSWORD]


def find(text: str) -> list[Finding]:
    """Return what is sensitive in a text, in its order, without overlaps.

    Rows of a table are lines with bars between the cells, as `indexing.table` writes them. Nothing
    of the text is kept, logged or sent anywhere.
    """
    same = plain(text)
    return _without_overlaps(chain(credentials(same), table_passwords(same), numbers(same)))


def find_in_blocks(blocks: Sequence[str]) -> Iterator[tuple[int, Finding]]:
    """Yield what is sensitive in the blocks of one document: the number of a block, and the place.

    They are looked through as one text: each line of a key may be a paragraph of its own, and a
    password may stand in the one below its name. What runs on is told of the block it begins in.
    """
    begins: list[int] = []
    parts: list[str] = []
    length = 0
    for block in blocks:
        begins.append(length)
        # A table ends with its block: its header says nothing about the rows of the next one.
        parts.append(block + ("\n\n" if BAR in block else "\n"))
        length += len(parts[-1])
    for one in find("".join(parts)):
        number = bisect_right(begins, one.start) - 1
        begin = begins[number]
        end = min(one.end - begin, len(blocks[number]))
        yield number, Finding(one.kind, one.start - begin, end)


def _without_overlaps(found: Iterable[Finding]) -> list[Finding]:
    taken: list[Finding] = []
    last: Finding | None = None
    for one in sorted(found, key=lambda each: (each.start, _ORDER[each.kind], -each.end)):
        if last is not None and one.start < last.end:
            if _ORDER[one.kind] >= _ORDER[last.kind]:
                continue
            taken.pop()
        taken.append(one)
        last = one
    return taken
