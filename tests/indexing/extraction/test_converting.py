"""Old formats: converted where LibreOffice is installed, fenced in; otherwise said."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from indexing.extraction import Limits, converting, media
from indexing.extraction.office_start import UNFENCED
from tests.indexing.extraction.makers import read, reason, texts

FILES = Path(__file__).parents[2] / "files"
WORD_6 = FILES / "word6.doc"
FOUND = converting.office()
NEEDS_OFFICE = pytest.mark.skipif(FOUND is None, reason="LibreOffice is not installed")


@NEEDS_OFFICE
def test_converted_and_read(tmp_path):
    before = set(os.listdir(tempfile.gettempdir()))
    found = read(tmp_path, "旧.doc", WORD_6.read_bytes())
    if reason(found) == "office_missing":
        pytest.skip("this system cannot fence LibreOffice in")
    assert texts(found) == ["The quick brown fox jumps over the lazy dog"]
    assert (found.status, found.media_type) == ("read", media.DOC)
    assert [warning.code for warning in found.warnings] == ["converted"]
    mine = f"handover-reading-{os.getpid()}"
    assert not [n for n in set(os.listdir(tempfile.gettempdir())) - before if n.startswith(mine)]


@pytest.mark.parametrize(
    ("name", "data", "media_type"),
    [
        ("a.doc", WORD_6.read_bytes(), media.DOC),
        ("a.doc", b"\xdb\xa5\x2d\x00" + bytes(600), media.DOC),
        ("a.xls", b"\x09\x04\x06\x00" + bytes(600), media.XLS),
        ("a.wpd", b"\xffWPC" + bytes(600), media.WORD_PERFECT),
    ],
)
def test_without_it_the_reason_says_so(tmp_path, monkeypatch, name, data, media_type):
    monkeypatch.setattr(converting, "office", lambda: None)
    found = read(tmp_path, name, data)
    assert (found.status, found.media_type, reason(found)) == (
        "failed",
        media_type,
        "office_missing",
    )


def test_too_slow_a_conversion_is_ended(tmp_path, monkeypatch):
    """The program and its folder are gone; what a beat raises comes through."""
    monkeypatch.setattr(converting, "office", lambda: Path("/bin/sleep"))
    monkeypatch.setattr(converting, "_BOOT", "import time; time.sleep(60)")
    begin = time.monotonic()
    found = read(tmp_path, "a.doc", WORD_6.read_bytes(), seconds=2)
    assert (reason(found), time.monotonic() - begin < 20) == ("reader_timed_out", True)

    def cancelled() -> None:
        raise KeyError

    with (
        pytest.raises(KeyError),
        converting.converted(WORD_6, media.DOC, Limits(), cancelled),
    ):
        pass
    assert not list(Path(tempfile.gettempdir()).glob(f"handover-reading-{os.getpid()}-*"))


def test_the_program_reaches_nothing_outside(tmp_path):
    """No file, no secret of another process, no network; it writes in its folder alone."""
    (tmp_path / "secret").write_text("secret")
    folder = tmp_path / "inside"
    folder.mkdir()
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        script = (
            f"cat {tmp_path}/secret; cat /proc/$PPID/environ; echo > {tmp_path}/made;"
            f"(echo > /dev/tcp/127.0.0.1/{port}) && echo connected; echo done > /tmp/result"
        )
        job = {
            "folder": str(folder),
            "seconds": 10,
            "memory_bytes": 1 << 30,
            "file_bytes": 1 << 20,
            "command": ["/bin/bash", "-c", script],
        }
        command = [sys.executable, "-I", "-S", "-c", converting._BOOT, converting._ROOT]
        done = subprocess.run([*command, json.dumps(job)], capture_output=True, timeout=30)
    if done.returncode == UNFENCED:
        pytest.skip("this system has no Landlock or no namespaces")
    assert (done.stdout, (folder / "result").read_text()) == (b"", "done\n")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["inside", "secret"]
