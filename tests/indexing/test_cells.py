"""Cells: references of spreadsheets and the rows of a block's lines."""

from __future__ import annotations

import pytest

from indexing.block import Block, BlockKind
from indexing.cells import Area, area, line_rows, reference
from indexing.passage import cut
from indexing.place import Place


@pytest.mark.parametrize("text", ["B2", "A1:D9", "AA10:ZZ20"])
def test_references(text: str) -> None:
    found = area(text)
    assert found is not None
    assert reference(found) == text


@pytest.mark.parametrize(
    ("lines", "rows"),
    [
        (3, [2, 3, 4]),
        (4, [None, 2, 3, 4]),  # the header of the block before
        (2, [2, 4]),  # a header with a gap below it
    ],
)
def test_rows_of_lines(lines: int, rows: list[int | None]) -> None:
    assert line_rows(Area(2, 0, 4, 3), lines) == rows


def test_a_passage_of_a_table_names_its_own_rows() -> None:
    text = "name | count\n" + "\n".join(f"part {n} | {n}" for n in range(2, 22))
    block = Block(BlockKind.CELLS, text, Place(sheet="S", cells="A1:B21"))
    passages = cut([block], lambda words: len(words.split()), 40)
    assert len(passages) > 2
    for passage in passages:
        found = area(passage.place.cells or "")
        assert found is not None
        first, last = passage.text.split("\n")[1], passage.text.split("\n")[-1]
        assert (found.top, found.bottom) == (int(first.split()[1]), int(last.split()[1]))
