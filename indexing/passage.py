"""Passages: a reading's blocks cut along their structure into pieces that can be embedded."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from indexing.block import Block, BlockKind
from indexing.cells import area, line_rows, reference
from indexing.place import Box, Place, boxes_within
from indexing.sentence import ends_sentence, pieces, sentences

# Raise when the same blocks would be cut differently: old versions are then cut again by a job.
CUTTER_VERSION = 2

# About three sentences of a legal text, or a screenful; the bundled model reads 512 tokens at most,
# and the heading path needs room beside it.
DEFAULT_LIMIT = 300

# A heading path is a hint for the embedding; a long one would drown the passage.
_PATH_CHARACTERS = 160

_ROWS = frozenset({BlockKind.TABLE, BlockKind.CELLS})
_OWN_PASSAGE = _ROWS | {BlockKind.MAIL_HEADER, BlockKind.CODE}

CountTokens = Callable[[str], int]


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of text that is embedded, found and shown as one.

    place: where it starts; its boxes are on that page. last_page and last_boxes: the page on which
    it ends and the boxes there, where a sentence runs over a page break; otherwise last_page is
    the page of `place` (None without pages) and last_boxes is empty. blocks: the very blocks given
    to `cut` that it was made of, in their order.
    """

    text: str
    kind: BlockKind
    place: Place
    last_page: int | None = None
    last_boxes: tuple[Box, ...] = ()
    blocks: tuple[Block, ...] = field(default=(), repr=False, compare=False)

    @property
    def embedding_text(self) -> str:
        """The heading path and the text: what the encoder reads."""
        path = " › ".join(self.place.heading_path)
        if not path or self.text.startswith(path):
            return self.text
        return f"{path[-_PATH_CHARACTERS:]}\n{self.text}"


@dataclass(slots=True)
class _Piece:
    """A sentence, or a row, with the block it came from and the share of it that it is."""

    text: str
    block: Block
    tokens: int
    begin: float = 0.0
    end: float = 1.0
    ends_line: bool = True


@dataclass(slots=True)
class _Draft:
    """Pieces that will be one passage. `carried` counts the leading ones that are overlap."""

    pieces: list[_Piece] = field(default_factory=list)
    tokens: int = 0
    carried: int = 0

    def add(self, piece: _Piece) -> None:
        self.pieces.append(piece)
        self.tokens += piece.tokens

    @property
    def fresh(self) -> bool:
        return len(self.pieces) > self.carried


def cut(
    blocks: Iterable[Block], count_tokens: CountTokens, limit: int = DEFAULT_LIMIT
) -> list[Passage]:
    """Cut blocks into passages of about `limit` tokens, never more unless one word is longer.

    Passages end where the structure does: at a heading, a slide, a sheet, a mail part, a page. The
    last sentence is repeated at the start of the next passage of the same section. Only a sentence
    that runs over a page break joins two pages. Rows of a table carry its header row.
    """
    if limit < 1:
        raise ValueError("a passage needs at least one token")
    passages: list[Passage] = []
    run: list[Block] = []
    for block in _with_lonely_headings(blocks):
        if run and not _same_section(run[-1], block):
            passages.extend(_cut_run(run, count_tokens, limit))
            run = []
        run.append(block)
    if run:
        passages.extend(_cut_run(run, count_tokens, limit))
    return passages


def _with_lonely_headings(blocks: Iterable[Block]) -> Iterator[Block]:
    """Leave out headings that live on in a path; keep one under which nothing stands.

    A sheet's or a book's last heading without text would otherwise be found by nobody.
    """
    waiting: Block | None = None
    for block in blocks:
        if not block.text.strip():
            continue
        if block.kind is BlockKind.HEADING:
            if waiting is not None and not _is_above(waiting, block):
                yield waiting
            waiting = block
            continue
        if waiting is not None and waiting.text not in block.place.heading_path:
            yield waiting
        waiting = None
        yield block
    if waiting is not None:
        yield waiting


def _is_above(heading: Block, other: Block) -> bool:
    return heading.text in other.place.heading_path


def _same_section(before: Block, block: Block) -> bool:
    if before.kind in _OWN_PASSAGE or block.kind in _OWN_PASSAGE:
        return False
    if BlockKind.HEADING in (before.kind, block.kind):
        return False
    old, new = before.place, block.place
    if _section(old) != _section(new):
        return False
    if old.page == new.page:
        return True
    follows = old.page is not None and new.page == old.page + 1
    return follows and block.kind is BlockKind.PARAGRAPH and not ends_sentence(before.text)


def _section(place: Place) -> tuple[object, ...]:
    return (place.heading_path, place.sheet, place.slide, place.part)


def _cut_run(run: Sequence[Block], count_tokens: CountTokens, limit: int) -> list[Passage]:
    if run[0].kind in _ROWS:
        return [_rows_passage(draft) for draft in _row_drafts(run[0], count_tokens, limit)]
    return [_passage(draft) for draft in _drafts(_sentence_pieces(run, count_tokens, limit), limit)]


def _sentence_pieces(
    run: Sequence[Block], count_tokens: CountTokens, limit: int
) -> Iterator[_Piece]:
    for block in run:
        # Lines of a list or of code are its sentences: cutting inside a line would lose the bullet.
        by_line = block.kind in (BlockKind.LIST, BlockKind.CODE)
        parts = block.text.split("\n") if by_line else sentences(block.text)
        small = [p for part in parts if part.strip() for p in pieces(part, count_tokens, limit)]
        total, begin = sum(map(len, small)) or 1, 0
        for text in small:
            end = begin + len(text)
            yield _Piece(
                text, block, count_tokens(text), begin / total, end / total, by_line or end == total
            )
            begin = end


def _drafts(found: Iterable[_Piece], limit: int) -> Iterator[_Draft]:
    draft = _Draft()
    for piece in found:
        crosses = draft.fresh and _crosses_second_page(draft, piece)
        if draft.fresh and (crosses or draft.tokens + piece.tokens > limit):
            yield draft
            draft = _next_draft(draft, piece, limit)
        draft.add(piece)
    if draft.fresh:
        yield draft


def _crosses_second_page(draft: _Draft, piece: _Piece) -> bool:
    """True where the page break has been crossed and the sentence that ran over it is finished."""
    first, last = draft.pieces[0].block.place.page, draft.pieces[-1].block.place.page
    return piece.block.place.page != first and (
        last not in (first, piece.block.place.page) or ends_sentence(draft.pieces[-1].text)
    )


def _next_draft(done: _Draft, piece: _Piece, limit: int) -> _Draft:
    """Start the next passage with the last sentence of this one, if it is of the same page."""
    draft, last = _Draft(), done.pieces[-1]
    same_page = last.block.place.page == piece.block.place.page
    # A long «sentence» (a page without full stops) would fill the next passage with the old one.
    if same_page and last.tokens <= limit // 3 and last.tokens + piece.tokens <= limit:
        draft.add(last)
        draft.carried = 1
    return draft


def _passage(draft: _Draft) -> Passage:
    text = ""
    for number, piece in enumerate(draft.pieces):
        text += piece.text
        if number < len(draft.pieces) - 1:
            text += _glue(piece, draft.pieces[number + 1])
    return _placed(text.strip(), draft.pieces)


def _glue(piece: _Piece, following: _Piece) -> str:
    runs_on = piece.block.place.page != following.block.place.page
    if not runs_on and (piece.ends_line or piece.block is not following.block):
        return "\n"
    # Chinese text has no space between sentences; its characters and marks start at U+2E80.
    return "" if piece.text[-1:] > "\u2e7f" else " "


def _main_kind(found: Sequence[_Piece]) -> BlockKind:
    weight: dict[BlockKind, int] = {}
    for piece in found:
        weight[piece.block.kind] = weight.get(piece.block.kind, 0) + piece.tokens
    return max(weight, key=lambda kind: weight[kind])


def _placed(text: str, found: Sequence[_Piece]) -> Passage:
    first, last = found[0].block.place, found[-1].block.place
    boxes = _boxes(piece for piece in found if piece.block.place.page == first.page)
    after = _boxes(piece for piece in found if piece.block.place.page != first.page)
    # By identity: two blocks with the same words at the same place are still two.
    blocks = tuple({id(piece.block): piece.block for piece in found}.values())
    return Passage(text, _main_kind(found), replace(first, boxes=boxes), last.page, after, blocks)


def _boxes(found: Iterable[_Piece]) -> tuple[Box, ...]:
    boxes = (box for piece in found for box in _share(piece))
    return tuple(dict.fromkeys(boxes))


def _share(piece: _Piece) -> Iterator[Box]:
    yield from boxes_within(piece.block.place.boxes, piece.begin, piece.end)


def _row_drafts(block: Block, count_tokens: CountTokens, limit: int) -> Iterator[_Draft]:
    header, *rows = block.text.split("\n")
    tokens = count_tokens(header)
    if not rows or tokens > limit // 2:
        # A «header» this long is a row like the others: repeating it would leave no room for them.
        header, rows, tokens = "", [header, *rows], 0
    # No share of the block's boxes: the repeated header is not what is to be marked.
    head = _Piece(header, block, tokens, 0.0, 0.0)
    draft = _Draft([head], tokens, carried=1)
    for piece in _row_pieces(block, rows, count_tokens, max(limit - tokens, 1)):
        if draft.fresh and draft.tokens + piece.tokens > limit:
            yield draft
            draft = _Draft([head], tokens, carried=1)
        draft.add(piece)
    if draft.fresh:
        yield draft


def _row_pieces(
    block: Block, rows: Sequence[str], count_tokens: CountTokens, limit: int
) -> Iterator[_Piece]:
    total = len(rows)
    for number, row in enumerate(rows):
        for text in pieces(row, count_tokens, limit):
            yield _Piece(text, block, count_tokens(text), number / total, (number + 1) / total)


def _rows_passage(draft: _Draft) -> Passage:
    text = "\n".join(piece.text for piece in draft.pieces if piece.text)
    passage = _placed(text, draft.pieces)
    return replace(passage, place=_narrowed(passage.place, draft.pieces))


def _narrowed(place: Place, found: Sequence[_Piece]) -> Place:
    """Return the place with the range of the passage's own rows instead of the whole block's."""
    cells = area(place.cells or "")
    if cells is None:
        return place
    head, first, last = found[0], found[1], found[-1]
    rows = line_rows(cells, head.block.text.count("\n") + 1)
    # Shares count the rows; where the header is repeated they begin with the line after it.
    before = 1 if head.text else 0
    top = rows[before + round(first.begin * (len(rows) - before))]
    bottom = rows[before + round(last.end * (len(rows) - before)) - 1]
    if top is None or bottom is None:
        return place
    return replace(place, cells=reference(replace(cells, top=top, bottom=bottom)))
