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
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson

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
# Answers what a reader asks for, given its private folder.
Serve = Callable[[object, Path], Message]


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
    serve: Serve | None = None,
) -> None:
    """Run one job in a process of its own and hand each of its messages to `take`.

    What the process asks for, which it may not do itself, `serve` does and answers; its clock
    stands still meanwhile.

    Forked by the template rather than by multiprocessing: that works in the daemonic children of a
    task queue, and nothing of this process (connections, models, secrets) is inherited. `beat` is
    called about each second, however silent the process is. Whatever it or `take` raises ends the
    process too. Raises ReaderEnded if it crashed, hung or wrote too much,
    and OSError if none could be started.
    """
    folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))
    try:
        with (folder / "trace").open("w+b") as trace:
            child, output, answers = _start(job, folder, limits, trace.fileno())
            hearing = _Hearing(_Clock(limits), take, beat, _Desk(answers, folder, serve))
            try:
                failure = _listen(output, limits, hearing)
                _judge(child, failure, limits, folder / "trace")
            except ReaderEnded as ended:
                _log_trace(folder / "trace", ended.notice)
                raise
            finally:
                os.close(output)
                os.close(answers)
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
) -> tuple[Child, int, int]:
    """Start a process and give it its job; return it, its output and where answers go."""
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
    with suppress(BrokenPipeError), os.fdopen(request_end, "wb", closefd=False) as pipe:
        pipe.write(request.encode() + b"\n")
    return child, output, request_end


class _Desk:
    """Where the questions of a reading process are answered."""

    def __init__(self, answers: int, folder: Path, serve: Serve | None) -> None:
        self._answers = answers
        self._folder = folder
        self._serve = serve

    def answer(self, question: object) -> None:
        """Do what is asked and send the answer. Raises ReaderEnded if nobody reads it."""
        reply = self._serve(question, self._folder) if self._serve else {}
        # A reader asks and waits, so there is room for one answer; never wait for one that does
        # not read.
        os.set_blocking(self._answers, False)
        try:
            os.write(self._answers, json.dumps(reply).encode() + b"\n")
        except BlockingIOError as error:
            raise ReaderEnded(Notice("reader_crashed", {"error": "too many questions"})) from error
        except BrokenPipeError:
            # It is gone, which the end of its output tells.
            return


@dataclass(frozen=True)
class _Hearing:
    """What is done with what a reading process says."""

    clock: _Clock
    take: Callable[[Message], None]
    beat: Callable[[], None]
    desk: _Desk


def _listen(output: int, limits: Limits, hearing: _Hearing) -> Notice | None:
    """Read lines until the process ends or its time is up; return how it says it failed."""
    clock, room, failure = hearing.clock, _room(limits), None
    # A picture is one line of megabytes: gathered in place, not copied for each piece.
    rest = bytearray()
    with selectors.DefaultSelector() as selector:
        selector.register(output, selectors.EVENT_READ)
        while True:
            ready = selector.select(max(0.0, min(clock.left, clock.until_beat)))
            if clock.until_beat <= 0:
                clock.beaten()
                hearing.beat()
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
                failure = _hand_over(lines, hearing) or failure
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

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """What is done within takes none of the reader's time."""
        begin = time.monotonic()
        try:
            yield
        finally:
            self._begin += time.monotonic() - begin

    def beaten(self) -> None:
        self._next = time.monotonic() + BEAT_SECONDS

    @property
    def until_beat(self) -> float:
        return self._next - time.monotonic()


def _hand_over(lines: list[bytes], hearing: _Hearing) -> Notice | None:
    failure = None
    for line in lines:
        try:
            message = orjson.loads(line)
            if isinstance(failed := message.get("failed"), dict):
                failure = Notice.from_json(failed)
                continue
        except (ValueError, AttributeError, RecursionError) as error:
            raise ReaderEnded(Notice("reader_crashed", {"error": "garbled output"})) from error
        if "progress" in message and isinstance(total := message["progress"][1], int):
            hearing.clock.set_pages(total)
        if "convert" in message:
            with hearing.clock.stopped():
                hearing.desk.answer(message["convert"])
            continue
        hearing.take(message)
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
