"""Headings of the texts that can be found, remembered by each process.

Suggestions look through them for every key that is typed. The headings of a reading that can be
found never change, so nothing can be out of date; whose they may be is asked elsewhere, each time.
An id alone does not name a reading: a database restored from a backup gives it to another text.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from functools import lru_cache

from sqlalchemy import func, select

from indexing.block import BlockKind
from indexing.tokens import normalise
from portal.findable import Heading
from portal.models import Block
from portal.unit_of_work import UnitOfWork

# A longer heading is a sentence, and nobody asks for so many of one document.
LONGEST, MOST = 100, 200


def of(uow: UnitOfWork, readings: Sequence[tuple[int, int]]) -> list[tuple[Heading, ...]]:
    """The headings of each reading, given as in `Scope.newest`, in the order of its text."""
    remembered = uow.resources.scopes.headings
    known = {each: remembered.get(each) for each in readings}
    missing = [each for each, found in known.items() if found is None]
    if missing:
        found_by_id = _read(uow, [reading for reading, _ in missing])
        for each in missing:
            known[each] = remembered.keep(each, found_by_id[each[0]])
    return [found or () for found in known.values()]


@lru_cache(maxsize=100_000)
def folded(text: str) -> str:
    """The text in one width, one script and one case, as what is typed is compared with it."""
    return normalise(text).casefold()


def _read(uow: UnitOfWork, readings: Sequence[int]) -> dict[int, tuple[Heading, ...]]:
    rows = uow.session.execute(
        select(Block.reading_id, Block.text, Block.level)
        .where(Block.reading_id.in_(readings), Block.kind == BlockKind.HEADING.value)
        .where(func.length(Block.text) <= LONGEST)
        .order_by(Block.reading_id, Block.ordinal)
    )
    found: dict[int, list[Heading]] = defaultdict(list)
    for reading, text, level in rows:
        if len(found[reading]) < MOST:
            found[reading].append(Heading(text, folded(text), level or 1))
    return {each: tuple(found[each]) for each in readings}
