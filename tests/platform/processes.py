"""Helpers for tests that start real processes."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

HANDOVER = [sys.executable, "-P", "-W", "error", "-m", "portal.cli"]


def wait_for(condition: Callable[[], Any], seconds: float = 20.0) -> Any:
    """The first true result of the condition; fails the test when there is none in time."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        result = condition()
        if result:
            return result
        time.sleep(0.02)
    raise AssertionError(f"nothing within {seconds} s")


def alive(pid: int) -> bool:
    """Whether the process runs; a zombie does not."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] not in ("Z", "X")


def clean_environment(settings: Mapping[str, object]) -> dict[str, str]:
    """The environment of this test without `HANDOVER_*`, and with these instead."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("HANDOVER_")}
    return {**kept, **{key: str(value) for key, value in settings.items()}}


def handover(*arguments: str, cwd: Path, **settings: object) -> subprocess.CompletedProcess[str]:
    """Run the console command to its end."""
    return subprocess.run(
        [*HANDOVER, *arguments],
        capture_output=True,
        text=True,
        cwd=cwd,
        env=clean_environment(settings),
        timeout=90,
    )


def free_port() -> int:
    """A port nobody listens on at the moment."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextlib.contextmanager
def running(
    command: list[str], output: Path, env: Mapping[str, str] | None = None, cwd: Path | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A process whose output goes to a file; killed with its group when the test is over."""
    with output.open("wb") as file:
        process = subprocess.Popen(
            command, stdout=file, stderr=subprocess.STDOUT, env=env, cwd=cwd, start_new_session=True
        )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
