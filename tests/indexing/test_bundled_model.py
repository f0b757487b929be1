"""The bundled model is built once, whole or not at all."""

from __future__ import annotations

import random
import signal
from pathlib import Path

import pytest

from indexing import bundled_model
from indexing.bundled_model import build, built, identity
from indexing.encoder import Encoder, ModelUnavailable
from indexing.packed_model import PackedModel
from tests.indexing.dying import run, start
from tests.indexing.packed import packed

BUILD = """
import sys
from pathlib import Path
from indexing import bundled_model
from tests.indexing.dying import die_at
folder, source, line = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
bundled_model.source = lambda: source
die_at(line, "bundled_model.py", "indexing/pieces.py")
bundled_model.build(folder)
"""


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small file in the place of the package's."""
    path = tmp_path / "e5-small-q4.bin"
    path.write_bytes(packed().content)
    monkeypatch.setattr(bundled_model, "source", lambda: path)
    return path


def test_built_once_and_then_left_alone(source: Path, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    assert not built(folder)
    first = build(folder)
    assert built(folder)
    before = {path.name: path.stat().st_ino for path in first.iterdir()}
    assert build(folder) == first
    assert {path.name: path.stat().st_ino for path in first.iterdir()} == before


def test_another_file_is_another_model(source: Path, tmp_path: Path) -> None:
    first, name = build(tmp_path / "model"), identity()
    source.write_bytes(packed(seed=2).content)
    assert not built(tmp_path / "model")
    assert identity() != name
    assert build(tmp_path / "model") != first


def test_another_form_takes_the_place_of_the_same_model(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, name = build(tmp_path / "model"), identity()
    monkeypatch.setattr(bundled_model, "_FORM", bundled_model._FORM + 1)
    assert not built(tmp_path / "model")
    second = build(tmp_path / "model")
    assert identity() == name
    assert (second.exists(), first.exists()) == (True, False)


@pytest.mark.parametrize("file", ["network.onnx", "network.weights", "pieces.json", "files.json"])
@pytest.mark.parametrize("harm", ["flip", "cut", "delete"])
def test_a_damaged_file_is_built_again(source: Path, tmp_path: Path, file: str, harm: str) -> None:
    folder = build(tmp_path / "model")
    whole = (folder / file).read_bytes()
    spoiled = {
        "flip": whole[:50] + bytes([whole[50] ^ 4]) + whole[51:],
        "cut": whole[:-1],
        "delete": None,
    }[harm]
    if spoiled is None:
        (folder / file).unlink()
    else:
        (folder / file).write_bytes(spoiled)
    assert build(tmp_path / "model") == folder
    assert (folder / file).read_bytes() == whole


def test_killed_at_any_line_the_next_build_succeeds(source: Path, tmp_path: Path) -> None:
    lines = int(run(BUILD, tmp_path / "counted", source, 0).stdout)
    choice = random.Random(7)
    folder = tmp_path / "model"
    for line in sorted(choice.sample(range(1, lines), 12)):
        killed = run(BUILD, folder, source, line)
        assert killed.returncode in (-signal.SIGKILL, 0), killed.stderr
        if built(folder):
            assert bundled_model._whole(build(folder)), f"built by halves at line {line}"
    assert bundled_model._whole(build(folder))
    assert [path.name for path in folder.iterdir() if path.name.startswith(".building-")] == []


def test_two_processes_build_at_once_and_both_find_it(source: Path, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    both = [start(BUILD, folder, source, 0) for _ in range(2)]
    for process in both:
        process.communicate(timeout=60)
    assert [process.returncode for process in both] == [0, 0]
    assert bundled_model._whole(build(folder))
    assert len([path for path in folder.iterdir() if path.is_dir()]) == 1


def test_a_folder_that_cannot_be_made_is_said_to_be_unusable(source: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ModelUnavailable) as error:
        Encoder.load("bundled", tmp_path / "file" / "model")
    assert error.value.reason == "folder_unusable"


def test_a_package_with_another_file_is_said_to_be_unknown(source: Path, tmp_path: Path) -> None:
    source.write_bytes(b"GGUF" + source.read_bytes()[4:])
    with pytest.raises(ModelUnavailable) as error:
        build(tmp_path / "model")
    assert error.value.reason == "package_unknown"
    assert not built(tmp_path / "model")


def test_a_missing_package_is_said_to_be_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundled_model, "_PACKAGE", "a_package_nobody_has")
    assert not built(tmp_path)
    with pytest.raises(ModelUnavailable) as error:
        build(tmp_path)
    assert error.value.reason == "package_missing"


def test_the_package_holds_the_model_this_program_was_measured_with() -> None:
    model = PackedModel.open(bundled_model.source())
    assert (model.shape.layers, model.shape.width, model.shape.positions) == (12, 384, 512)
    assert len(model.vocabulary.pieces) == 250_002
