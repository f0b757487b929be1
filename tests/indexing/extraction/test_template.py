"""The template of reading processes: whom it outlives, and what its end costs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from indexing.extraction import Limits, Status, extract
from indexing.extraction.template import template

ROOT = Path(__file__).parents[3]


@pytest.fixture
def letter(tmp_path: Path) -> Path:
    path = tmp_path / "letter.txt"
    path.write_text("A letter.")
    return path


def text(path: Path) -> str:
    return extract(path, path.name).blocks[0].text


def ended(pid: int) -> bool:
    """Wait until a process is gone or waits to be collected."""
    for _ in range(200):
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except FileNotFoundError:
            return True
        time.sleep(0.05)
    return False


def child_of(pid: int) -> int:
    while not (children := Path(f"/proc/{pid}/task/{pid}/children").read_text().split()):
        time.sleep(0.001)
    return int(children[0])


def template_pid() -> int:
    assert template._process is not None
    return template._process.pid


def test_it_runs_one_thread_and_sees_no_network(letter):
    assert text(letter) == "A letter."
    status = Path(f"/proc/{template_pid()}/status").read_text()
    assert "Threads:\t1\n" in status
    assert os.readlink(f"/proc/{template_pid()}/ns/net") != os.readlink("/proc/self/ns/net")


def test_a_template_that_was_killed_is_started_again(letter):
    text(letter)
    before = template_pid()
    os.kill(before, signal.SIGKILL)
    assert text(letter) == "A letter."
    assert template_pid() != before


def test_a_hanging_file_costs_itself_alone(letter, tmp_path):
    long = tmp_path / "long.txt"
    long.write_text("A line. " * 100_000)
    text(letter)
    before = template_pid()
    reasons = []
    thread = threading.Thread(
        target=lambda: reasons.append(extract(long, long.name, Limits(seconds=2)).reason)
    )
    thread.start()
    os.kill(child_of(before), signal.SIGSTOP)
    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(text, [letter] * 12)) == {"A letter."}
    thread.join()
    assert [reason and reason.code for reason in reasons] == ["reader_timed_out"]
    assert text(letter) == "A letter."
    assert template_pid() == before


def test_a_fork_of_its_owner_has_one_of_its_own(letter):
    """What a task queue does: its workers are forks of a process that may have read already."""
    text(letter)
    pid = os.fork()
    if not pid:
        own = -1
        try:
            good = extract(letter, letter.name).status is Status.READ
            own = template_pid()
            template.close()
        finally:
            os._exit(0 if good and own not in (-1, os.getppid()) else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert text(letter) == "A letter."


@pytest.mark.parametrize("end", ["", "os.kill(os.getpid(), 9)"])
def test_it_ends_with_its_owner(letter, end):
    code = (
        "import os, sys; from pathlib import Path; from indexing.extraction import extract\n"
        "from indexing.extraction.template import template\n"
        "extract(Path(sys.argv[1]), 'letter.txt'); print(template._process.pid, flush=True)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code + end, str(letter)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        timeout=60,
    )
    assert ended(int(done.stdout))
