"""The vector half finds exactly the nearest of what may be seen, however much that is."""

from __future__ import annotations

from pathlib import Path

import faiss
import numpy as np
import pytest

from indexing import clusters
from indexing.clusters import Clusters, write_clusters
from indexing.scope import Readings, Scope
from indexing.vectors import RowVectors, Vectors, map_rows
from indexing.words import SCHEMA

COUNT, DIMENSION = 6000, 16


@pytest.fixture(scope="module")
def rows() -> np.ndarray:
    values = np.random.default_rng(1).normal(size=(COUNT, DIMENSION)).astype(np.float32)
    return values / np.linalg.norm(values, axis=1, keepdims=True)


@pytest.fixture(scope="module")
def vectors(rows: np.ndarray, tmp_path_factory) -> Vectors:
    path: Path = tmp_path_factory.mktemp("vectors") / "vectors.rows"
    rows.tofile(path)
    return RowVectors(map_rows(path, DIMENSION))


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


def test_no_vectors_can_be_mapped(tmp_path: Path) -> None:
    (tmp_path / "none").touch()
    assert RowVectors(map_rows(tmp_path / "none", DIMENSION)).passages == 0


@pytest.fixture(scope="module")
def real() -> np.ndarray:
    """Rows that lie in groups, as texts do."""
    choice = np.random.default_rng(5)
    centres = choice.normal(size=(60, DIMENSION))
    rows = centres[choice.integers(60, size=COUNT)] + 0.4 * choice.normal(size=(COUNT, DIMENSION))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture(scope="module")
def path(real: np.ndarray, tmp_path_factory) -> Path:
    path: Path = tmp_path_factory.mktemp("clusters") / "vectors.faiss"
    write_clusters(real, path)
    return path


@pytest.mark.parametrize("share", [1.0, 0.9, 0.1, 0.01, 0.0005])
def test_nearly_all_of_the_nearest_are_found_under_every_filter(
    path: Path, real: np.ndarray, share: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clusters, "_GATHERED", 5)
    monkeypatch.setattr(clusters, "_GATHERED_SHARE", 0)
    vectors = Clusters.open(path, real)
    assert vectors.passages == COUNT
    mask = np.random.default_rng(2).random(COUNT) < share
    found = wanted = 0
    for query in real[:200] + np.float32(0.02):
        best = vectors.search(query, Scope(mask, None), 100)  # as many as a search takes
        cosines = np.where(mask, real @ query, -np.inf)
        expected = np.argsort(-cosines)[: min(10, np.count_nonzero(mask))]
        assert mask[best.ordinals].all()
        np.testing.assert_allclose(best.scores, cosines[best.ordinals], atol=1e-5)
        found += np.isin(expected, best.ordinals[:10]).sum()
        wanted += expected.size
    assert found / wanted >= 0.98


def test_a_scope_of_thousands_is_scored_exactly(path: Path, real: np.ndarray) -> None:
    # More than are gathered at a time, and few enough to need no list.
    mask = np.zeros(COUNT, bool)
    mask[1:COUNT:2] = True
    mask[: COUNT - 5001] = False
    scope = Scope(mask, None)
    assert scope.count > 2048
    query = real[7]
    best = Clusters.open(path, real).search(query, scope, 50)
    cosines = np.where(mask, real @ query, -np.inf)
    np.testing.assert_array_equal(best.ordinals, np.argsort(-cosines, kind="stable")[:50])
    np.testing.assert_allclose(best.scores, cosines[best.ordinals], atol=1e-5)


def test_a_search_visits_a_part_of_the_lists(path: Path) -> None:
    index = faiss.read_index(str(path))
    assert 1 < index.nprobe < index.nlist


def test_the_same_rows_give_the_same_file(path: Path, real: np.ndarray, tmp_path: Path) -> None:
    write_clusters(real, tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == path.read_bytes()


def test_a_disk_that_cannot_be_written_is_an_oserror(real: np.ndarray, tmp_path: Path) -> None:
    with pytest.raises(OSError, match="nowhere"):
        write_clusters(real[:500], tmp_path / "nowhere" / "file")


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
