"""The reading view: the text of one version in its structure, with what was found marked."""

from __future__ import annotations

from dataclasses import dataclass

from indexing.block import BlockKind
from indexing.marking import Fragment, marked
from indexing.query import Query, parse
from indexing.table import rows_of
from portal.models import Block, Passage
from portal.services import versions
from portal.services.versions import PART_BLOCKS, VersionPage
from portal.unit_of_work import UnitOfWork

# A longer table is shown up to here; the file itself can be downloaded.
MOST_ROWS = 500
MOST_HEADINGS = 400
TABLES = frozenset({BlockKind.TABLE.value, BlockKind.CELLS.value})


@dataclass(frozen=True)
class ViewBlock:
    """One block as it is shown: `lines` of a text, `rows` of a table with its header first.

    target: it belongs to the passage that was asked for; first: it is the first one that does.
    page: where a new page begins; None where the format has none or it goes on. cut: rows left out.
    """

    ordinal: int
    kind: str
    level: int
    lines: list[list[Fragment]]
    rows: list[list[list[Fragment]]]
    page: int | None
    target: bool
    first: bool
    cut: int


@dataclass(frozen=True)
class Heading:
    """One line of the table of contents; `part` is the screen it stands on."""

    ordinal: int
    level: int
    text: str
    part: int


@dataclass(frozen=True)
class ReadingView:
    """A version's page with its blocks made ready for the screen."""

    page: VersionPage
    blocks: list[ViewBlock]
    headings: list[Heading]


def show(
    uow: UnitOfWork, version_id: str, passage_id: str | None, words: str, part: int | None
) -> ReadingView:
    """The view of a version with `words` marked; the rest as in `versions.page`.

    Raises NotFound and Forbidden.
    """
    page = versions.page(uow, version_id, passage_id, part)
    query = parse(words)
    blocks: list[ViewBlock] = []
    before = None
    for row in page.blocks:
        here = row.place.get("page")
        blocks.append(_view(row, here if here != before else None, page.passage, query))
        before = here
    headings = [
        Heading(row.ordinal, _level(row, 3), row.text, row.ordinal // PART_BLOCKS + 1)
        for row in versions.headings(uow, version_id)[:MOST_HEADINGS]
    ]
    return ReadingView(page, blocks, headings)


def _view(row: Block, page: int | None, passage: Passage | None, query: Query) -> ViewBlock:
    inside = passage is not None and passage.first_block <= row.ordinal <= passage.last_block
    table = row.kind in TABLES
    rows = rows_of(row.text) if table else []
    lines = [] if table else row.text.split("\n")
    return ViewBlock(
        ordinal=row.ordinal,
        kind=row.kind,
        level=_level(row, 5),
        lines=[marked(line, query) for line in lines],
        rows=[[marked(cell, query) for cell in cells] for cells in rows[:MOST_ROWS]],
        page=page,
        target=inside,
        first=inside and passage is not None and row.ordinal == passage.first_block,
        cut=max(0, len(rows) - MOST_ROWS),
    )


def _level(row: Block, deepest: int) -> int:
    return min(max(row.level or 1, 1), deepest)
