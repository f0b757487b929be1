"""The template's side: has the readers imported and forks a reading process for each file.

Starting an interpreter and importing a reader takes longer than reading most files. The template
does both once; a child of it has them at once and is otherwise a process of its own. The template
itself never opens a file, runs one thread, and ends with its owner.
"""

from __future__ import annotations

import gc
import importlib
import os
import selectors
import signal
import socket
import struct
import tempfile
import traceback
from contextlib import suppress
from pathlib import Path

from indexing.extraction import child
from indexing.extraction.registry import READERS
from indexing.extraction.sandbox import leave_network

STARTED = b"s"
STATUS = struct.Struct("=i")
# It has done nothing for so many seconds: its memory is worth more than its readiness.
IDLE_SECONDS = 300.0
# What starts threads on import; a fork would copy the locks they hold.
_LATER = frozenset({"image"})
# Where memory runs out for the whole machine, readers are to be ended before their owners.
_FIRST_TO_GO = "500"


def main() -> None:
    """Import the readers, then fork for each message on the socket that is standard input."""
    leave_network()
    for module in sorted(set(READERS.values()) - _LATER):
        importlib.import_module(f"indexing.extraction.{module}")
    # What is here stays: looking it over would only make every child copy it.
    gc.freeze()
    control = socket.socket(fileno=os.dup(0))
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    _Template(control).serve()


class _Template:
    """Children, each with the socket that its starter holds the other end of."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._children: dict[int, socket.socket] = {}
        self._selector = selectors.DefaultSelector()
        self._ended, wake = os.pipe()
        os.set_blocking(self._ended, False)
        os.set_blocking(wake, False)
        signal.set_wakeup_fd(wake)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        self._selector.register(control, selectors.EVENT_READ, self._accept)
        self._selector.register(self._ended, selectors.EVENT_READ, self._reap)

    def serve(self) -> None:
        """Fork and reap until the owner is gone or has asked for nothing for long."""
        try:
            while ready := self._selector.select(None if self._children else IDLE_SECONDS):
                for key, _ in ready:
                    key.data()
        except EOFError:
            return
        finally:
            for pid in self._children:
                _kill(pid)

    def _accept(self) -> None:
        """Start a child. Raises EOFError when the owner is gone."""
        folder, files, _, _ = socket.recv_fds(self._control, 4096, 4)
        if not folder:
            raise EOFError
        *streams, held = files
        starter = socket.socket(fileno=held)
        # Without memory for another process the socket is closed unsaid, which tells the starter.
        with suppress(OSError):
            self._fork(os.fsdecode(folder), streams, starter)
        for stream in streams:
            os.close(stream)

    def _fork(self, folder: str, streams: list[int], starter: socket.socket) -> None:
        pid = os.fork()
        if pid == 0:
            _be_child(folder, streams)
        self._children[pid] = starter
        # Whoever has started a child and hangs up wants it ended.
        self._selector.register(starter, selectors.EVENT_READ, lambda: _kill(pid))
        starter.send(STARTED)

    def _reap(self) -> None:
        with suppress(BlockingIOError):
            os.read(self._ended, 512)
        for pid in list(self._children):
            if os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
                continue
            # Before its number is free again: what it may have left in its session.
            _kill(pid)
            status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
            starter = self._children.pop(pid)
            self._selector.unregister(starter)
            with starter, suppress(OSError):
                starter.send(STATUS.pack(status))


def _kill(pid: int) -> None:
    # It may not have come to make a session of its own yet.
    for kill in (os.kill, os.killpg):
        with suppress(ProcessLookupError, PermissionError):
            kill(pid, signal.SIGKILL)


def _be_child(folder: str, streams: list[int]) -> None:
    """Leave everything of the template behind, do the job, and end. Does not return."""
    code = 1
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.setsid()
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
        os.closerange(3, os.sysconf("SC_OPEN_MAX"))
        os.chdir(folder)
        os.environ.update(HOME=folder, TMPDIR=folder)
        tempfile.tempdir = None
        with suppress(OSError):
            Path("/proc/self/oom_score_adj").write_text(_FIRST_TO_GO)
        child.main()
        code = 0
    except BaseException:  # noqa: BLE001 (the process ends here, and its trace says why)
        traceback.print_exc()
    finally:
        os._exit(code)
