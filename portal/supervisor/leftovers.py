"""Children that outlived a supervisor that was killed: found by their pid files and ended.

On Linux the kernel ends them with their parent. These files are for systems that cannot do that,
and for the moment between the fork and the request to be ended.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

# Killed processes vanish within milliseconds unless the disk hangs.
VANISH_SECONDS = 5.0


def write_pid_file(path: Path, pid: int) -> None:
    """Record a child with the moment it started, because process ids are used again.

    Written whole and renamed: half a file would name a stranger's process.
    """
    temporary = path.with_suffix(".new")
    temporary.write_text(f"{pid} {started(pid) or ''}", encoding="ascii")
    temporary.replace(path)


def started(pid: int) -> str | None:
    """The moment a process started, as the system writes it; None if it has ended."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return None if Path("/proc/self").exists() else _started_by_ps(pid)
    except ProcessLookupError:
        return None
    # The name in brackets may hold anything, brackets too. After it: state is the first field,
    # start time the twentieth (proc(5), fields 3 and 22).
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] in ("Z", "X") else fields[19]


def _started_by_ps(pid: int) -> str | None:
    shown = subprocess.run(
        ["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return "-".join(shown.stdout.split()) or None


def end_leftovers(folder: Path) -> list[str]:
    """End every process recorded in the folder that still runs; returns their names.

    Call it under the folder's lock. They are killed, not asked: nothing they do needs a farewell,
    since every part of the portal survives kill -9.
    """
    ended = []
    for path in sorted(folder.glob("*.pid")):
        pid, _, moment = path.read_text(encoding="ascii", errors="replace").partition(" ")
        if pid.isdigit() and moment and started(int(pid)) == moment:
            kill_group(int(pid))
            ended.append(path.stem)
        path.unlink()
    return ended


def kill_group(pid: int) -> None:
    """Kill a process group by its leader and wait until the leader is gone."""
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
    until = time.monotonic() + VANISH_SECONDS
    while started(pid) is not None and time.monotonic() < until:
        time.sleep(0.01)
