"""A model behind OpenAI's chat completions, as far as the portal speaks them, on a local port."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any


@dataclass
class FakeModel:
    """What it is to answer, and what it was sent."""

    address: str = ""
    answer: object = "NO_ANSWER"
    status: int = 200
    body: bytes | None = None
    seconds: float = 0.0
    location: str = ""
    requests: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)

    @property
    def seen(self) -> str:
        """Everything it was ever sent."""
        return json.dumps(self.requests, ensure_ascii=False)

    def response(self) -> bytes:
        """The body of the next answer."""
        if self.body is not None:
            return self.body
        message = {"role": "assistant", "content": self.answer}
        return json.dumps({"choices": [{"index": 0, "message": message}]}).encode()


@contextmanager
def running() -> Iterator[FakeModel]:
    """The model while it runs."""
    model = FakeModel()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(b'{"data": []}')

        def do_POST(self) -> None:
            sent = self.rfile.read(int(self.headers["Content-Length"]))
            assert self.path == "/v1/chat/completions", self.path
            model.requests.append(json.loads(sent))
            model.keys.append(self.headers.get("Authorization"))
            time.sleep(model.seconds)
            self._answer(model.response())

        def _answer(self, body: bytes) -> None:
            self.send_response(model.status)
            if model.location:
                self.send_header("Location", model.location)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    model.address = f"http://127.0.0.1:{server.server_port}/v1"
    try:
        yield model
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
