"""What every index promises, on a folder and in Milvus: the same questions find the same."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
import pytest

from indexing import milvus_shelf
from indexing.entry import Entry
from indexing.index import Index, Mode
from indexing.manifest import IndexDamaged
from indexing.milvus_client import connected
from indexing.milvus_segment import within
from indexing.milvus_shelf import MilvusShelf
from indexing.shelf import FolderShelf, IndexUnreachable, Shelf
from tests.indexing.rows import DIMENSION, MODEL, Rows, entry, name_of, vector
from tests.indexing.test_words import TEXTS

MakeShelf = Callable[[], Shelf]
# Of words alone, of quoted words, and of what somebody types to break something.
QUERIES = (
    "合",
    "合同",
    "女士签",
    "鑰匙",
    "客戶拜訪",
    "客户 拜访 记录",
    "crm2041",
    "NullPointerException",
    "invoice",
    "li.wei",
    "C++",
    "resume",
    '"server report"',
    '"restart the server"',
    "「重点客户」",
    "deployement",
    "报销 1200",
    "nothing of it",
)
HOSTILE = (
    "",
    "   ",
    "\x00\x01",
    "'; drop collection x; --",
    'reading in [1] or "1" == "1"',
    "]) or (reading >= 0",
    "{ids} %s $(x) `y`",
    '"unclosed',
    '""',
    "“”",
    "\ud800",
    "😀😀",
    "()[]{}\\\\//**",
    "AND OR NOT text:x^2~3",
    "客" * 3000,
    "a " * 3000,
)


@pytest.fixture(scope="session")
def milvus(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A Milvus of this test run."""
    return str(tmp_path_factory.mktemp("milvus") / "lite.db")


@pytest.fixture(params=["folder", "milvus"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> MakeShelf:
    """Opens one shelf, again and again, as processes do."""
    return maker(request, request.param, tmp_path)


def maker(request: pytest.FixtureRequest, kind: str, folder: Path) -> MakeShelf:
    if kind == "folder":
        return lambda: FolderShelf(folder / "index", MODEL, DIMENSION)
    url, name = request.getfixturevalue("milvus"), f"i{uuid.uuid4().hex[:12]}"
    return lambda: MilvusShelf(url, name, folder / "index", (MODEL, DIMENSION))


@pytest.fixture
def rows() -> Rows:
    return Rows()


def opened(make: MakeShelf, rows: Rows) -> Index:
    index = Index.on(make())
    index.catch_up(rows)
    return index


def allowed(ids: Iterable[int]) -> np.ndarray:
    return np.array(sorted(ids), np.int64)


def everything(rows: Rows) -> np.ndarray:
    return allowed(range(1, rows.head() + 1))


def assert_finds_all(index: Index, rows: Rows) -> None:
    """Passages are found by their own word and by their own vector, once."""
    seen = everything(rows)
    for reading, entries in enumerate(rows.published, 1):
        for at, each in list(enumerate(entries))[:1]:
            by_word = index.search(name_of(reading, at), None, seen, 5)
            assert [hit.passage_id for hit in by_word] == [each.passage_id]
            (best,) = index.search("", each.vector, seen, 1, Mode.DENSE)
            assert (best.passage_id, best.reading_id) == (each.passage_id, reading)
            assert best.dense == pytest.approx(1.0, abs=1e-5)
    assert index.passages == sum(map(len, rows.published))


def test_what_is_published_is_found_before_and_after_it_is_folded(
    make: MakeShelf, rows: Rows
) -> None:
    index = opened(make, rows)
    assert (index.passages, index.until, index.generation) == (0, 0, 0)
    assert index.search("合同", vector("合同"), allowed([1]), 5) == []
    rows.fill(3)
    index.catch_up(rows)
    assert_finds_all(index, rows)
    manifest = make().fold(rows)
    assert (manifest.watermark, manifest.passages) == (3, 6)
    assert make().manifest() == manifest
    rows.fill(1)
    for each in (index, opened(make, rows)):
        each.catch_up(rows)
        assert_finds_all(each, rows)
    assert make().fold(rows).watermark == 4
    fresh = opened(make, rows)
    assert_finds_all(fresh, rows)
    assert (fresh.generation > 0, fresh.until, fresh.damage) == (True, 4, None)


@pytest.mark.parametrize("mode", list(Mode))
def test_the_filter_is_inside_and_not_after_the_cut(
    make: MakeShelf, rows: Rows, mode: Mode
) -> None:
    # Better passages of others must not crowd out the only one that may be seen.
    for reading in range(1, 301):
        rows.publish(Entry(reading, reading, "", "contract contract", vector("contract")))
    rows.publish(entry(2000, 301, "the contract is somewhere in this long text about other things"))
    make().fold(rows)
    index = opened(make, rows)
    hits = index.search("contract", vector("contract"), allowed([301]), 1, mode)
    assert [hit.passage_id for hit in hits] == [2000]
    some = allowed([*range(1, 300, 7), 301])
    hits = index.search("contract", vector("contract"), some, 300, mode)
    assert {hit.reading_id for hit in hits} == set(some.tolist())
    for nobody in (np.array([], np.int64), np.array([7.0]), np.array(["1"]), np.array([10**12])):
        assert index.search("contract", vector("contract"), nobody, 5, mode) == []


def test_readings_that_do_not_count_any_more(make: MakeShelf, rows: Rows) -> None:
    rows.fill(3)
    make().fold(rows)
    # The second is replaced by the fourth: the rows hold it no longer, and nobody may see it.
    rows.published[1] = []
    rows.fill(1)
    index = opened(make, rows)
    seen = allowed([1, 3, 4])
    for reading in (1, 3, 4):
        hits = index.search(name_of(reading, 0), vector("x"), seen, 9, Mode.LEXICAL)
        assert [hit.reading_id for hit in hits] == [reading]
    assert index.search(name_of(2, 0), None, seen, 9) == []
    assert make().fold(rows, rebuild=True).passages == 6
    assert opened(make, rows).search(name_of(2, 0), None, everything(rows), 9) == []


def test_a_writer_killed_before_the_end_writes_it_again(make: MakeShelf, rows: Rows) -> None:
    class Killed(Rows):
        def entries_after(self, sequence: int, until: int) -> Iterator[tuple[int, list[Entry]]]:
            yield from list(super().entries_after(sequence, until))[:-1]
            raise KeyboardInterrupt

    rows.fill(2)
    make().fold(rows)
    rows.fill(3)
    for again in (False, True):
        with pytest.raises(KeyboardInterrupt):
            make().fold(Killed(rows.published), rebuild=again)
        assert_finds_all(opened(make, rows), rows)
    assert make().fold(rows).watermark == 5
    assert_finds_all(opened(make, rows), rows)


def test_a_restored_database_is_the_truth(make: MakeShelf, rows: Rows) -> None:
    rows.fill(5)
    make().fold(rows)
    restored = Rows(rows.published[:3])
    for number in range(4, 8):
        restored.publish(entry(number * 100, number, f"restored {name_of(number, 0)}"))
    index = opened(make, restored)
    assert isinstance(index.damage, IndexDamaged)
    assert_finds_all(index, restored)
    make().fold(restored)
    index = opened(make, restored)
    assert index.damage is None
    assert_finds_all(index, restored)


def test_what_is_written_can_be_compared_and_removed(
    make: MakeShelf, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(milvus_shelf, "_FRESH", 0.0)
    assert make().contents().passage_ids.size == 0
    rows.fill(3)
    make().fold(rows)
    searching = opened(make, rows)
    contents = make().contents()
    assert contents.passage_ids.tolist() == [100, 101, 200, 201, 300, 301]
    assert (contents.watermark, contents.damage, contents.wordless.size) == (3, None, 0)
    some = np.array([300, 100], np.int64)
    wanted = np.stack([rows.published[2][0].vector, rows.published[0][0].vector])
    assert (contents.vectors(some) == wanted).all()
    make().remove()
    assert make().manifest() is None
    for index in (searching, opened(make, rows)):
        index.catch_up(rows)
        assert_finds_all(index, rows)


@pytest.fixture(scope="module")
def both(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Index, Index]:
    """The same passages in a folder and in Milvus."""
    made = []
    for kind in ("folder", "milvus"):
        rows = Rows()
        for number, (title, text) in TEXTS.items():
            rows.publish(entry(number, number, text, title))
        make = maker(request, kind, tmp_path_factory.mktemp(kind))
        make().fold(rows)
        # One more that is not folded.
        rows.publish(entry(11, 11, "客户合同的补充协议，编号 CRM-2042", "补充"))
        made.append(opened(make, rows))
    return made[0], made[1]


@pytest.mark.parametrize("mode", list(Mode))
def test_the_same_questions_find_the_same(both: tuple[Index, Index], mode: Mode) -> None:
    seen = allowed(range(1, 12))
    for query in QUERIES:
        local, remote = (index.search(query, vector(query), seen, 11, mode) for index in both)
        assert {hit.passage_id for hit in local} == {hit.passage_id for hit in remote}, query
        assert [hit.passage_id for hit in local[:1]] == [hit.passage_id for hit in remote[:1]]
        known = {hit.passage_id: hit for hit in remote}
        for hit in local:
            other = known[hit.passage_id]
            assert other.reading_id == hit.reading_id
            assert other.dense == pytest.approx(hit.dense, abs=1e-5)
            # tantivy keeps lengths in one byte.
            assert (other.lexical or 0) == pytest.approx(hit.lexical or 0, rel=0.15)


def test_words_weigh_the_same(both: tuple[Index, Index]) -> None:
    for query in QUERIES:
        local, remote = (index.weights(query) for index in both)
        assert remote.known == pytest.approx(local.known)
        assert remote.full == pytest.approx(local.full)


def test_hostile_questions(both: tuple[Index, Index]) -> None:
    seen = allowed([1, 3, 11])
    for query in HOSTILE:
        for index in both:
            hits = index.search(query, None, seen, 11)
            assert {hit.reading_id for hit in hits} <= {1, 3, 11}


def test_a_server_that_was_started_again(
    request: pytest.FixtureRequest, rows: Rows, tmp_path: Path
) -> None:
    client = connected(request.getfixturevalue("milvus"))
    others = set(client.list_collections())
    make = maker(request, "milvus", tmp_path)
    rows.fill(2)
    make().fold(rows)
    for name in set(client.list_collections()) - others:
        client.release_collection(name)
    client.close()
    connected.cache_clear()
    assert make().contents().passage_ids.size == 4
    assert_finds_all(opened(make, rows), rows)
    rows.fill(1)
    assert make().fold(rows).watermark == 3


def test_many_readings_make_a_short_filter() -> None:
    assert within("reading", allowed([*range(5, 40_000), 7, 50_000, 50_002])) == (
        "((reading >= 5 and reading <= 39999) or reading in [50000, 50002])"
    )
    assert within("reading", allowed([])) == "reading in []"


def test_a_server_that_does_not_answer(tmp_path: Path) -> None:
    shelf = MilvusShelf("http://127.0.0.1:9", "name", tmp_path, (MODEL, DIMENSION))
    with pytest.raises(IndexUnreachable):
        shelf.pointer()
