"""One child process of the supervisor: start, output, end."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from portal.supervisor.leftovers import write_pid_file

READ_BYTES = 65536
# A child that writes no line break must not fill the supervisor's memory.
LONGEST_LINE_BYTES = 16384
# prctl(2): the signal this process gets when its parent ends.
PR_SET_PDEATHSIG = 1

_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


@dataclass(frozen=True)
class ChildSpec:
    """What to run. `name` stands before each of its lines and in sentences about it.

    `ready` is asked until it says yes before the next child starts; None waits for nothing.
    `stop_seconds` is the time between the request to end (SIGTERM) and the kill.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    ready: Callable[[], bool] | None = None
    stop_seconds: float = 10.0


class Child:
    """A running or ended process of one `ChildSpec`. Not thread-safe, as `preexec_fn` is not."""

    def __init__(self, spec: ChildSpec, run_folder: Path) -> None:
        self.spec = spec
        self.last_line = ""
        self._pid_file = run_folder / f"{spec.name}.pid"
        self._process: subprocess.Popen[bytes] | None = None
        self._partial = b""
        self._over = True

    def start(self) -> None:
        """Start the process in a group of its own, so that Ctrl-C reaches the supervisor alone.

        Raises OSError when the program is missing.
        """
        self.close()
        self._process = subprocess.Popen(
            list(self.spec.command),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, **self.spec.environment},
            process_group=0,
            preexec_fn=partial(die_with_parent, os.getpid()),  # noqa: PLW1509 - one thread only
        )
        self._over = False
        write_pid_file(self._pid_file, self._process.pid)
        os.set_blocking(self.output, False)

    @property
    def pid(self) -> int | None:
        """Process id, None before the first start."""
        return self._process.pid if self._process else None

    @property
    def output(self) -> int:
        """Descriptor of what the process writes; -1 when there is none."""
        if self._process is None or self._process.stdout is None or self._process.stdout.closed:
            return -1
        return self._process.stdout.fileno()

    @property
    def status(self) -> int | None:
        """Exit status (negative: the signal that ended it), None while it runs."""
        return self._process.poll() if self._process else 0

    def read_lines(self) -> list[str] | None:
        """Whole lines written since the last call; None when there will be no more."""
        try:
            data = os.read(self.output, READ_BYTES)
        except BlockingIOError:
            return []
        if not data and not self._partial:
            return None
        *whole, self._partial = (self._partial + data).split(b"\n")
        if not data or len(self._partial) > LONGEST_LINE_BYTES:
            whole.append(self._partial)
            self._partial = b""
        lines = [line.decode("utf-8", "replace").rstrip() for line in whole]
        self.last_line = next((line for line in reversed(lines) if line), self.last_line)
        return lines

    def ask_to_end(self) -> None:
        """Send SIGTERM to the process alone: it knows best how to end what it started."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()

    def kill(self) -> None:
        """Kill the whole group, the leader's orphans included. Harmless when done before."""
        if self._process is not None and not self._over:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._pid_file.unlink(missing_ok=True)
            # From here on the number may belong to a stranger's group.
            self._over = True

    def close(self) -> None:
        """Close the pipe of an ended process."""
        if self._process is not None and self._process.stdout is not None:
            self._process.stdout.close()
        self._partial = b""


def die_with_parent(parent: int) -> None:
    """Make the kernel kill this process when its parent ends. Runs between fork and exec.

    The parent may have ended before the request: then nobody would ever send the signal.
    """
    if _libc is not None:
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
