"""The parent's side of the reading process: starts it, listens with a clock, cleans up."""

from __future__ import annotations

import json
import logging
import os
import selectors
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from indexing.extraction.limits import MEBIBYTE, Limits
from indexing.notice import Notice

_log = logging.getLogger(__name__)

_PREFIX = "handover-reading-"
# Isolated (-I), so that neither the environment nor the current folder can bring other code in, and
# without the `site` module (-S), which takes longer to start than a small file takes to read.
_BOOT = (
    "import sys; sys.path[:0] = sys.argv[1:]; from indexing.extraction.child import main; main()"
)
_ROOT = str(Path(__file__).resolve().parents[2])
# In the order of the search: this code, then what is installed.
_PATH = tuple(
    dict.fromkeys((_ROOT, *(sysconfig.get_paths()[name] for name in ("purelib", "platlib"))))
)
# JSON escapes a Chinese character as six bytes; places take as much again and more.
_BYTES_PER_CHARACTER = 24
_CHUNK = 1 << 16
_TRACE_BYTES = 4000

Message = dict[str, object]


class ReaderEnded(Exception):
    """The reading process ended before it was done; `notice` says how."""

    def __init__(self, notice: Notice) -> None:
        super().__init__(notice.code)
        self.notice = notice


def run(job: Mapping[str, object], limits: Limits, take: Callable[[Message], None]) -> None:
    """Run one job in a process of its own and hand each of its messages to `take`.

    A plain subprocess rather than multiprocessing: it works in the daemonic children of a task
    queue, and nothing of this process (connections, models, secrets) is inherited. Whatever
    `take` raises ends the process too. Raises ReaderEnded if it crashed, hung or wrote too much.
    """
    folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-"))
    try:
        with (folder / "trace").open("w+b") as trace:
            process = _start(job, folder, limits, trace.fileno())
            try:
                _listen(process, limits, take)
            except ReaderEnded as ended:
                _log_trace(folder / "trace", ended.notice)
                raise
            finally:
                _end(process)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def clear_abandoned() -> int:
    """Remove private folders whose owner was killed; return how many. For a worker's start."""
    removed = 0
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        owner = folder.name.removeprefix(_PREFIX).partition("-")[0]
        if owner.isdigit() and not Path("/proc", owner).exists():
            shutil.rmtree(folder, ignore_errors=True)
            removed += 1
    return removed


def _start(
    job: Mapping[str, object], folder: Path, limits: Limits, trace: int
) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [sys.executable, "-I", "-S", "-X", "utf8", "-c", _BOOT, *_PATH],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=trace,
        cwd=folder,
        env=_environment(folder),
        start_new_session=True,
        close_fds=True,
    )
    assert process.stdin is not None
    request = json.dumps({**job, "folder": str(folder), "limits": asdict(limits)})
    try:
        # On standard input, not on the command line: everybody can list command lines, and the
        # job may hold a password.
        with process.stdin as pipe:
            pipe.write(request.encode())
    except BrokenPipeError:
        pass  # It died at once; `_listen` finds out how.
    return process


def _environment(folder: Path) -> dict[str, str]:
    return {
        "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "LANG": "C.UTF-8",
        "TZ": os.environ.get("TZ", ""),
        # Each arena reserves 64 MiB of address space, which is bounded here.
        "MALLOC_ARENA_MAX": "2",
        "OMP_NUM_THREADS": "2",
    }


def _listen(
    process: subprocess.Popen[bytes], limits: Limits, take: Callable[[Message], None]
) -> None:
    """Read lines until the process ends or its time is up."""
    assert process.stdout is not None
    clock, room, failure = _Clock(limits), _room(limits), None
    # A picture is one line of megabytes: gathered in place, not copied for each piece.
    rest = bytearray()
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while True:
            if clock.left <= 0 or not selector.select(clock.left):
                raise ReaderEnded(Notice("reader_timed_out", {"seconds": round(clock.allowed)}))
            data = os.read(process.stdout.fileno(), _CHUNK)
            if not data:
                break
            room -= len(data)
            if room < 0:
                raise ReaderEnded(Notice("reader_crashed", {"error": "too much output"}))
            rest += data
            if b"\n" in data:
                *lines, last = bytes(rest).split(b"\n")
                rest = bytearray(last)
                failure = _hand_over(lines, clock, take) or failure
    _judge(process, failure, limits)


def _room(limits: Limits) -> int:
    return limits.characters * _BYTES_PER_CHARACTER + 64 * MEBIBYTE


class _Clock:
    """Wall time; grows by a page's share when the number of pages is known."""

    def __init__(self, limits: Limits) -> None:
        self._begin = time.monotonic()
        self._limits = limits
        self.allowed = limits.seconds

    def set_pages(self, pages: int) -> None:
        # The number comes from a process that may be in the hands of a hostile file.
        pages = max(0, min(pages, self._limits.pages))
        self.allowed = self._limits.seconds + pages * self._limits.seconds_per_page

    @property
    def left(self) -> float:
        return self._begin + self.allowed - time.monotonic()


def _hand_over(lines: list[bytes], clock: _Clock, take: Callable[[Message], None]) -> Notice | None:
    failure = None
    for line in lines:
        try:
            message = json.loads(line)
            if isinstance(failed := message.get("failed"), dict):
                failure = Notice.from_json(failed)
                continue
        except (ValueError, AttributeError, RecursionError) as error:
            raise ReaderEnded(Notice("reader_crashed", {"error": "garbled output"})) from error
        if "progress" in message and isinstance(total := message["progress"][1], int):
            clock.set_pages(total)
        take(message)
    return failure


def _judge(process: subprocess.Popen[bytes], failure: Notice | None, limits: Limits) -> None:
    try:
        status = process.wait(timeout=5)
    except subprocess.TimeoutExpired:
        # It closed its output and stays: nothing more can come.
        status = -signal.SIGKILL
    if failure is not None:
        raise ReaderEnded(failure)
    if status == 0:
        return
    if status == -signal.SIGXCPU:
        raise ReaderEnded(Notice("reader_timed_out", {"seconds": round(limits.seconds)}))
    if status == -signal.SIGKILL:
        # Not by us: the system kills what takes too much memory.
        raise ReaderEnded(Notice("reader_out_of_memory", {"limit_bytes": limits.memory_bytes}))
    raise ReaderEnded(Notice("reader_crashed", {"error": _status_name(status)}))


def _status_name(status: int) -> str:
    if -status in signal.valid_signals():
        return signal.Signals(-status).name
    return f"exit {status}"


def _log_trace(path: Path, notice: Notice) -> None:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _TRACE_BYTES))
        trace = file.read().decode(errors="replace").strip()
    _log.warning("reading process: %s %s\n%s", notice.code, dict(notice.facts), trace)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill the process and whatever it started; they share a session of their own."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    if process.stdout is not None:
        process.stdout.close()
    process.wait()
