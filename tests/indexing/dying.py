"""Kill a process at a chosen line, as the power going off would."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Collection
from pathlib import Path
from types import FrameType
from typing import Any

ROOT = Path(__file__).parent.parent.parent


def die_at(line: int, *files: str, functions: Collection[str] = ()) -> Callable[[], int]:
    """From now on count executed lines of these files and be killed at the given one.

    With `functions` only lines of functions of these names count.

    With `line` 0 nothing is killed and the number of lines is printed at the end. Returns what
    tells how many it were until now.
    """
    count = 0

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal count
        code = frame.f_code
        if not code.co_filename.endswith(files) or (functions and code.co_name not in functions):
            return None
        if event == "line":
            count += 1
            if count == line:
                os.kill(os.getpid(), signal.SIGKILL)
        return trace

    sys.settrace(trace)
    if not line:
        import atexit

        atexit.register(lambda: print(count))
    return lambda: count


def run(script: str, *arguments: object, seconds: float = 110) -> subprocess.CompletedProcess[str]:
    """Run a script of Python in a process of its own and wait for its end."""
    command = [sys.executable, "-W", "error", "-c", script, *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=seconds)


def start(script: str, *arguments: object) -> subprocess.Popen[str]:
    """Start a script of Python in a process of its own."""
    command = [sys.executable, "-W", "error", "-c", script, *map(str, arguments)]
    return subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
