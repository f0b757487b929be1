"""Text to token ids."""

from __future__ import annotations

from pathlib import Path

import pytest

from indexing.packed_model import PackedModel
from indexing.pieces import PieceTokenizer
from tests.indexing.packed import packed

BEGIN, END, UNKNOWN = 0, 2, 3
BLANK, HELLO, QUERY, CUSTOMER, KE, HU, LO, E_ACUTE = 4, 5, 6, 8, 9, 10, 11, 12


@pytest.fixture(scope="module")
def pieces() -> PieceTokenizer:
    return PieceTokenizer.of(PackedModel(packed().content).vocabulary, limit=16)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("hello", [HELLO]),
        ("query: hello", [QUERY, HELLO]),
        ("  hello\t\n　hello ", [HELLO, HELLO]),
        ("客户", [BLANK, CUSTOMER]),
        ("户客", [BLANK, HU, KE]),
        ("\0hello\0", [HELLO]),
        ("e\u0301", [BLANK, E_ACUTE]),
        ("", []),
        ("   ", []),
    ],
)
def test_text_is_cut_into_the_likeliest_pieces(pieces, text: str, expected: list[int]) -> None:
    assert pieces.encode([text]) == [[BEGIN, *expected, END]]
    assert pieces.count(text) == len(expected)


@pytest.mark.parametrize("mark", ["<s>", "</s>", "<pad>", "<unk>", "<mask>"])
def test_no_text_can_spell_a_mark(pieces, mark: str) -> None:
    (ids,) = pieces.encode([f"hello {mark} hello"])
    assert set(ids[1:-1]) <= {HELLO, BLANK, UNKNOWN}


def test_a_long_text_is_cut_to_what_the_model_reads_and_still_counted(pieces) -> None:
    (ids,) = pieces.encode(["hello " * 100_000])
    assert ids == [BEGIN, *[HELLO] * 14, END]
    assert pieces.count("hello " * 1000) == 1000


def test_saved_and_loaded_it_is_the_same(pieces, tmp_path: Path) -> None:
    pieces.save(tmp_path)
    loaded = PieceTokenizer.load(tmp_path)
    texts = ["query: hello 客户\t", "\0é <s>"]
    assert loaded.encode(texts) == pieces.encode(texts)
    assert (loaded.begin, loaded.end, loaded.padding, loaded.limit) == (0, 2, 1, 16)
