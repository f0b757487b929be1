"""One order out of vectors and words."""

from __future__ import annotations

import numpy as np
import pytest

from indexing.fusion import Candidates, fuse
from indexing.query import parse
from indexing.terms import terms_of, weights_of


def fused(dense, lexical, phrased=None, full: float = 10) -> list[float]:
    candidates = Candidates(
        None if dense is None else np.array(dense, np.float32),
        np.array(lexical, np.float32),
        np.array(phrased or [False] * len(lexical)),
    )
    scores = fuse(candidates, full)
    assert scores.dtype == np.float32
    return scores.tolist()


@pytest.mark.parametrize(
    ("dense", "lexical", "full", "best"),
    [
        pytest.param([0.9, 0.8], [0.0, 0.0], 10, 0, id="vectors alone"),
        pytest.param(None, [1.0, 2.0], 10, 1, id="words alone"),
        pytest.param([0.82, 0.81, 0.70], [1.0, 9.0, 0.0], 10, 1, id="words decide"),
        pytest.param([0.90, 0.70, 0.75], [0.0, 1.0, 0.0], 20, 0, id="a shared year does not"),
        pytest.param([0.8, 0.8], [3.0, 4.0], 10, 1, id="equal vectors say nothing"),
    ],
)
def test_the_better_passage_is_first(dense, lexical, full: float, best: int) -> None:
    assert int(np.argmax(fused(dense, lexical, full=full))) == best


def test_every_quoted_phrase_comes_before_all_else() -> None:
    scores = fused([0.9, 0.6], [20.0, 0.0], [False, True], full=8)
    assert scores[1] > scores[0]


def test_nothing_is_in_no_order() -> None:
    assert fused([], []) == []
    assert fused(None, [], full=0) == []


def test_words_no_passage_holds_count_for_what_the_query_weighs() -> None:
    query = parse("quarterly zzyzx")
    terms = terms_of(query)
    names = [token for name, token in terms if name == "words"]
    assert names == ["quarter", "zzyzx"]
    frequencies = [3 if token == "quarter" else 0 for _, token in terms]
    weights = weights_of(query, frequencies, 100)
    assert {token for _, token in weights.known} == {"quarter"}
    assert weights.full > 2 * weights.known["words", "quarter"]
    assert weights_of(parse(""), [], 5).full == 0
