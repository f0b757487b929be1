"""The supervisor with real children: every test starts processes and looks at what is left."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from portal.supervisor import FolderLock, FolderLocked, RestartPolicy, end_leftovers
from portal.supervisor.leftovers import started, write_pid_file
from tests.platform.processes import alive, running, wait_for

SUPERVISE = """
import json, sys
from pathlib import Path
from portal.supervisor import ChildSpec, GaveUp, RestartPolicy, Supervisor

folder = Path(sys.argv[1])
specs = []
for entry in json.loads(sys.argv[2]):
    ready = entry.pop("ready", None)
    specs.append(ChildSpec(**entry, ready=(folder / ready).exists if ready else None))
say = lambda name, line: print(f"{name}| {line}", flush=True)
policy = RestartPolicy(first_seconds=0.05, longest_seconds=0.1, limit=3)
try:
    Supervisor(specs, folder, say, policy).run(lambda: print("READY", flush=True))
except GaveUp as error:
    sys.exit(f"GAVE UP {error.name} after {error.times}: {error.last_line}")
print("STOPPED", flush=True)
"""
PYTHON = [sys.executable, "-S", "-E", "-u", "-c"]
SLEEP = "import time; print('hello', flush=True); time.sleep(600)"
STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, lambda *_: print('no'));"
    "print('hello', flush=True)\nwhile True: time.sleep(1)"
)


def child(name: str, program: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "command": [*PYTHON, program], **more}


class Supervised:
    """A supervisor in a process of its own, its folder and what it printed."""

    def __init__(self, process: subprocess.Popen[bytes], folder: Path, output: Path) -> None:
        self.process = process
        self.folder = folder
        self.output = output

    @property
    def text(self) -> str:
        return self.output.read_text()

    def pid(self, name: str) -> int:
        path = self.folder / f"{name}.pid"
        return int(wait_for(lambda: path.exists() and path.read_text()).split()[0])

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(20)


@contextlib.contextmanager
def supervised(tmp_path: Path, *children: dict[str, Any]) -> Iterator[Supervised]:
    folder = tmp_path / "run"
    folder.mkdir()
    command = [sys.executable, "-c", SUPERVISE, str(folder), json.dumps(children)]
    with running(command, tmp_path / "output") as process:
        yield Supervised(process, folder, tmp_path / "output")


def test_starts_in_order_and_stops_in_reverse_order(tmp_path: Path) -> None:
    tell = (
        "import signal, sys, time, pathlib\n"
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(print('bye')))\n"
        "time.sleep(0.2); pathlib.Path(sys.argv[1]).touch(); print('up'); time.sleep(600)"
    )
    first = child("first", tell, ready="first.ready")
    second = child("second", tell, ready="second.ready")
    for entry in (first, second):
        entry["command"].append(str(tmp_path / "run" / entry["ready"]))
    with supervised(tmp_path, first, second) as it:
        wait_for(lambda: "READY" in it.text)
        pids = [it.pid("first"), it.pid("second")]
        assert it.end() == 0
        assert it.text.splitlines() == [
            "first| up",
            "second| up",
            "READY",
            "second| bye",
            "first| bye",
            "STOPPED",
        ]
        assert not any(map(alive, pids))
        assert not list(it.folder.glob("*.pid"))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_each_stop_signal_stops(tmp_path: Path, number: signal.Signals) -> None:
    with supervised(tmp_path, child("one", SLEEP)) as it:
        wait_for(lambda: "one| hello" in it.text)
        pid = it.pid("one")
        assert it.end(number) == 0
        assert not alive(pid)


def test_stop_while_a_child_is_not_ready(tmp_path: Path) -> None:
    with supervised(tmp_path, child("one", SLEEP, ready="never"), child("two", SLEEP)) as it:
        wait_for(lambda: "one| hello" in it.text)
        assert it.end() == 0
        assert "READY" not in it.text
        assert "two|" not in it.text


def test_killed_child_starts_again(tmp_path: Path) -> None:
    with supervised(tmp_path, child("one", SLEEP)) as it:
        wait_for(lambda: "one| hello" in it.text)
        old = it.pid("one")
        os.kill(old, signal.SIGKILL)
        wait_for(lambda: it.text.count("one| hello") == 2)
        assert "one| ended (signal SIGKILL); starting again in 0.05 s" in it.text
        new = it.pid("one")
        assert new != old
        assert alive(new)
        assert it.end() == 0


def test_gives_up_after_repeated_failures_and_leaves_nothing(tmp_path: Path) -> None:
    broken = child("two", "print('the cause'); raise SystemExit(7)")
    with supervised(tmp_path, child("one", SLEEP), broken) as it:
        pid = it.pid("one")
        assert it.process.wait(20) == 1
        assert "GAVE UP two after 3: the cause" in it.text
        assert it.text.count("two| ended (status 7)") == 2
        assert not alive(pid)


def test_stubborn_child_is_killed_in_time(tmp_path: Path) -> None:
    with supervised(tmp_path, child("one", STUBBORN, stop_seconds=0.3)) as it:
        wait_for(lambda: "one| hello" in it.text)
        pid = it.pid("one")
        assert it.end() == 0
        assert "one| did not end in time and is killed" in it.text
        assert not alive(pid)


def test_second_interrupt_does_not_wait(tmp_path: Path) -> None:
    with supervised(tmp_path, child("one", STUBBORN, stop_seconds=60)) as it:
        wait_for(lambda: "one| hello" in it.text)
        pid = it.pid("one")
        it.process.send_signal(signal.SIGINT)
        wait_for(lambda: "one| no" in it.text)
        assert it.end(signal.SIGINT) == 0
        assert not alive(pid)


def test_grandchildren_end_with_a_killed_child(tmp_path: Path) -> None:
    program = (
        "import os, time\n"
        "if os.fork() == 0: print('grandchild', os.getpid(), flush=True)\n"
        "time.sleep(600)"
    )
    with supervised(tmp_path, child("one", program)) as it:
        line = wait_for(lambda: [x for x in it.text.splitlines() if "grandchild" in x])[0]
        grandchild = int(line.split()[-1])
        assert it.end() == 0
        wait_for(lambda: not alive(grandchild))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends children with their parent")
def test_no_orphans_after_kill_9(tmp_path: Path) -> None:
    with supervised(tmp_path, child("one", SLEEP), child("two", STUBBORN)) as it:
        wait_for(lambda: "two| hello" in it.text)
        pids = [it.pid("one"), it.pid("two")]
        assert it.end(signal.SIGKILL) == -signal.SIGKILL
        wait_for(lambda: not any(map(alive, pids)), 5)


OUTPUT = [
    ("print('a'); print('b')", ["a", "b"]),
    ("print('no line break at the end', end='')", ["no line break at the end"]),
    ("import sys; sys.stderr.write('to the error stream')", ["to the error stream"]),
    ("print('交接门户')", ["交接门户"]),
    (r"import os; os.write(1, b'not \xff utf-8\n')", ["not \ufffd utf-8"]),
    ("print('x' * 70000)", ["x" * 70000]),
    ("print('y' * 300000)", None),
]


@pytest.mark.parametrize(("program", "lines"), OUTPUT)
def test_every_word_of_a_child_is_forwarded(
    tmp_path: Path, program: str, lines: list[str] | None
) -> None:
    entry = {"name": "one", "command": [sys.executable, "-X", "utf8", "-c", program]}
    with supervised(tmp_path, entry) as it:
        it.process.wait(20)
        said = it.text.partition("one| ended")[0].splitlines()
    written = "".join(line.removeprefix("one| ") for line in said if line != "READY")
    assert written == ("y" * 300000 if lines is None else "".join(lines))


def test_missing_program_stops_what_runs_already(tmp_path: Path) -> None:
    missing = {"name": "two", "command": [str(tmp_path / "not-there")]}
    with supervised(tmp_path, child("one", SLEEP, ready="two.pid"), missing) as it:
        (it.folder / "two.pid").write_text("")
        assert it.process.wait(20) == 1
        assert "FileNotFoundError" in it.text
        wait_for(lambda: "one" not in [path.stem for path in it.folder.glob("*.pid")])


def test_closed_terminal_stops_everything(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    chatty = child("one", "import time\nwhile True: print('x', flush=True); time.sleep(0.01)")
    command = [sys.executable, "-c", SUPERVISE, str(folder), json.dumps([chatty])]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert process.stdout is not None
    assert process.stdout.readline()
    pid = int((folder / "one.pid").read_text().split()[0])
    process.stdout.close()
    process.wait(20)
    assert not alive(pid)


def test_leftover_is_ended_and_a_stranger_is_not(tmp_path: Path) -> None:
    sleeping = [*PYTHON, "import time; time.sleep(600)"]
    ours = subprocess.Popen(sleeping, process_group=0)
    stranger = subprocess.Popen(sleeping, process_group=0)
    try:
        write_pid_file(tmp_path / "worker.pid", ours.pid)
        (tmp_path / "web.pid").write_text(f"{stranger.pid} 12345")
        (tmp_path / "half.pid").write_text(str(stranger.pid))
        (tmp_path / "empty.pid").write_text("")
        (tmp_path / "gone.pid").write_text("4194999 12345")
        assert end_leftovers(tmp_path) == ["worker"]
        assert ours.wait(5) == -signal.SIGKILL
        assert stranger.poll() is None
        assert not list(tmp_path.iterdir())
    finally:
        for process in (ours, stranger):
            process.kill()
            process.wait()


def test_started_tells_processes_apart() -> None:
    assert started(os.getpid()) == started(os.getpid())
    process = subprocess.Popen([*PYTHON, "pass"])
    wait_for(lambda: not alive(process.pid))
    assert started(process.pid) is None  # a zombie has ended
    process.wait()
    assert started(process.pid) is None


def test_lock_names_its_holder_and_is_free_afterwards(tmp_path: Path) -> None:
    path = tmp_path / "run" / "lock"
    with FolderLock(path):
        with pytest.raises(FolderLocked) as caught, FolderLock(path):
            pass
        assert caught.value.holder == os.getpid()
    with FolderLock(path):
        pass


def test_lock_is_free_after_kill_9_of_its_holder(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    program = (
        "import sys, time; from pathlib import Path; from portal.supervisor import FolderLock\n"
        "with FolderLock(Path(sys.argv[1])): print('held', flush=True); time.sleep(600)"
    )
    with running([sys.executable, "-c", program, str(path)], tmp_path / "output") as process:
        wait_for(lambda: "held" in (tmp_path / "output").read_text())
        with pytest.raises(FolderLocked) as caught, FolderLock(path):
            pass
        assert caught.value.holder == process.pid
        process.kill()
        process.wait()
    with FolderLock(path):
        pass


@pytest.mark.parametrize(("failures", "seconds"), [(1, 0.5), (2, 1), (3, 2), (7, 30), (50, 30)])
def test_restart_waits_longer_each_time_up_to_a_bound(failures: int, seconds: float) -> None:
    assert RestartPolicy().delay(failures) == seconds


def test_failures_are_forgotten_after_a_steady_time(tmp_path: Path) -> None:
    program = SUPERVISE.replace("longest_seconds=0.1", "longest_seconds=0.1, steady_seconds=0.3")
    folder = tmp_path / "run"
    folder.mkdir()
    failing = child(
        "one", "import time; print('hello', flush=True); time.sleep(0.5); raise SystemExit(1)"
    )
    command = [sys.executable, "-c", program, str(folder), json.dumps([failing])]
    with running(command, tmp_path / "output") as process:
        wait_for(lambda: (tmp_path / "output").read_text().count("one| hello") >= 4)
        assert process.poll() is None
        process.terminate()
        assert process.wait(10) == 0
