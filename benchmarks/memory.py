"""Memory: of a worker that reads a folder, and of the web server while it takes a large file.

    python benchmarks/memory.py reading FOLDER      # every file, as a worker reads it
    python benchmarks/memory.py web --port 8621     # 2 GB by the form, and 2 GB in pieces (tus)

Figures are the kernel's own. Of reading, `together` counts every page of memory once: a shared one
in parts, one for each process that has it (Pss of smaps_rollup). Looked at every few milliseconds;
for the reading process, whose most lasts shorter, it is the most it has held (VmHWM) less what it
shares. `web` is VmHWM alone, and makes a portal with the sample company in a
temporary folder, which needs room for two such files, and removes it.
"""

from __future__ import annotations

import argparse
import base64
import http.client
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from indexing.encoder import Encoder
from indexing.extraction import Limits, extract
from indexing.passage import cut
from portal.sample_company import PASSWORD
from portal.settings import Settings

MIB = 1 << 20
LIMIT = 1_500_000_000
SIZE = 2_000_000_000
LEAVER = "zhang.san@sample-company.example"
BLOCK = os.urandom(MIB)
_FILES = re.compile(r"/items/[\w-]+/files")
_CASE = re.compile(r'href="(/handovers/[\w-]+)["?#]')
_TOKEN = re.compile(r'name="csrf-token" content="([^"]+)"')


def main() -> None:
    """Measure what is asked for and print it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ways = parser.add_subparsers(dest="way", required=True)
    reading = ways.add_parser("reading")
    reading.add_argument("folder", type=Path)
    reading.add_argument("--pages", type=int, default=Limits().pages, help="of each file, at most")
    web = ways.add_parser("web")
    web.add_argument("--port", type=int, default=8621)
    web.add_argument("--bytes", type=int, default=SIZE)
    arguments = parser.parse_args()
    if arguments.way == "reading":
        _reading(arguments.folder, Limits(pages=arguments.pages))
    else:
        _web(arguments.port, arguments.bytes)


def _memory(pid: int, key: str) -> int:
    """Return a line of a process's status in bytes; 0 when it is gone."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith(f"{key}:"):
                return int(line.split()[1]) * 1024
    return 0


def _own(pid: int) -> tuple[int, int]:
    """Return what a process holds in bytes, shared pages in parts, and what it leaves to others."""
    found = {"Pss:": 0, "Rss:": 0}
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            name, *rest = line.split()
            if name in found:
                found[name] = int(rest[0]) * 1024
    return found["Pss:"], found["Rss:"] - found["Pss:"]


def _children(pid: int) -> list[int]:
    found: list[int] = []
    with suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            with suppress(OSError):
                found += map(int, (task / "children").read_text().split())
    return found


class _Watch(threading.Thread):
    """Looks every few milliseconds at this process, its template and the reading processes."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.over = threading.Event()
        self.child = self.template = self.worker = self.sum = 0

    def run(self) -> None:
        while not self.over.wait(0.01):
            templates = _children(os.getpid())
            child = 0
            for pid in [reader for template in templates for reader in _children(template)]:
                most = _memory(pid, "VmHWM")
                child = max(child, most - _own(pid)[1])
            template = sum(_own(pid)[0] for pid in templates)
            worker = _own(os.getpid())[0]
            self.child, self.template = max(self.child, child), max(self.template, template)
            self.worker = max(self.worker, worker)
            self.sum = max(self.sum, child + template + worker)


def _reading(folder: Path, limits: Limits) -> None:
    settings = Settings.from_environment(os.environ)
    encoder = Encoder.load(settings.model, settings.model_folder, settings.encoder_threads)
    # What it holds once it has embedded a document: the network's own room is kept.
    encoder.encode_passages(["交接 handover " * 200] * 64)
    print(f"worker with its model, before: {_own(os.getpid())[0] / MIB:.0f} MiB")
    found: list[tuple[int, int, int, int, str]] = []
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        watch = _Watch()
        watch.start()
        extraction = extract(path, path.name, limits)
        cut(extraction.blocks, encoder.count_tokens, settings.passage_tokens)
        watch.over.set()
        watch.join()
        found.append((watch.sum, watch.worker, watch.template, watch.child, path.name))
        if watch.sum > LIMIT:
            print(f"above the limit: {path.name}", flush=True)
    print(f"{len(found)} files, in MiB: together, worker, template, reading process")
    for *figures, name in sorted(found, reverse=True)[:12]:
        print(*(f"{figure / MIB:7.0f}" for figure in figures), "", name)
    print(f"worker, the most it held: {_memory(os.getpid(), 'VmHWM') / MIB:.0f} MiB")


def _web(port: int, size: int) -> None:
    with tempfile.TemporaryDirectory(prefix="handover-memory-") as folder:
        need = 2 * size + (2 << 30)
        if shutil.disk_usage(folder).free < need:
            sys.exit(f"{folder} needs {need / 1e9:.0f} GB of free room.")
        with _server(Path(folder), port) as pid:
            browser = _Browser(port)
            url = browser.case()
            # What is imported with a first upload is not counted.
            browser.form(url, "first.bin", MIB)
            browser.pieces(url, "second.bin", MIB)
            print("| way | bytes | before, MiB | most, MiB | more, MiB | seconds |")
            print("| --- | ---: | ---: | ---: | ---: | ---: |")
            for way, send in (("form", browser.form), ("tus", browser.pieces)):
                before = _memory(pid, "VmRSS")
                # The kernel then begins to look for the most anew.
                Path(f"/proc/{pid}/clear_refs").write_text("5")
                begin = time.monotonic()
                send(url, f"{way}.bin", size)
                most, seconds = _memory(pid, "VmHWM"), time.monotonic() - begin
                print(
                    f"| {way} | {size:,} | {before / MIB:.0f} | {most / MIB:.0f} "
                    f"| {(most - before) / MIB:.1f} | {seconds:.0f} |",
                    flush=True,
                )


@contextmanager
def _server(folder: Path, port: int) -> Iterator[int]:
    """Run the web server on a sample company; yield the process that answers."""
    environment = {
        **os.environ,
        "HANDOVER_DATA_FOLDER": str(folder),
        "HANDOVER_LISTEN_PORT": str(port),
        "HANDOVER_WEB_PROCESSES": "1",
    }
    command = [sys.executable, "-m", "portal.cli"]
    for step in ("init", "sample"):
        subprocess.run([*command, step], env=environment, check=True, stdout=subprocess.DEVNULL)
    server = subprocess.Popen([*command, "web"], env=environment)
    try:
        _until_it_answers(port)
        yield _children(server.pid)[0]
    finally:
        server.terminate()
        server.wait()


def _until_it_answers(port: int) -> None:
    for _ in range(600):
        time.sleep(0.2)
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        with suppress(OSError):
            connection.request("GET", "/sign-in")
            connection.getresponse().read()
            return
    sys.exit("The web server does not answer.")


class _Browser:
    """The leaver of the sample company, over real HTTP."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._cookies: dict[str, str] = {}
        token = self._token("/sign-in")
        form = {"email": LEAVER, "password": PASSWORD, "csrf_token": token}
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        self._ask("POST", "/sign-in", urllib.parse.urlencode(form).encode(), kind)

    def case(self) -> str:
        """Return where files for an item go. Waits for the model, by a search, on the way."""
        self._ask("GET", "/search?q=contract")
        page = self._ask("GET", "/")[1]
        for case in _CASE.findall(page) or _CASE.findall(self._ask("GET", "/handovers")[1]):
            self._page = case
            if found := _FILES.search(self._ask("GET", case)[1]):
                return found[0]
        sys.exit("The sample company has no case that takes files.")

    def form(self, url: str, name: str, size: int) -> None:
        """Send a file as a page without scripts does."""
        edge = "memory-benchmark"
        head = (
            f'--{edge}\r\nContent-Disposition: form-data; name="csrf_token"\r\n\r\n'
            f"{self._token(self._page)}\r\n--{edge}\r\nContent-Disposition: form-data; "
            f'name="file"; filename="{name}"\r\nContent-Type: application/octet-stream\r\n\r\n'
        ).encode()
        tail = f"\r\n--{edge}--\r\n".encode()

        def body() -> Iterator[bytes]:
            yield head
            yield from _content(name, size)
            yield tail

        length = str(len(head) + size + len(tail))
        kind = f"multipart/form-data; boundary={edge}"
        self._ask(
            "POST",
            url,
            body(),
            {"Content-Type": kind, "Content-Length": length, "Accept": "application/json"},
        )

    def pieces(self, url: str, name: str, size: int) -> None:
        """Send a file by the protocol for resumed uploads, all in one piece: the hardest case."""
        headers = {"Tus-Resumable": "1.0.0", "X-CSRFToken": self._token(self._page)}
        described = f"filename {base64.b64encode(name.encode()).decode()}"
        announced = {**headers, "Upload-Length": str(size), "Upload-Metadata": described}
        answer = self._ask("POST", url, b"", announced)[0]
        piece = {
            **headers,
            "Content-Type": "application/offset+octet-stream",
            "Content-Length": str(size),
            "Upload-Offset": "0",
        }
        self._ask("PATCH", str(answer.headers["Location"]), _content(name, size), piece)

    def _token(self, path: str) -> str:
        found = _TOKEN.search(self._ask("GET", path)[1])
        return found[1] if found else sys.exit(f"{path} has no token.")

    def _ask(
        self,
        method: str,
        path: str,
        body: bytes | Iterator[bytes] | None = None,
        headers: dict[str, str] | None = None,
    ) -> tuple[http.client.HTTPResponse, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=900)
        cookie = "; ".join(f"{key}={value}" for key, value in self._cookies.items())
        connection.request(method, path, body, {**(headers or {}), "Cookie": cookie})
        answer = connection.getresponse()
        text = answer.read().decode()
        for line in answer.headers.get_all("Set-Cookie", []):
            key, _, value = line.partition(";")[0].partition("=")
            self._cookies[key] = value
        if answer.status >= 400:
            sys.exit(f"{method} {path}: {answer.status} {text[:300]}")
        return answer, text


def _content(name: str, size: int) -> Iterator[bytes]:
    """Make a file as it is sent: nothing of it is kept here."""
    start = name.encode().ljust(64)[: min(64, size)]
    yield start
    left = size - len(start)
    while left:
        yield BLOCK[: min(left, MIB)]
        left -= min(left, MIB)


if __name__ == "__main__":
    main()
