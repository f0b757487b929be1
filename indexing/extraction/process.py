"""The parent's side of a reading process: starts it, listens with a clock, cleans up."""

from __future__ import annotations

import json
import logging
import os
import selectors
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from indexing.extraction.limits import MEBIBYTE, Limits
from indexing.extraction.template import Child, template
from indexing.notice import Notice

_log = logging.getLogger(__name__)

# Of private folders; then the number of the process that they belong to.
PREFIX = "handover-reading-"
# JSON escapes a Chinese character as six bytes; places take as much again and more.
_BYTES_PER_CHARACTER = 24
_CHUNK = 1 << 16
_TRACE_BYTES = 4000
_NO_MEMORY = b"memory allocation of"
# A reader may say nothing for minutes, while it parses; so often its starter is asked anyway.
BEAT_SECONDS = 1.0

Message = dict[str, object]


class ReaderEnded(Exception):
    """The reading process ended before it was done; `notice` says how."""

    def __init__(self, notice: Notice) -> None:
        super().__init__(notice.code)
        self.notice = notice


def run(
    job: Mapping[str, object],
    limits: Limits,
    take: Callable[[Message], None],
    beat: Callable[[], None] = lambda: None,
) -> None:
    """Run one job in a process of its own and hand each of its messages to `take`.

    Forked by the template rather than by multiprocessing: that works in the daemonic children of a
    task queue, and nothing of this process (connections, models, secrets) is inherited. `beat` is
    called about each second, however silent the process is. Whatever it or `take` raises ends the
    process too. Raises ReaderEnded if it crashed, hung or wrote too much,
    and OSError if none could be started.
    """
    folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))
    try:
        with (folder / "trace").open("w+b") as trace:
            child, output = _start(job, folder, limits, trace.fileno())
            try:
                failure = _listen(output, limits, take, beat)
                _judge(child, failure, limits, folder / "trace")
            except ReaderEnded as ended:
                _log_trace(folder / "trace", ended.notice)
                raise
            finally:
                os.close(output)
                child.end()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def clear_abandoned() -> int:
    """Remove private folders whose owner was killed; return how many. For a worker's start."""
    removed = 0
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        owner = folder.name.removeprefix(PREFIX).partition("-")[0]
        if owner.isdigit() and not Path("/proc", owner).exists():
            shutil.rmtree(folder, ignore_errors=True)
            removed += 1
    return removed


def _start(
    job: Mapping[str, object], folder: Path, limits: Limits, trace: int
) -> tuple[Child, int]:
    """Start a process and give it its job; return it and its output."""
    request = json.dumps({**job, "folder": str(folder), "limits": asdict(limits)})
    job_end, request_end = os.pipe()
    output, output_end = os.pipe()
    try:
        child = template.fork(folder, (job_end, output_end, trace))
    except BaseException:
        os.close(output)
        os.close(request_end)
        raise
    finally:
        os.close(job_end)
        os.close(output_end)
    # Not on a command line or a disk: the job may hold a password.
    with suppress(BrokenPipeError), os.fdopen(request_end, "wb") as pipe:
        pipe.write(request.encode())
    return child, output


def _listen(
    output: int, limits: Limits, take: Callable[[Message], None], beat: Callable[[], None]
) -> Notice | None:
    """Read lines until the process ends or its time is up; return how it says it failed."""
    clock, room, failure = _Clock(limits), _room(limits), None
    # A picture is one line of megabytes: gathered in place, not copied for each piece.
    rest = bytearray()
    with selectors.DefaultSelector() as selector:
        selector.register(output, selectors.EVENT_READ)
        while True:
            ready = selector.select(max(0.0, min(clock.left, clock.until_beat)))
            if clock.until_beat <= 0:
                clock.beaten()
                beat()
            if clock.left <= 0:
                raise ReaderEnded(Notice("reader_timed_out", {"seconds": round(clock.allowed)}))
            if not ready:
                continue
            data = os.read(output, _CHUNK)
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
    return failure


def _room(limits: Limits) -> int:
    return limits.characters * _BYTES_PER_CHARACTER + 64 * MEBIBYTE


class _Clock:
    """Wall time; grows by a page's share when the number of pages is known. Tells the beat."""

    def __init__(self, limits: Limits) -> None:
        self._begin = time.monotonic()
        self._limits = limits
        self.allowed = limits.seconds
        self.beaten()

    def set_pages(self, pages: int) -> None:
        # The number comes from a process that may be in the hands of a hostile file.
        pages = max(0, min(pages, self._limits.pages))
        self.allowed = self._limits.seconds + pages * self._limits.seconds_per_page

    @property
    def left(self) -> float:
        return self._begin + self.allowed - time.monotonic()

    def beaten(self) -> None:
        self._next = time.monotonic() + BEAT_SECONDS

    @property
    def until_beat(self) -> float:
        return self._next - time.monotonic()


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


def _judge(child: Child, failure: Notice | None, limits: Limits, trace: Path) -> None:
    status = child.status(seconds=5)
    if failure is not None:
        raise ReaderEnded(failure)
    if status == 0:
        return
    if status is None:
        # It closed its output and stays: nothing more can come. Or the template is gone.
        raise ReaderEnded(Notice("reader_crashed", {"error": "no exit"}))
    if status == -signal.SIGXCPU:
        raise ReaderEnded(Notice("reader_timed_out", {"seconds": round(limits.seconds)}))
    if status == -signal.SIGKILL or (status == -signal.SIGABRT and _NO_MEMORY in _end_of(trace)):
        # Not by us: the system kills what takes too much memory, and libraries in Rust themselves.
        raise ReaderEnded(Notice("reader_out_of_memory", {"limit_bytes": limits.memory_bytes}))
    raise ReaderEnded(Notice("reader_crashed", {"error": _status_name(status)}))


def _status_name(status: int) -> str:
    if -status in signal.valid_signals():
        return signal.Signals(-status).name
    return f"exit {status}"


def _log_trace(path: Path, notice: Notice) -> None:
    trace = _end_of(path).decode(errors="replace").strip()
    _log.warning("reading process: %s %s\n%s", notice.code, dict(notice.facts), trace)


def _end_of(trace: Path) -> bytes:
    with trace.open("rb") as file:
        file.seek(max(0, trace.stat().st_size - _TRACE_BYTES))
        return file.read()
