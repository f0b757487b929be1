"""The language model that may write answers: any endpoint with OpenAI's chat completions.

Off unless the administrator names an address. A local server (Ollama, llama.cpp, vLLM) and a
service on the internet are asked alike; nothing else of the portal talks to it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from threading import BoundedSemaphore
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.auth import AuthBase

from indexing.writing import Message
from portal.errors import NotReady
from portal.setting_parsers import without_password
from portal.settings import Settings

# Tokens of an answer: a few sentences; some models think in them first.
MOST_TOKENS = 1500
# Bytes of a response. A server that sends more is no model.
_LARGEST = 1_000_000
_PIECE = 16_384
# Time to reach it; what is away is told at once and not after the time an answer may take.
CONNECTING = 5.0
# Answers one process waits for at once: its other threads serve pages meanwhile.
_SLOTS = BoundedSemaphore(3)


@dataclass(frozen=True)
class Endpoint:
    """Where answers are written, and by which model."""

    address: str
    model: str
    key: str | None = field(repr=False)
    seconds: float

    @classmethod
    def of(cls, settings: Settings) -> Endpoint | None:
        """The endpoint of the settings; None when none is set."""
        if not settings.answer_url:
            return None
        address, key = settings.answer_url.rstrip("/"), settings.answer_key
        return cls(address, settings.answer_model, key, settings.answer_seconds)

    @property
    def host(self) -> str:
        """The machine passages are sent to, as it is told to people."""
        return urlsplit(self.address).hostname or self.address

    @property
    def shown(self) -> str:
        """The address without a password, for screens and logs."""
        return without_password(self.address)

    @property
    def private(self) -> bool:
        """Whether nobody on the way can read what is sent: encrypted, or on this machine."""
        return self.here or self.address.startswith("https:")

    @property
    def here(self) -> bool:
        """Whether it is this machine."""
        return self.host in ("localhost", "127.0.0.1", "::1")

    def write(self, messages: Sequence[Message]) -> str:
        """Return what the model answers. Raises NotReady, which says why there is nothing."""
        if not _SLOTS.acquire(blocking=False):
            raise NotReady("answer_busy")
        try:
            return _content(self._sent(messages))
        finally:
            _SLOTS.release()

    def problem(self) -> str | None:
        """Why the endpoint does not answer, for `handover doctor`; None when it does. Nothing of
        the portal is sent."""
        try:
            response = self._request("GET", "/models", CONNECTING)
        except requests.RequestException as error:
            return type(error).__name__
        with response:
            refused = response.status_code in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
            return f"status {response.status_code}" if refused else None

    def _sent(self, messages: Sequence[Message]) -> bytes:
        body = {
            "model": self.model,
            "messages": [{"role": each.role, "content": each.content} for each in messages],
            "temperature": 0,
            "max_tokens": MOST_TOKENS,
            "stream": False,
        }
        until = time.monotonic() + self.seconds
        try:
            with self._request("POST", "/chat/completions", self.seconds, body) as response:
                _refuse(response.status_code)
                return _read(response, until)
        except requests.Timeout as error:
            raise NotReady("answer_too_late", seconds=round(self.seconds)) from error
        except requests.RequestException as error:
            raise NotReady("answer_endpoint_away", host=self.host) from error

    def _request(
        self, method: str, path: str, seconds: float, body: dict[str, Any] | None = None
    ) -> requests.Response:
        # Not redirected: passages and the key go where the administrator said and nowhere else.
        return requests.request(
            method,
            self.address + path,
            json=body,
            auth=_Key(self.key),
            timeout=(min(CONNECTING, seconds), seconds),
            allow_redirects=False,
            stream=True,
        )


class _Key(AuthBase):
    """The key, and no password a file in somebody's home happens to hold for that machine."""

    def __init__(self, key: str | None) -> None:
        self._key = key

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._key:
            request.headers["Authorization"] = f"Bearer {self._key}"
        return request


def _refuse(status: int) -> None:
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        raise NotReady("answer_busy")
    if status != HTTPStatus.OK:
        raise NotReady("answer_endpoint_refused", status=status)


def _read(response: requests.Response, until: float) -> bytes:
    """The body, in time: the time limit of a request is for each of its pieces."""
    parts: list[bytes] = []
    length = 0
    for part in response.iter_content(_PIECE):
        length += len(part)
        if length > _LARGEST:
            raise NotReady("answer_unreadable")
        if time.monotonic() > until:
            raise requests.Timeout
        parts.append(part)
    return b"".join(parts)


def _content(body: bytes) -> str:
    try:
        content = json.loads(body)["choices"][0]["message"]["content"]
    except (ValueError, LookupError, TypeError) as error:
        raise NotReady("answer_unreadable") from error
    # A model that refuses sends none.
    if content is not None and not isinstance(content, str):
        raise NotReady("answer_unreadable")
    return content or ""
