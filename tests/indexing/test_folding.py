"""Folding: one writer, other processes searching meanwhile, power failing at any line."""

from __future__ import annotations

import resource
from pathlib import Path

import numpy as np
import pytest

from indexing.folding import FoldingBusy, fold
from indexing.generation import current_manifest, writing
from indexing.index import Index
from indexing.manifest import Manifest
from tests.indexing.dying import run, start
from tests.indexing.rows import DIMENSION, MODEL, Rows, SharedRows, name_of, text_of

FOLD = """
import sys
from pathlib import Path
from indexing.folding import fold
from tests.indexing.dying import die_at
from tests.indexing.rows import DIMENSION, MODEL, SharedRows
folder, rows, line = Path(sys.argv[1]), SharedRows(Path(sys.argv[2])), int(sys.argv[3])
files = ("folding.py", "generation.py", "segment.py", "manifest.py", "words.py", "vectors.py")
die_at(line, *files, functions=sys.argv[4:])
fold(folder, MODEL, DIMENSION, rows)
"""

SEARCH = """
import sys
from pathlib import Path
import numpy as np
from indexing.index import Index
from tests.indexing.rows import DIMENSION, MODEL, SharedRows, name_of
folder, rows = Path(sys.argv[1]), SharedRows(Path(sys.argv[2]))
index = Index.open(folder, MODEL, DIMENSION)
generations = set()
searches = 0
print("ready", flush=True)
while not Path(sys.argv[3]).exists() or index.until < rows.head():
    newest = rows.head()
    index.catch_up(rows)
    for reading in {1, newest // 2 + 1, newest}:
        allowed = np.array([reading - 1, reading, reading + 1])
        hits = index.search(name_of(reading, 0), None, allowed, 5)
        assert [hit.passage_id for hit in hits] == [reading * 100], (reading, hits)
    assert index.passages == 2 * index.until, (index.passages, index.until)
    assert index.damage is None, index.damage
    generations.add(index.generation)
    searches += 1
print(searches, len(generations))
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "index"


@pytest.fixture
def shared(tmp_path: Path) -> SharedRows:
    return SharedRows(tmp_path / "rows")


def fill(shared: SharedRows, readings: int) -> None:
    for _ in range(readings):
        reading = shared.head() + 1
        shared.publish(reading, [text_of(reading, at) for at in range(2)])


def assert_complete(folder: Path, rows: Rows | SharedRows, after: int = 0) -> Index:
    """A process that starts now finds every passage published after a number, and each once."""
    index = Index.open(folder, MODEL, DIMENSION)
    index.catch_up(rows)
    seen = np.arange(1, rows.head() + 1)
    for _, entries in rows.entries_after(after, rows.head()):
        for at, each in enumerate(entries):
            hits = index.search(name_of(each.reading_id, at), each.vector, seen, 1)
            assert [hit.passage_id for hit in hits] == [each.passage_id]
    assert index.passages == sum(len(e) for _, e in rows.entries_after(0, rows.head()))
    return index


def test_one_process_folds_while_others_search(folder: Path, shared: SharedRows, tmp_path: Path):
    fill(shared, 3)
    done = tmp_path / "done"
    searchers = [start(SEARCH, folder, tmp_path / "rows", done) for _ in range(2)]
    for searcher in searchers:
        assert searcher.stdout.readline() == "ready\n"
    for _ in range(12):
        fill(shared, 2)
        fold(folder, MODEL, DIMENSION, shared)
    done.touch()
    for searcher in searchers:
        printed, _ = searcher.communicate(timeout=100)
        assert searcher.returncode == 0
        searches, generations = map(int, printed.split())
        assert searches
        assert generations
    assert_complete(folder, shared)


def test_there_is_one_writer(folder: Path, shared: SharedRows, tmp_path: Path) -> None:
    fill(shared, 2)
    with writing(folder):
        with pytest.raises(FoldingBusy):
            fold(folder, MODEL, DIMENSION, shared)
        other = run(FOLD, folder, tmp_path / "rows", 0)
        assert "FoldingBusy" in other.stderr
    assert fold(folder, MODEL, DIMENSION, shared).watermark == 2


def test_the_lock_ends_with_a_killed_writer(folder: Path, shared: SharedRows) -> None:
    fill(shared, 2)
    holder = start(
        "import sys, time\n"
        "from pathlib import Path\n"
        "from indexing.generation import writing\n"
        "with writing(Path(sys.argv[1])):\n"
        "    print('held', flush=True)\n"
        "    time.sleep(100)\n",
        folder,
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(FoldingBusy):
        fold(folder, MODEL, DIMENSION, shared)
    holder.kill()
    holder.communicate()
    assert fold(folder, MODEL, DIMENSION, shared).watermark == 2


def files_of(folder: Path) -> list[Path]:
    """One file of each kind the index is made of."""
    kinds: dict[str, Path] = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix != ".lock" and path.stat().st_size > 8:
            kinds[path.suffix or path.name] = path
    return list(kinds.values())


@pytest.mark.parametrize("harm", ["flip", "cut", "delete", "empty"])
def test_damage_is_noticed_answered_from_rows_and_repaired(folder: Path, harm: str) -> None:
    rows = Rows()
    rows.fill(12)
    fold(folder, MODEL, DIMENSION, rows)
    rows.fill(3)
    manifest = fold(folder, MODEL, DIMENSION, rows)
    assert len(manifest.segments) == 2
    kinds = [path.suffix or path.name for path in files_of(folder)]
    assert len(kinds) >= 8
    for kind in kinds:
        (path,) = (p for p in files_of(folder) if kind in (p.suffix, p.name))
        spoil(path, harm)
        rows.fill(1)
        index = assert_complete(folder, rows)
        # Without a name of the current generation nothing was folded, as far as anybody can tell.
        nameless = path.name == "current" and harm in ("delete", "empty")
        assert (index.damage is None) == nameless, path
        fold(folder, MODEL, DIMENSION, rows)
        assert assert_complete(folder, rows).damage is None, path


def spoil(path: Path, harm: str) -> None:
    whole = path.read_bytes()
    if harm == "delete":
        path.unlink()
        return
    middle = len(whole) // 2
    spoiled = {
        "flip": whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :],
        "cut": whole[:-1],
        "empty": b"",
    }[harm]
    # A hard link of an older generation shares the bytes: replace, as damage to one would show.
    path.unlink()
    path.write_bytes(spoiled)


def test_only_what_is_damaged_is_written_again(folder: Path) -> None:
    rows = Rows()
    rows.fill(40)
    first = fold(folder, MODEL, DIMENSION, rows)
    rows.fill(5)
    second = fold(folder, MODEL, DIMENSION, rows)
    newer = folder / "generations" / f"{second.generation:06}" / second.segments[1].name
    spoil(newer / "readings.npy", "flip")
    repaired = fold(folder, MODEL, DIMENSION, rows)
    assert repaired.segments[0] == first.segments[0]
    assert repaired.segments[1] != second.segments[1]
    assert_complete(folder, rows)


def test_a_manifest_of_another_program_version_is_rebuilt(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = Rows()
    rows.fill(3)
    monkeypatch.setattr("indexing.folding.TOKENS_VERSION", 0)
    fold(folder, MODEL, DIMENSION, rows)
    monkeypatch.undo()
    index = assert_complete(folder, rows)
    assert index.damage is not None
    assert index.damage.reason == "outdated"
    fold(folder, MODEL, DIMENSION, rows)
    assert assert_complete(folder, rows).damage is None


@pytest.mark.parametrize(
    ("limit", "passages", "words"),
    [(0, 1, 1), (3_000, 200, 1), (3_210, 100, 1), (60_000, 2, 20_000)],
    ids=["nothing can be written", "rows", "vectors", "words"],
)
def test_a_full_disk_leaves_the_current_generation(
    folder: Path, shared: SharedRows, tmp_path: Path, limit: int, passages: int, words: int
) -> None:
    fill(shared, 4)
    first = fold(folder, MODEL, DIMENSION, shared)
    text = " ".join(f"{number:x}" for number in range(words))
    shared.publish(5, [f"{text_of(5, at)} {text}" for at in range(passages)])
    full = run(
        f"import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))\n{FOLD}",
        folder,
        tmp_path / "rows",
        0,
    )
    assert full.returncode == 1
    assert "OSError" in full.stderr
    assert current_manifest(folder) == first
    assert fold(folder, MODEL, DIMENSION, shared).watermark == shared.head()
    assert_complete(folder, shared)
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY


def test_a_manifest_reads_what_it_wrote(folder: Path) -> None:
    rows = Rows()
    rows.fill(2)
    manifest = fold(folder, MODEL, DIMENSION, rows)
    assert Manifest.from_bytes(manifest.to_bytes()) == manifest
    assert manifest.passages == 4
    for nonsense in (b"", b"{}", b"[]", b"null", b'{"segments": [{}]}'):
        with pytest.raises((ValueError, KeyError, TypeError)):
            Manifest.from_bytes(nonsense)
