"""What only a folder can show: rights, links, full disks, and processes killed while writing."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage import BlobStore, DiskFull, StoreNotWritable, open_store
from storage.local import LocalStore

LIMIT = 1 << 30
ROOT = Path(__file__).parents[2]


def local(root: Path, reserve: int = 0) -> BlobStore:
    return open_store(str(root), reserve=reserve)


def put(store: BlobStore, content: bytes) -> str:
    return store.put(io.BytesIO(content), LIMIT).digest


def blobs(root: Path) -> list[Path]:
    return sorted(root.glob("??/??/*"))


@pytest.mark.parametrize("prefix", ["", "file://", "file://localhost"])
def test_a_path_and_a_file_url_name_the_same_store(tmp_path, prefix):
    digest = put(local(tmp_path / "my blobs"), b"here")
    quoted = str(tmp_path / "my blobs").replace(" ", "%20") if prefix else tmp_path / "my blobs"
    assert open_store(f"{prefix}{quoted}").exists(digest)


@pytest.mark.parametrize(
    "url",
    ["", "http://host/x", "ftp://x/y", "file://", "file:///", "file://host/path", "s3://",
     "s3:///prefix", "s3://bucket/p?endpoind=typo"],
)  # fmt: skip
def test_other_addresses_are_refused(url):
    with pytest.raises(ValueError):
        open_store(url)


def test_opening_creates_nothing(tmp_path):
    store = local(tmp_path / "later")
    assert list(store.digests()) == []
    assert store.sweep(0) == 0
    assert not (tmp_path / "later").exists()


def test_a_blob_is_a_read_only_file_in_two_levels(tmp_path):
    digest = put(local(tmp_path), b"sealed")
    path = tmp_path / digest[:2] / digest[2:4] / digest
    assert stat.S_IMODE(path.stat().st_mode) == 0o444
    assert path.stat().st_nlink == 1
    assert os.listdir(tmp_path / "temporary") == []


def test_strange_files_are_no_blobs(tmp_path):
    store = local(tmp_path)
    digest = put(store, b"x")
    (tmp_path / "ab").mkdir(exist_ok=True)
    (tmp_path / "ab" / "notes.txt").write_text("?")
    misplaced = tmp_path / digest[:2] / digest[2:4] / ("f" * 64)
    misplaced.write_text("not below its own folder")
    (misplaced.parent / ".DS_Store").write_text("?")
    assert list(store.digests()) == [digest]


def test_a_repeated_put_leaves_the_file_alone(tmp_path):
    store = local(tmp_path)
    put(store, b"once")
    before = blobs(tmp_path)[0].stat().st_ino
    put(store, b"once")
    assert blobs(tmp_path)[0].stat().st_ino == before


def test_a_reader_keeps_its_bytes_while_the_blob_goes(tmp_path):
    store = local(tmp_path)
    digest = put(store, b"still here")
    with store.open(digest) as stream:
        store.remove(digest)
        assert stream.read() == b"still here"


def test_a_file_system_without_links_will_do(tmp_path, monkeypatch):
    def refuse(*_: object) -> None:
        raise OSError(errno.EPERM, "no links here")

    monkeypatch.setattr(os, "link", refuse)
    store = local(tmp_path)
    digest = put(store, b"renamed")
    assert put(store, b"renamed") == digest
    store.verify(digest)
    assert os.listdir(tmp_path / "temporary") == []


@pytest.mark.parametrize("obstacle", ["root is a file", "no such device", "fan-out is a file"])
def test_a_place_that_cannot_be_written_is_named(tmp_path, obstacle):
    root = tmp_path / "store"
    if obstacle == "root is a file":
        root.write_text("in the way")
    elif obstacle == "no such device":
        root = Path("/proc/1/blobs")
    else:
        store = local(root)
        digest = put(store, b"first")
        store.remove(digest)
        (root / digest[:2] / digest[2:4]).rmdir()
        (root / digest[:2]).rmdir()
        (root / digest[:2]).write_text("in the way")
    with pytest.raises(StoreNotWritable) as error:
        local(root).put(io.BytesIO(b"first"), LIMIT)
    assert str(root) in error.value.facts["location"]


@pytest.fixture
def small_disk(tmp_path) -> Iterator[Path]:
    """A real disk of 2 MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("only root may mount a small disk")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_a_disk_that_runs_full_is_told_and_cleaned(small_disk):
    store = local(small_disk)
    kept = put(store, bytes(500_000))
    with pytest.raises(DiskFull) as error:
        put(store, os.urandom(4_000_000))
    assert error.value.facts["free"] < 2_000_000
    assert os.listdir(small_disk / "temporary") == []
    store.verify(kept)
    put(store, b"and there is room again")


def test_the_kernels_own_word_is_understood(small_disk, monkeypatch):
    """Somebody else takes the space between the look and the write."""
    monkeypatch.setattr("storage.spool.Spool._check_space", lambda *_: None)
    with pytest.raises(DiskFull):
        put(local(small_disk), os.urandom(4_000_000))
    assert os.listdir(small_disk / "temporary") == []


@contextlib.contextmanager
def writer(root: Path, kind: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-W", "error", "-m", "tests.storage.writer", str(root), kind]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def test_a_killed_upload_leaves_no_half_blob(tmp_path):
    with writer(tmp_path, "endless") as process:
        assert process.stdout.readline() == "writing\n"
        (leftover,) = (tmp_path / "temporary").iterdir()
        store = local(tmp_path)
        os.utime(leftover, (0, 0))
        assert store.sweep(60) == 0, "its writer lives"
    assert blobs(tmp_path) == []
    os.utime(leftover, (0, 0))
    assert store.sweep(60) == 1
    assert os.listdir(tmp_path / "temporary") == []


@pytest.mark.parametrize("moment", [0.0, 0.013, 0.031, 0.07])
def test_a_kill_at_any_moment_loses_nothing_confirmed(tmp_path, moment):
    with writer(tmp_path, "many") as process:
        confirmed = [process.stdout.readline().split()[1] for _ in range(3)]
        time.sleep(moment)
        process.kill()
        rest = process.communicate()[0]
    confirmed += [line.split()[1] for line in rest.splitlines() if len(line.split()[-1]) == 64]
    store = local(tmp_path)
    assert set(confirmed) <= set(store.digests())
    for digest in store.digests():
        store.verify(digest)
    store.sweep(0)
    assert os.listdir(tmp_path / "temporary") == []


def test_two_processes_share_a_store(tmp_path):
    with writer(tmp_path, "many") as one, writer(tmp_path, "many") as other:
        lines = [process.stdout.readline() for _ in range(10) for process in (one, other)]
    told = {line.split()[1] for line in lines}
    store = local(tmp_path)
    assert told <= set(store.digests())
    for digest in told:
        store.verify(digest)


def test_a_large_stream_needs_little_memory(tmp_path):
    script = (
        "import resource, sys; from storage.local import LocalStore; from pathlib import Path\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "with open('/dev/zero', 'rb') as zero:\n"
        "    class Part:\n"
        "        left = 200_000_000\n"
        "        def read(self, n):\n"
        "            n = min(n, self.left); self.left -= n; return zero.read(n)\n"
        "    LocalStore(Path(sys.argv[1]), 0).put(Part(), 1 << 30)\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)"
    )
    command = [sys.executable, "-c", script, str(tmp_path)]
    grown = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert int(grown) < 16 * 1024, "kilobytes"


def test_a_local_store_is_a_blob_store(tmp_path):
    store: BlobStore = LocalStore(tmp_path)
    assert list(store.digests()) == []
