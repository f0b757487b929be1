"""The reading process: what it may not do, and what becomes of one that misbehaves."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from indexing.extraction import Limits, clear_abandoned, extract, process
from indexing.extraction.process import ReaderEnded, run
from indexing.extraction.sink import Sink
from tests.indexing.extraction.makers import docx

ROOT = Path(__file__).parents[3]


def confined(code: str) -> subprocess.CompletedProcess[str]:
    """Run code after the reading process's own confinement."""
    start = "from indexing.extraction.sandbox import confine; confine(60, 1 << 30, 0, 1 << 20)\n"
    return subprocess.run(
        [sys.executable, "-c", start + code], cwd=ROOT, capture_output=True, text=True, timeout=60
    )


@pytest.mark.parametrize(
    "code",
    [
        "import socket; socket.create_connection(('127.0.0.1', 9))",
        "import socket; socket.getaddrinfo('example.com', 80)",
        "import socket; socket.socket(socket.AF_UNIX).connect('/run/x')",
        "import subprocess; subprocess.run(['true'])",
        "import os; os.system('true')",
        "import os; os.fork()",
        "import os; os.execv('/bin/true', ['true'])",
    ],
)
def test_refused(code):
    done = confined(code)
    assert done.returncode != 0
    assert "refused while a file is read" in done.stderr


def test_memory_and_file_size_are_bounded(tmp_path):
    assert "MemoryError" in confined("x = bytearray(2 << 30)").stderr
    done = confined(f"open({str(tmp_path / 'big')!r}, 'wb').write(bytes(2 << 20))")
    assert "OSError" in done.stderr


def test_nothing_is_left_behind(tmp_path):
    def folders() -> set[str]:
        return {name for name in os.listdir(tempfile.gettempdir()) if str(os.getpid()) in name}

    before = folders()
    with pytest.raises(ReaderEnded):
        run(
            {"do": "read", "path": "/nonexistent", "filename": "x", "password": None},
            Limits(),
            print,
        )
    assert folders() == before


def test_a_job_it_does_not_understand_is_a_crash():
    with pytest.raises(ReaderEnded) as ended:
        run({"do": "read"}, Limits(), print)
    assert ended.value.notice.code == "reader_crashed"


def test_time_is_bounded(tmp_path):
    path = tmp_path / "file"
    path.write_text("x")
    job = {"do": "read", "path": str(path), "filename": "x", "password": None}
    with pytest.raises(ReaderEnded) as ended:
        run(job, Limits(seconds=0.0001), print)
    assert ended.value.notice.code == "reader_timed_out"


def test_who_started_a_silent_reader_is_asked_whether_to_go_on(tmp_path, monkeypatch):
    monkeypatch.setattr(process, "BEAT_SECONDS", 0.1)
    path = tmp_path / "file"
    path.write_bytes(docx("<w:p/>" * 2_000_000))
    told = []

    def stop_at_the_third(done: int, total: int | None) -> None:
        told.append((done, total))
        if len(told) == 3:
            raise InterruptedError

    begin = time.monotonic()
    with pytest.raises(InterruptedError):
        extract(path, "a.docx", progress=stop_at_the_third)
    assert told == [(0, None)] * 3
    assert time.monotonic() - begin < 5


def test_folders_of_the_dead_are_cleared():
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    dead = Path(tempfile.mkdtemp(prefix=f"handover-reading-{process.pid}-"))
    mine = Path(tempfile.mkdtemp(prefix=f"handover-reading-{os.getpid()}-"))
    try:
        assert clear_abandoned() >= 1
        assert not dead.exists()
        assert mine.exists()
    finally:
        mine.rmdir()


def test_library_that_gives_up_without_memory(tmp_path):
    """It ends by the signal of a defect; only its last words tell."""
    trace = tmp_path / "trace"
    trace.write_bytes(b"memory allocation of 13693354080 bytes failed\n")
    child = SimpleNamespace(status=lambda seconds: -signal.SIGABRT)
    for words, code in ((trace.read_bytes(), "reader_out_of_memory"), (b"", "reader_crashed")):
        trace.write_bytes(words)
        with pytest.raises(ReaderEnded) as caught:
            process._judge(child, None, Limits(), trace)
        assert caught.value.notice.code == code


def test_a_name_with_half_of_a_surrogate_pair_is_handed_over():
    lines: list[bytes] = []
    Sink(lines.append, Limits()).warn("part_not_read", part="a\ud83d.doc", reason="corrupt")
    (message,) = map(json.loads, lines)
    assert message["warning"]["facts"] == {"part": "a?.doc", "reason": "corrupt"}
