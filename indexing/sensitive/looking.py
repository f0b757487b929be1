"""Looking through a text for everything that is sensitive."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain

from indexing.sensitive.credentials import credentials
from indexing.sensitive.finding import Finding, Kind
from indexing.sensitive.numbers import numbers
from indexing.sensitive.plain import plain
from indexing.sensitive.tables import table_passwords

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
