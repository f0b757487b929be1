"""The portal's own web server for benchmarks, and a browser that talks to it over loopback."""

from __future__ import annotations

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

from portal.settings import Settings

ROOT = Path(__file__).resolve().parent.parent


class Client:
    """One signed-in browser with one connection."""

    def __init__(self, port: int, email: str, password: str) -> None:
        """Sign in."""
        self._cookies: dict[str, str] = {}
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', self.page("/sign-in"))
        assert found is not None
        form = {"csrf_token": found[1], "email": email, "password": password}
        self._ask("POST", "/sign-in", urlencode(form))

    def search(self, question: str) -> float:
        """Ask for the page of a question; return milliseconds."""
        begin = time.perf_counter()
        self.page(f"/search?{urlencode({'q': question})}")
        return 1000 * (time.perf_counter() - begin)

    def answer(self, question: str) -> float:
        """Ask for the answer above the hits, which the page fetches by itself; in milliseconds."""
        begin = time.perf_counter()
        self.page(f"/search/answer?{urlencode({'q': question})}")
        return 1000 * (time.perf_counter() - begin)

    def page(self, address: str) -> str:
        """Return a page. Raises RuntimeError for anything but one."""
        status, text = self._ask("GET", address)
        if status != 200:
            raise RuntimeError(f"{address}: {status}")
        return text

    def _ask(self, method: str, address: str, body: str | None = None) -> tuple[int, str]:
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items())}
        if body:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        self._connection.request(method, address, body, headers)
        answer = self._connection.getresponse()
        for cookie in answer.headers.get_all("Set-Cookie") or ():
            name, _, value = cookie.partition(";")[0].partition("=")
            self._cookies[name] = value
        return answer.status, answer.read().decode()


class Served:
    """The portal's web server as a process of its own."""

    def __init__(self, settings: Settings) -> None:
        """Start it and wait until it answers."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        values = {
            "HANDOVER_DATA_FOLDER": str(settings.data_folder),
            "HANDOVER_MODEL_FOLDER": str(settings.model_folder),
            "HANDOVER_LISTEN_HOST": "127.0.0.1",
            "HANDOVER_LISTEN_PORT": str(self.port),
            "HANDOVER_SECRET_KEY": "x" * 40,
            "PYTHONPATH": str(ROOT),
        }
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 (as long as the server)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "portal.cli", "web"],
            env=os.environ | values,
            stdout=self._log,
            stderr=self._log,
        )
        self._wait()

    def _wait(self) -> None:
        for _ in range(600):
            time.sleep(0.1)
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
            try:
                connection.request("GET", "/healthz")
                if connection.getresponse().status == 200:
                    return
            except OSError:
                continue
        self.stop()
        raise RuntimeError("the web server did not start")

    def memory(self) -> float:
        """Megabytes of all its processes; what they share is counted once."""
        total = 0
        for number in (self._process.pid, *_children(self._process.pid)):
            rollup = Path(f"/proc/{number}/smaps_rollup").read_text("ascii")
            total += sum(int(line.split()[1]) for line in rollup.splitlines() if line[:4] == "Pss:")
        return total / 1000

    def stop(self) -> None:
        """End it."""
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(30)


def _children(parent: int) -> Iterator[int]:
    for number in Path(f"/proc/{parent}/task/{parent}/children").read_text("ascii").split():
        yield int(number)


@contextmanager
def served(settings: Settings) -> Iterator[Served]:
    """The web server while the block runs."""
    server = Served(settings)
    try:
        yield server
    finally:
        server.stop()
