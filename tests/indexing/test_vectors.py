"""The vector half finds exactly the nearest of what may be seen, however much that is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from indexing.scope import Readings, Scope
from indexing.vectors import FaissVectors, RowVectors, Vectors, write_flat
from indexing.words import SCHEMA

COUNT, DIMENSION = 6000, 16


@pytest.fixture(scope="module")
def rows() -> np.ndarray:
    values = np.random.default_rng(1).normal(size=(COUNT, DIMENSION)).astype(np.float32)
    return values / np.linalg.norm(values, axis=1, keepdims=True)


@pytest.fixture(scope="module", params=["rows", "faiss"])
def vectors(request: pytest.FixtureRequest, rows, tmp_path_factory) -> Vectors:
    if request.param == "rows":
        return RowVectors(rows)
    path: Path = tmp_path_factory.mktemp("vectors") / "vectors.faiss"
    write_flat(rows, path)
    return FaissVectors.open(path)


# One, few, more than are gathered one by one, nearly all, all.
@pytest.mark.parametrize("allowed", [1, 50, 4500, 5999, COUNT])
@pytest.mark.parametrize("limit", [1, 10, 100])
def test_the_nearest_of_the_scope_are_found(vectors, rows, allowed: int, limit: int) -> None:
    choice = np.random.default_rng(allowed)
    mask = np.zeros(COUNT, bool)
    mask[choice.permutation(COUNT)[:allowed]] = True
    query = rows[17] + np.float32(0.1)
    found = vectors.search(query, Scope(mask, None), limit)
    cosines = np.where(mask, rows @ query, -np.inf)
    expected = np.argsort(-cosines, kind="stable")[: min(limit, allowed)]
    assert found.ordinals.tolist() == expected.tolist()
    np.testing.assert_allclose(found.scores, cosines[expected], atol=1e-5)


def test_scores_are_cosines_of_the_ordinals_asked_for(vectors, rows) -> None:
    ordinals = np.array([5, 5999, 5, 0])
    np.testing.assert_allclose(
        vectors.scores(rows[5], ordinals), rows[ordinals] @ rows[5], atol=1e-5
    )
    assert vectors.scores(rows[5], np.empty(0, np.int64)).size == 0


def test_an_index_of_no_vectors_can_be_written_and_opened(tmp_path: Path) -> None:
    write_flat(np.empty((0, DIMENSION), np.float32), tmp_path / "none")
    empty = FaissVectors.open(tmp_path / "none")
    assert empty.passages == 0


def test_a_scope_is_the_passages_of_the_allowed_readings() -> None:
    readings = np.array([7, 7, 3, 9, 3])
    scope = Readings.of(readings).scope(np.array([3, 4, 7]), SCHEMA)
    assert scope.mask.tolist() == [True, True, True, False, True]
    assert scope.ordinals.tolist() == [0, 1, 2, 4]
    assert (scope.count, scope.everything) == (4, False)
    assert np.unpackbits(scope.bitmap, bitorder="little")[:5].tolist() == [1, 1, 1, 0, 1]
    everything = Readings.of(readings).scope(np.array([3, 7, 9]), SCHEMA)
    assert everything.everything
    assert everything.query is None
    assert Readings.of(readings).scope(np.array([8]), SCHEMA).count == 0
