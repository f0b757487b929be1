"""The owner's side of the template: keeps one for this process and has it fork readers."""

from __future__ import annotations

import atexit
import errno
import os
import socket
import subprocess
import sys
import sysconfig
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from indexing.extraction.forking import STATUS

# Isolated (-I), so that neither the environment nor the current folder can bring other code in, and
# without the `site` module (-S), which is not needed.
_BOOT = (
    "import sys; sys.path[:0] = sys.argv[1:]; from indexing.extraction.forking import main; main()"
)
_ROOT = str(Path(__file__).resolve().parents[2])
# In the order of the search: this code, then what is installed.
_PATH = tuple(
    dict.fromkeys((_ROOT, *(sysconfig.get_paths()[name] for name in ("purelib", "platlib"))))
)
# A template starts in a third of a second, on a busy machine in several; a child in milliseconds.
_PATIENCE = 60.0
_STARTS = 3


class Child:
    """A reading process, as its starter holds it."""

    def __init__(self, held: socket.socket) -> None:
        self._held = held

    def status(self, seconds: float) -> int | None:
        """Wait for its exit status, negative for a signal. None: not over, or nobody knows."""
        self._held.settimeout(seconds)
        try:
            answer = self._held.recv(STATUS.size)
        except TimeoutError:
            return None
        return int(STATUS.unpack(answer)[0]) if answer else None

    def end(self) -> None:
        """Have it killed with whatever it started, and wait until it is gone."""
        with self._held, suppress(OSError):
            self._held.shutdown(socket.SHUT_WR)
            self._held.settimeout(_PATIENCE)
            while self._held.recv(STATUS.size):
                pass


class Template:
    """Starts the template when it is first needed, and again when it is gone. For all threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None

    def fork(self, folder: Path, streams: Sequence[int]) -> Child:
        """Start a reading process in a folder; streams: its input, output and errors.

        Raises OSError if the system gives none.
        """
        for _ in range(_STARTS):
            control = self._connected()
            held, theirs = socket.socketpair()
            with theirs, suppress(BrokenPipeError, ConnectionResetError):
                socket.send_fds(control, [os.fsencode(folder)], [*streams, theirs.fileno()])
            held.settimeout(_PATIENCE)
            with suppress(TimeoutError, ConnectionResetError):
                if held.recv(1):
                    return Child(held)
            held.close()
            self._discard(control)
        raise OSError(errno.EAGAIN, "no reading process could be started")

    def close(self) -> None:
        """End the template and what it has started."""
        if self._control is not None:
            self._discard(self._control)

    def forget(self) -> None:
        """In a fork of the owner: leave the owner its template; a new one is started for this."""
        self._lock = threading.Lock()
        if self._control is not None:
            self._control.close()
        if self._process is not None:
            # Not a child of this process, which must neither wait for it nor warn of it.
            self._process.returncode = 0
        self._control = self._process = None

    def _connected(self) -> socket.socket:
        with self._lock:
            if self._control is None:
                self._control, theirs = socket.socketpair(type=socket.SOCK_SEQPACKET)
                with theirs:
                    self._process = _started(theirs)
            return self._control

    def _discard(self, control: socket.socket) -> None:
        """End a template that is gone or of no use, unless another has taken its place already."""
        with self._lock:
            if self._control is not control or self._process is None:
                return
            control.close()
            try:
                # It ends by itself, with its children, as soon as nobody can ask it any more.
                self._process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._control = self._process = None


def _started(control: socket.socket) -> subprocess.Popen[bytes]:
    """Start a template: a plain process, which inherits nothing of this one (secrets, models)."""
    return subprocess.Popen(
        [sys.executable, "-I", "-S", "-X", "utf8", "-c", _BOOT, *_PATH],
        stdin=control.fileno(),
        stdout=subprocess.DEVNULL,
        cwd="/",
        env=_environment(),
        start_new_session=True,
        close_fds=True,
    )


def _environment() -> dict[str, str]:
    return {
        "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
        "LANG": "C.UTF-8",
        "TZ": os.environ.get("TZ", ""),
        # Each arena reserves 64 MiB of address space, which is bounded here.
        "MALLOC_ARENA_MAX": "2",
        "OMP_NUM_THREADS": "2",
    }


template = Template()
os.register_at_fork(after_in_child=template.forget)
atexit.register(template.close)
