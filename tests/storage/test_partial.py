"""Partial files: what is kept when lines break, processes die and two write at once."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage import (
    BlobTooLarge,
    DiskFull,
    PartialBusy,
    PartialFiles,
    PartialMissing,
    WrongOffset,
)

CONTENT = bytes(range(256)) * 40


@pytest.fixture
def files(tmp_path: Path) -> PartialFiles:
    return PartialFiles(tmp_path / "partial", reserve=0)


class Breaking(io.RawIOBase):
    """Gives some bytes, then breaks."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    def read(self, size: int = -1) -> bytes:
        if not self.content:
            raise ConnectionResetError
        given, self.content = self.content[:7], self.content[7:]
        return given


@settings(max_examples=30, deadline=None)
@given(cuts=st.lists(st.integers(0, len(CONTENT)), max_size=6))
def test_pieces_of_any_size_are_the_file(
    tmp_path_factory: pytest.TempPathFactory, cuts: list[int]
) -> None:
    files = PartialFiles(tmp_path_factory.mktemp("partial"), reserve=0)
    partial = files.begin(len(CONTENT), {"who": "七"})
    ends = [*sorted(cuts), len(CONTENT)]
    for end in ends:
        assert not partial.complete or partial.offset == len(CONTENT)
        partial = files.append(
            partial.name, partial.offset, io.BytesIO(CONTENT[partial.offset : end])
        )
        assert partial.offset == end
    assert partial.complete
    assert partial.facts == {"who": "七"}
    with files.opened(partial.name) as stream:
        assert stream.read() == CONTENT


def test_what_came_before_the_line_broke_is_kept(files: PartialFiles) -> None:
    name = files.begin(len(CONTENT), {}).name
    with pytest.raises(ConnectionResetError):
        files.append(name, 0, Breaking(CONTENT[:100]))
    assert files.find(name).offset == 100
    assert files.append(name, 100, io.BytesIO(CONTENT[100:])).complete


def test_more_than_announced_is_refused_and_not_kept(files: PartialFiles) -> None:
    name = files.begin(10, {}).name
    with pytest.raises(BlobTooLarge):
        files.append(name, 0, io.BytesIO(b"x" * 11))
    assert files.find(name).offset <= 10


def test_a_wrong_offset_changes_nothing(files: PartialFiles) -> None:
    name = files.begin(10, {}).name
    files.append(name, 0, io.BytesIO(b"abc"))
    for offset in (0, 2, 4, 10):
        with pytest.raises(WrongOffset) as caught:
            files.append(name, offset, io.BytesIO(b"defg"))
        assert caught.value.facts == {"offset": 3}
    assert files.find(name).offset == 3


def test_two_at_once(files: PartialFiles) -> None:
    name = files.begin(10, {}).name
    with files.opened(name), pytest.raises(PartialBusy):
        files.append(name, 0, io.BytesIO(b"abc"))


def test_no_room(files: PartialFiles) -> None:
    full = PartialFiles(files.folder, reserve=2**60)
    with pytest.raises(DiskFull):
        full.begin(10, {})
    name = files.begin(10, {}).name
    with pytest.raises(DiskFull):
        full.append(name, 0, io.BytesIO(b"abc"))
    assert files.append(name, 0, io.BytesIO(b"0123456789")).complete


@pytest.mark.parametrize("name", ["", "a", "..", "../secret", "0" * 31, "0" * 33, "G" * 32])
def test_names_that_are_none(files: PartialFiles, name: str) -> None:
    with pytest.raises(PartialMissing):
        files.find(name)
    files.remove(name)


def test_removed_is_gone(files: PartialFiles) -> None:
    name = files.begin(10, {}).name
    files.remove(name)
    files.remove(name)
    with pytest.raises(PartialMissing):
        files.append(name, 0, io.BytesIO(b"abc"))
    assert list(files.folder.iterdir()) == []


def test_the_sweep_takes_what_nobody_goes_on_with(files: PartialFiles) -> None:
    old, young = files.begin(10, {}), files.begin(10, {})
    yesterday = time.time() - 86_400
    for path in files.folder.iterdir():
        os.utime(path, (yesterday, yesterday))
    files.append(young.name, 0, io.BytesIO(b"abc"))
    assert files.sweep(3600) == 1
    assert files.find(young.name).offset == 3
    with pytest.raises(PartialMissing):
        files.find(old.name)
    assert len(list(files.folder.iterdir())) == 2


def test_a_writer_that_is_killed_frees_its_file(files: PartialFiles) -> None:
    name = files.begin(10, {}).name
    program = (
        "import sys, time, pathlib; from storage import PartialFiles\n"
        "with PartialFiles(pathlib.Path(sys.argv[1]), 0).opened(sys.argv[2]):\n"
        "    print('held', flush=True); time.sleep(60)\n"
    )
    command = [sys.executable, "-c", program, str(files.folder), name]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]) as writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        with pytest.raises(PartialBusy):
            files.append(name, 0, io.BytesIO(b"abc"))
        writer.kill()
    assert files.append(name, 0, io.BytesIO(b"abc")).offset == 3
