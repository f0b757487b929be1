"""The reading view: the text of one version in its structure, with what was found marked.

A text is shown as a text, a table file as a grid of cells, a mail as a mail, an archive as the tree
of what lies in it. Everything comes from the blocks of the reading; no file is opened here.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from indexing.block import BlockKind
from indexing.marking import Fragment, marked
from indexing.query import Query
from indexing.table import rows_of
from portal.models import Block, Passage
from portal.services import pieces, search_scope, sheets, versions
from portal.services.pieces import Piece, PieceKind
from portal.services.sheets import Sheet
from portal.services.versions import PART_BLOCKS, VersionHead, Window
from portal.unit_of_work import UnitOfWork

# A longer table is shown up to here; the file itself can be downloaded.
MOST_ROWS = 500
MOST_HEADINGS = 400
TABLES = frozenset({BlockKind.TABLE.value, BlockKind.CELLS.value})


@dataclass(frozen=True)
class Asked:
    """What is to be shown of a version: a passage's id, words to mark, a part of a long text, what
    lies in it by path, a sheet by number. Whatever there is not is left aside."""

    passage: str | None = None
    words: str = ""
    part: int | None = None
    inside: str | None = None
    sheet: int | None = None


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
    cells: str | None
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
class MailHead:
    """What stands above a mail: its subject, and the other lines by their English names.

    last_block: the ordinal of its last block. target: the passage that was asked for is of it.
    """

    subject: str
    lines: list[tuple[str, str]]
    last_block: int
    target: bool


@dataclass(frozen=True)
class ReadingView:
    """A version with a window of its blocks made ready for the screen.

    sheet: where the piece is a table file; `blocks` are then what lies over and beside its cells.
    mail: where the piece is a mail.
    """

    page: VersionHead
    piece: Piece
    window: Window
    blocks: list[ViewBlock]
    headings: list[Heading]
    sheet: Sheet | None
    mail: MailHead | None


def show(uow: UnitOfWork, version_id: str, asked: Asked) -> ReadingView:
    """The view of a version. Raises NotFound and Forbidden."""
    head = versions.head(uow, version_id, asked.passage)
    piece = pieces.piece(uow, head, asked.inside)
    query = search_scope.understood(uow, asked.words)
    if piece.kind is PieceKind.SHEET:
        return _sheet(uow, head, piece, asked, query)
    wanted = [] if piece.whole else [pieces.part_is(piece.path)]
    window = versions.window(uow, head, wanted, part=asked.part)
    mail = _mail_head(uow, head, piece) if piece.kind is PieceKind.MAIL else None
    shown = [block for block in window.blocks if mail is None or block.ordinal > mail.last_block]
    headings = versions.headings(uow, version_id) if piece.whole else []
    contents = [
        Heading(row.ordinal, _level(row, 3), row.text, row.ordinal // PART_BLOCKS + 1)
        for row in headings[:MOST_HEADINGS]
    ]
    return ReadingView(head, piece, window, _views(shown, head, query), contents, None, mail)


def _sheet(
    uow: UnitOfWork, head: VersionHead, piece: Piece, asked: Asked, query: Query
) -> ReadingView:
    chosen = sheets.choose(uow, head, piece.path, asked.sheet)
    window = versions.window(uow, head, chosen.cells, sheets.WINDOW_BLOCKS, asked.part)
    grid = sheets.grid(chosen, window, head.passage, query)
    notes = versions.window(uow, head, chosen.notes, sheets.MOST_NOTES, 1)
    return ReadingView(head, piece, window, _views(notes.blocks, head, query), [], grid, None)


def _mail_head(uow: UnitOfWork, head: VersionHead, piece: Piece) -> MailHead:
    """What stands above a mail: its header lines, and before them its subject, if it has one."""
    assert head.text is not None
    first = uow.session.scalars(
        select(Block)
        .where(Block.reading_id == head.text.id, pieces.part_is(piece.path))
        .order_by(Block.ordinal)
        .limit(2)
    ).all()
    header = next(block for block in first if block.kind == BlockKind.MAIL_HEADER.value)
    subject = first[0].text if first[0] is not header else ""
    lines = [line.partition(": ") for line in header.text.split("\n") if line]
    passage = head.passage
    found = passage is not None and (
        passage.first_block <= header.ordinal and passage.last_block >= first[0].ordinal
    )
    return MailHead(
        subject=subject,
        lines=[(name, text) for name, _, text in lines],
        last_block=header.ordinal,
        target=found,
    )


def _views(rows: list[Block], head: VersionHead, query: Query) -> list[ViewBlock]:
    views: list[ViewBlock] = []
    before = None
    for row in rows:
        here = row.place.get("page")
        views.append(_view(row, here if here != before else None, head.passage, query))
        before = here
    return views


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
        cells=row.place.get("cells"),
        target=inside,
        first=inside and passage is not None and row.ordinal == passage.first_block,
        cut=max(0, len(rows) - MOST_ROWS),
    )


def _level(row: Block, deepest: int) -> int:
    return min(max(row.level or 1, 1), deepest)
