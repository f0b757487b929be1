"""What the index promises: everything published is found at once, and nothing else, ever."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path
from threading import Thread

import numpy as np
import pytest

from indexing.entry import Entry, Hit
from indexing.folding import fold
from indexing.generation import current_manifest
from indexing.index import IdentityMismatch, Index, Mode
from tests.indexing.rows import DIMENSION, MODEL, Rows, entry, name_of, vector


@pytest.fixture
def rows() -> Rows:
    return Rows()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "index"


def opened(folder: Path) -> Index:
    return Index.open(folder, MODEL, DIMENSION)


def allowed(ids: Iterable[int]) -> np.ndarray:
    return np.array(sorted(ids), np.int64)


def everything(rows: Rows) -> np.ndarray:
    return allowed(range(1, rows.head() + 1))


def found(index: Index, rows: Rows, query: str, mode: Mode = Mode.LEXICAL) -> list[int]:
    hits = index.search(query, vector(query), everything(rows), 10, mode)
    return [hit.passage_id for hit in hits]


def assert_finds_all(index: Index, rows: Rows) -> None:
    """Every passage is found by its own word and by its own vector, once."""
    seen = everything(rows)
    for reading, entries in enumerate(rows.published, 1):
        for at, each in enumerate(entries):
            by_word = index.search(name_of(reading, at), None, seen, 5)
            assert [hit.passage_id for hit in by_word] == [each.passage_id]
            by_vector = index.search("", each.vector, seen, 1, Mode.DENSE)
            assert [hit.passage_id for hit in by_vector] == [each.passage_id]
    assert index.passages == sum(map(len, rows.published))


def test_an_index_of_nothing_finds_nothing(folder: Path, rows: Rows) -> None:
    index = opened(folder)
    index.catch_up(rows)
    assert index.search("合同", vector("合同"), allowed([1]), 10) == []
    assert (index.passages, index.until, index.generation) == (0, 0, 0)
    assert index.damage is None


def test_what_is_published_is_found_at_once_without_a_fold(folder: Path, rows: Rows) -> None:
    index = opened(folder)
    for _ in range(4):
        rows.fill(2)
        index.catch_up(rows)
        assert_finds_all(index, rows)
    assert not folder.exists()


def test_folded_and_growing_are_one(folder: Path, rows: Rows) -> None:
    index = opened(folder)
    for step in range(1, 5):
        rows.fill(3)
        fold(folder, MODEL, DIMENSION, rows)
        rows.fill(1)
        index.catch_up(rows)
        assert_finds_all(index, rows)
        assert (index.generation, index.until) == (step, rows.head())
    fresh = opened(folder)
    fresh.catch_up(rows)
    assert_finds_all(fresh, rows)


def test_a_fold_writes_only_what_is_new_and_keeps_few_segments(folder: Path, rows: Rows) -> None:
    rows.fill(40)
    first = fold(folder, MODEL, DIMENSION, rows)
    rows.fill(4)
    second = fold(folder, MODEL, DIMENSION, rows)
    assert second.segments[0] == first.segments[0]
    for _ in range(10):
        rows.fill(8)
        manifest = fold(folder, MODEL, DIMENSION, rows)
        assert manifest.watermark == rows.head()
        assert manifest.passages == 2 * rows.head()
    assert len(manifest.segments) <= 5
    assert sorted(path.name for path in (folder / "generations").iterdir()) == [
        f"{manifest.generation:06}"
    ]


def test_a_fold_of_nothing_new_changes_nothing(folder: Path, rows: Rows) -> None:
    rows.fill(2)
    first = fold(folder, MODEL, DIMENSION, rows)
    assert fold(folder, MODEL, DIMENSION, rows) == first
    assert current_manifest(folder) == first


def test_publications_without_passages_move_the_watermark(folder: Path, rows: Rows) -> None:
    rows.publish()
    fold(folder, MODEL, DIMENSION, rows)
    rows.fill(1)
    rows.publish()
    index = opened(folder)
    index.catch_up(rows)
    assert index.until == 3
    assert found(index, rows, name_of(2, 0)) == [200]
    assert fold(folder, MODEL, DIMENSION, rows).watermark == 3
    index.catch_up(rows)
    assert found(index, rows, name_of(2, 0)) == [200]


@pytest.mark.parametrize("mode", list(Mode))
def test_nothing_outside_the_allowed_readings_is_found(
    folder: Path, rows: Rows, mode: Mode
) -> None:
    rows.fill(30)
    fold(folder, MODEL, DIMENSION, rows)
    rows.fill(30)
    index = opened(folder)
    index.catch_up(rows)
    choice = np.random.default_rng(11)
    for share in (0.02, 0.3, 0.5, 0.9):
        seen = allowed({int(i) for i in choice.permutation(60)[: max(1, int(60 * share))] + 1})
        for query in ("合同", "invoice", "note", name_of(5, 1), '"note in"', "ledger 审批"):
            hits = index.search(query, vector(query), seen, 200, mode)
            assert {hit.reading_id for hit in hits} <= set(seen.tolist())
            assert all(hit.passage_id // 100 == hit.reading_id for hit in hits)


@pytest.mark.parametrize("mode", list(Mode))
def test_the_filter_is_inside_and_not_after_the_cut(folder: Path, rows: Rows, mode: Mode) -> None:
    # A thousand better passages of others must not crowd out the only one that may be seen.
    for reading in range(1, 1001):
        rows.publish(Entry(reading, reading, "", "contract contract", vector("contract")))
    rows.publish(
        entry(2000, 1001, "the contract is somewhere in this long text about other things")
    )
    index = opened(folder)
    for folded in (False, True):
        if folded:
            fold(folder, MODEL, DIMENSION, rows)
        index.catch_up(rows)
        hits = index.search("contract", vector("contract"), allowed([1001]), 1, mode)
        assert [hit.passage_id for hit in hits] == [2000]


@pytest.mark.parametrize(
    "nobody",
    [
        np.array([], np.int64),
        np.array([7.0]),
        np.array([[1, 2]]),
        np.array([True]),
        np.array(["1"]),
        np.array([-1, 10**12]),
    ],
    ids=["empty", "floats", "two dimensions", "truths", "texts", "unknown ids"],
)
def test_a_filter_that_cannot_be_applied_matches_nothing(
    folder: Path, rows: Rows, nobody: np.ndarray
) -> None:
    rows.fill(8)
    index = opened(folder)
    index.catch_up(rows)
    assert index.search("合同 note", vector("合同"), nobody, 10) == []


def test_allowed_ids_need_be_neither_sorted_nor_unique(folder: Path, rows: Rows) -> None:
    rows.fill(5)
    index = opened(folder)
    index.catch_up(rows)
    hits = index.search("note", None, np.array([4, 2, 4, 2]), 10)
    assert {hit.reading_id for hit in hits} == {2, 4}


def test_a_search_keeps_to_its_limit_and_its_order(folder: Path, rows: Rows) -> None:
    rows.fill(20)
    index = opened(folder)
    index.catch_up(rows)
    seen = everything(rows)
    hits = index.search("note 合同", vector("x"), seen, 7)
    assert len(hits) == 7
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert index.search("note", None, seen, 0) == []
    with pytest.raises(ValueError):
        index.search("note", np.ones(DIMENSION + 1, np.float32), seen, 5)


def test_hits_say_what_either_half_found(folder: Path, rows: Rows) -> None:
    rows.publish(entry(1, 1, "alpha"), entry(2, 1, "omega"))
    index = opened(folder)
    index.catch_up(rows)
    by_id: dict[int, Hit] = {
        hit.passage_id: hit for hit in index.search("alpha", vector("alpha"), allowed([1]), 5)
    }
    assert by_id[1].dense == pytest.approx(1, abs=1e-5)
    assert by_id[1].lexical is not None
    assert by_id[2].lexical is None
    (hit,) = index.search("alpha", None, allowed([1]), 5)
    assert hit.dense is None


def test_another_model_s_folder_is_refused_until_it_is_rebuilt(folder: Path, rows: Rows) -> None:
    rows.fill(2)
    fold(folder, MODEL, DIMENSION, rows)
    with pytest.raises(IdentityMismatch) as error:
        Index.open(folder, "another model", DIMENSION)
    assert MODEL in error.value.folder_identity
    assert "another model" in error.value.wanted
    with pytest.raises(IdentityMismatch):
        fold(folder, "another model", DIMENSION, rows)
    old = opened(folder)
    old.catch_up(rows)
    fold(folder, "another model", DIMENSION, rows, rebuild=True)
    assert Index.open(folder, "another model", DIMENSION).passages == 4
    with pytest.raises(IdentityMismatch):
        old.catch_up(rows)
    # What was caught up before goes on answering.
    assert found(old, rows, name_of(1, 0)) == [100]


def test_a_row_of_another_dimension_is_refused_and_counts_nothing_twice(
    folder: Path, rows: Rows
) -> None:
    rows.fill(1)
    index = opened(folder)
    index.catch_up(rows)
    rows.publish(
        entry(200, 2, "note whole"),
        Entry(201, 2, "", "note other", vector("other", DIMENSION + 1)),
    )
    for _ in range(2):
        with pytest.raises(ValueError):
            index.catch_up(rows)
        assert found(index, rows, name_of(1, 0)) == [100]
    with pytest.raises(ValueError):
        fold(folder, MODEL, DIMENSION, rows)
    rows.published[1].pop()
    index.catch_up(rows)
    assert index.passages == 3
    assert found(index, rows, "whole") == [200]


def test_a_source_that_breaks_off_leaves_the_index_as_it_was(folder: Path, rows: Rows) -> None:
    class Broken(Rows):
        def entries_after(self, sequence, until):
            yield from list(super().entries_after(sequence, until))[:1]
            raise ConnectionError

    rows.fill(2)
    index = opened(folder)
    index.catch_up(rows)
    rows.fill(3)
    broken = Broken(rows.published)
    with pytest.raises(ConnectionError):
        index.catch_up(broken)
    assert index.until == 2
    with pytest.raises(ConnectionError):
        fold(folder, MODEL, DIMENSION, broken)
    assert current_manifest(folder) is None
    index.catch_up(rows)
    assert_finds_all(index, rows)


def test_the_folder_may_vanish_at_any_time(folder: Path, rows: Rows) -> None:
    rows.fill(3)
    fold(folder, MODEL, DIMENSION, rows)
    index = opened(folder)
    index.catch_up(rows)
    shutil.rmtree(folder)
    rows.fill(2)
    index.catch_up(rows)
    assert_finds_all(index, rows)
    fresh = opened(folder)
    fresh.catch_up(rows)
    assert_finds_all(fresh, rows)
    fold(folder, MODEL, DIMENSION, rows)
    index.catch_up(rows)
    assert_finds_all(index, rows)
    assert index.generation == 1


def test_a_restored_database_is_the_truth_even_when_it_has_caught_up(
    folder: Path, rows: Rows
) -> None:
    rows.fill(6)
    fold(folder, MODEL, DIMENSION, rows)
    rows.fill(2)
    fold(folder, MODEL, DIMENSION, rows)
    restored = Rows(rows.published[:4])
    for number in range(5, 11):
        # The same numbers and ids are given out again, for other texts.
        restored.publish(entry(number * 100, number, f"restored {name_of(number, 0)}"))
    index = opened(folder)
    index.catch_up(restored)
    assert index.damage is not None
    assert_finds_all(index, restored)
    fold(folder, MODEL, DIMENSION, restored)
    index.catch_up(restored)
    assert index.damage is None
    assert_finds_all(index, restored)
    fresh = opened(folder)
    fresh.catch_up(restored)
    assert_finds_all(fresh, restored)


def test_a_database_restored_to_before_the_last_fold(folder: Path, rows: Rows) -> None:
    rows.fill(6)
    fold(folder, MODEL, DIMENSION, rows)
    restored = Rows(rows.published[:4])
    index = opened(folder)
    index.catch_up(restored)
    assert_finds_all(index, restored)
    fold(folder, MODEL, DIMENSION, restored)
    index.catch_up(restored)
    assert_finds_all(index, restored)
    assert index.damage is None


def test_a_database_restored_under_a_running_process_is_noticed(folder: Path, rows: Rows) -> None:
    rows.fill(6)
    fold(folder, MODEL, DIMENSION, rows)
    index = opened(folder)
    index.catch_up(rows)
    restored = Rows(rows.published[:4])
    index.catch_up(restored)
    assert_finds_all(index, restored)


def test_a_request_with_older_rows_takes_nothing_away(folder: Path, rows: Rows) -> None:
    rows.fill(4)
    older = Rows(list(rows.published), newest=rows)
    index = opened(folder)
    index.catch_up(older)
    rows.fill(2)
    fold(folder, MODEL, DIMENSION, rows)
    index.catch_up(rows)
    generation = index.generation
    for _ in range(10):
        index.catch_up(older)
        assert (index.until, index.generation) == (6, generation)
    assert_finds_all(index, rows)


def test_rows_of_a_moment_before_a_fold_do_not_discard_it(folder: Path, rows: Rows) -> None:
    rows.fill(4)
    older = Rows(list(rows.published), newest=rows)
    fold(folder, MODEL, DIMENSION, older)
    index = opened(folder)
    index.catch_up(older)
    rows.fill(2)
    fold(folder, MODEL, DIMENSION, rows)
    index.catch_up(older)
    assert_finds_all(index, older)
    assert index.damage is None
    index.catch_up(rows)
    assert_finds_all(index, rows)
    assert (index.generation, index.damage) == (2, None)


def test_readings_that_do_not_count_any_more_are_no_contradiction(folder: Path, rows: Rows) -> None:
    rows.fill(3)
    fold(folder, MODEL, DIMENSION, rows)
    rows.published[2] = []
    index = opened(folder)
    index.catch_up(rows)
    assert index.damage is None
    assert found(index, rows, name_of(2, 1)) == [201]


def test_threads_search_while_others_publish_and_fold(folder: Path, rows: Rows) -> None:
    rows.fill(5)
    index = opened(folder)
    index.catch_up(rows)
    wrong: list[BaseException] = []
    done = False

    def search() -> None:
        while not done:
            try:
                before = rows.head()
                index.catch_up(rows)
                assert found(index, rows, name_of(before, 0)) == [before * 100]
                assert found(index, rows, name_of(1, 0), Mode.HYBRID)
            except BaseException as error:
                wrong.append(error)
                raise

    threads = [Thread(target=search) for _ in range(3)]
    for thread in threads:
        thread.start()
    for _ in range(6):
        rows.fill(2)
        fold(folder, MODEL, DIMENSION, rows)
    done = True
    for thread in threads:
        thread.join()
    assert not wrong
    index.catch_up(rows)
    assert_finds_all(index, rows)
