"""Removing an index of before each model had a folder of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from indexing.folding import fold
from indexing.generation import open_generation, writing
from indexing.older_layout import remove_older
from tests.indexing.rows import DIMENSION, MODEL, Rows, entry, name_of


@pytest.fixture
def rows() -> Rows:
    rows = Rows()
    for number in range(1, 4):
        rows.publish(entry(number * 100, number, f"text {name_of(number, 0)}"))
    return rows


@pytest.fixture
def folder(tmp_path: Path, rows: Rows) -> Path:
    """The folder of all models, with an index in it and directly above it one of before."""
    for place in (tmp_path, tmp_path / "model-0123456789ab"):
        fold(place, MODEL, DIMENSION, rows)
    return tmp_path


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_it_goes_and_the_index_of_the_model_stays(folder: Path) -> None:
    (folder / "generations" / ".building").mkdir()
    (folder / "current.new").write_bytes(b"half")
    assert remove_older(folder) > 0
    assert names(folder) == ["model-0123456789ab"]
    opened = open_generation(folder / "model-0123456789ab", MODEL, DIMENSION, {})
    assert (opened.damage, opened.watermark) == (None, 3)
    assert remove_older(folder) == 0


def test_killed_in_the_middle_it_goes_on(folder: Path) -> None:
    (folder / "current").unlink()
    assert remove_older(folder) > 0
    assert names(folder) == ["model-0123456789ab"]


@pytest.mark.parametrize("stranger", ["generations/holiday", "generations/notes.txt"])
def test_with_anything_else_among_it_all_stays(folder: Path, stranger: str) -> None:
    path = folder / stranger
    path.write_text("mine") if path.suffix else path.mkdir()
    before = names(folder)
    assert remove_older(folder) == 0
    assert names(folder) == before
    assert path.exists()


def test_another_file_of_that_name_is_no_pointer(folder: Path) -> None:
    (folder / "current").write_text("the present state of affairs")
    assert remove_older(folder) == 0
    assert (folder / "generations").is_dir()


def test_links_are_not_followed(folder: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    (folder / "generations").rename(elsewhere)
    (folder / "generations").symlink_to(elsewhere)
    assert remove_older(folder) == 0
    assert names(elsewhere)


def test_what_a_program_of_before_is_writing_stays(folder: Path) -> None:
    with writing(folder):
        assert remove_older(folder) == 0
    assert (folder / "current").exists()


def test_nothing_there(tmp_path: Path) -> None:
    assert remove_older(tmp_path / "index") == 0
    assert not (tmp_path / "index").exists()
