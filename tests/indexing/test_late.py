"""A question and a text, compared token by token."""

from __future__ import annotations

import numpy as np
import pytest

from indexing.late import closeness, detailed, unit

ONE, OTHER = np.eye(2, dtype=np.float32)


def test_each_token_of_the_question_takes_the_nearest_of_the_text() -> None:
    question = np.stack([ONE, OTHER])
    assert closeness(question, np.stack([OTHER, ONE, ONE])) == pytest.approx(1)
    assert closeness(question, ONE[None, :]) == pytest.approx(0.5)
    # The other way round every token of the text is met: what the text says beyond costs nothing.
    assert closeness(ONE[None, :], question) == pytest.approx(1)


def test_the_vector_is_of_all_states_and_the_tokens_of_those_kept() -> None:
    states = np.array([[0, 3], [2, 0], [1, 0], [0, 0]], np.float32)
    found = detailed(states, slice(1, -1))
    np.testing.assert_allclose(found.vector, unit(np.array([3, 3], np.float32)))
    np.testing.assert_allclose(found.tokens, [ONE, ONE])
    # A text without a token of its own still is something.
    assert len(detailed(states[:2], slice(1, -1)).tokens) == 2
