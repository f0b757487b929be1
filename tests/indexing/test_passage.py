"""Blocks cut into passages: nothing lost, the limit kept, places kept."""

from __future__ import annotations

import re
from itertools import count, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexing.block import Block, BlockKind
from indexing.passage import Passage, cut
from indexing.place import Place
from indexing.table import rows_of

_TOKEN = re.compile(r"[\u4e00-\u9fff]|\w+")


def tokens(text: str) -> int:
    return len(_TOKEN.findall(text))


def words(text: str) -> list[str]:
    return _TOKEN.findall(text)


@st.composite
def documents(draw: st.DrawFn) -> list[Block]:
    """A document in which every word stands once, so that a lost one shows."""
    numbers = count()
    blocks: list[Block] = []
    page = draw(st.sampled_from([None, 1]))
    for _ in range(draw(st.integers(1, 4))):
        path = tuple(f"h{next(numbers)}" for _ in range(draw(st.integers(0, 2))))
        for level, heading in enumerate(path, 1):
            place = Place(page=page, heading_path=path[: level - 1])
            blocks.append(Block(BlockKind.HEADING, heading, place, level))
        for _ in range(draw(st.integers(0, 4))):
            kind = draw(st.sampled_from([k for k in BlockKind if k is not BlockKind.HEADING]))
            if page is not None and draw(st.booleans()):
                page += draw(st.integers(0, 2))
            boxes = tuple(
                (10.0, 20.0 * line, 200.0, 20.0 * line + 12)
                for line in range(draw(st.integers(0, 3)))
            )
            place = Place(page=page, boxes=boxes, heading_path=path)
            blocks.append(Block(kind, draw(texts(numbers, kind)), place))
    return blocks


@st.composite
def texts(draw: st.DrawFn, numbers: count, kind: BlockKind) -> str:
    if kind in (BlockKind.TABLE, BlockKind.CELLS):
        columns = draw(st.integers(1, 3))
        rows = (
            " | ".join(f"w{next(numbers)}" for _ in range(columns))
            for _ in range(draw(st.integers(1, 8)))
        )
        return "\n".join(rows)
    parts = []
    for _ in range(draw(st.integers(1, 5))):
        size = draw(st.integers(1, 12))
        if draw(st.booleans()):
            parts.append("".join(chr(0x4E00 + next(numbers)) for _ in range(size)) + "。")
        else:
            end = draw(st.sampled_from([". ", "! ", "\n", " "]))
            parts.append(" ".join(f"W{next(numbers)}" for _ in range(size)) + end)
    return "".join(parts).strip()


def home(blocks: list[Block]) -> dict[str, Block]:
    """Which block each word stands in."""
    return {word: block for block in blocks for word in words(block.text)}


@settings(max_examples=150, deadline=None)
@given(documents(), st.integers(1, 40))
def test_nothing_is_lost(blocks: list[Block], limit: int) -> None:
    passages = cut(blocks, tokens, limit)
    kept = {word for passage in passages for word in words(passage.text)}
    named = {heading for passage in passages for heading in passage.place.heading_path}
    for block in blocks:
        for word in words(block.text):
            assert word in kept or (block.kind is BlockKind.HEADING and word in named), word
    assert kept <= set(home(blocks))


@settings(max_examples=150, deadline=None)
@given(documents(), st.integers(1, 40))
def test_no_passage_is_longer_than_the_limit(blocks: list[Block], limit: int) -> None:
    for passage in cut(blocks, tokens, limit):
        assert 0 < tokens(passage.text) <= limit
        assert passage.text == passage.text.strip()


@settings(max_examples=150, deadline=None)
@given(documents(), st.integers(1, 40))
def test_a_passage_says_where_it_starts_and_ends(blocks: list[Block], limit: int) -> None:
    homes = home(blocks)
    for passage in cut(blocks, tokens, limit):
        first, last = (homes[words(passage.text)[place]] for place in (0, -1))
        assert passage.place.page == first.place.page
        assert passage.last_page == last.place.page
        assert passage.place.heading_path == first.place.heading_path == last.place.heading_path
        assert first in passage.blocks
        assert last in passage.blocks
        of_blocks = {box for block in passage.blocks for box in block.place.boxes}
        assert {*passage.place.boxes, *passage.last_boxes} <= of_blocks
        assert {homes[word] for word in words(passage.text)} <= set(passage.blocks)


@settings(max_examples=100, deadline=None)
@given(documents(), st.integers(1, 40))
def test_passages_follow_the_order_of_the_document(blocks: list[Block], limit: int) -> None:
    order = {word: at for at, word in enumerate(home(blocks))}
    passages = cut(blocks, tokens, limit)
    for passage in passages:
        body = body_of(passage)
        assert [order[word] for word in body] == sorted(order[word] for word in body)
    starts = [order[words(passage.text)[-1]] for passage in passages]
    assert all(before < after for before, after in pairwise(starts))


def body_of(passage: Passage) -> list[str]:
    """The words of a passage, a repeated header row apart."""
    if passage.kind in (BlockKind.TABLE, BlockKind.CELLS):
        return words("\n".join(passage.text.split("\n")[1:]))
    return words(passage.text)


def paragraph(text: str, page: int | None = None, path: tuple[str, ...] = ()) -> Block:
    return Block(BlockKind.PARAGRAPH, text, Place(page=page, heading_path=path))


def test_the_last_sentence_is_repeated_in_the_same_section_only() -> None:
    blocks = [
        paragraph("One two three. Four five. Six seven eight nine.", path=("a",)),
        paragraph("Ten eleven.", path=("b",)),
    ]
    assert [passage.text for passage in cut(blocks, tokens, 6)] == [
        "One two three. Four five.",
        "Four five. Six seven eight nine.",
        "Ten eleven.",
    ]


def test_a_sentence_over_a_page_break_stays_whole() -> None:
    blocks = [
        paragraph("The contract is valid until the", page=3),
        paragraph("end of the year. Then it is renewed.", page=4),
    ]
    first, second = cut(blocks, tokens, 50)
    assert first.text == "The contract is valid until the end of the year."
    assert (first.place.page, first.last_page) == (3, 4)
    assert second.text == "end of the year. Then it is renewed."
    assert second.place.page == 4


def test_every_passage_of_a_table_carries_its_header() -> None:
    rows = "\n".join(["Client | Owner", *(f"client{n} | owner{n}" for n in range(9))])
    passages = cut([Block(BlockKind.TABLE, rows, Place())], tokens, 8)
    assert len(passages) == 3
    assert all(rows_of(passage.text)[0] == ["Client", "Owner"] for passage in passages)
    assert sum(len(rows_of(passage.text)) - 1 for passage in passages) == 9


def test_a_heading_without_text_is_kept_and_one_with_text_becomes_its_path() -> None:
    blocks = [
        Block(BlockKind.HEADING, "Servers", Place(), 1),
        paragraph("Restart at night.", path=("Servers",)),
        Block(BlockKind.HEADING, "To be written", Place(), 1),
    ]
    first, second = cut(blocks, tokens, 20)
    assert first.embedding_text == "Servers\nRestart at night."
    assert second.text == "To be written"


@pytest.mark.parametrize("text", ["词" * 5000, "x" * 5000, "a,b;" * 2000, "\n".join("ab" * 900)])
def test_a_text_without_sentences_is_cut_all_the_same(text: str) -> None:
    def count_tokens(part: str) -> int:
        return len(part) // 2 + 1

    passages = cut([paragraph(text)], count_tokens, 50)
    assert all(count_tokens(passage.text) <= 52 for passage in passages)
    assert len("".join(p.text for p in passages).replace("\n", "")) >= len(text.replace("\n", ""))


def test_nothing_gives_no_passages() -> None:
    assert cut([], tokens) == []
    assert cut([paragraph("  \n ")], tokens) == []
    with pytest.raises(ValueError):
        cut([paragraph("x")], tokens, 0)
