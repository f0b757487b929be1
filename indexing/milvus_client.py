"""The connection to a Milvus server, one for each process, and its errors in our words."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import cache, wraps
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

from indexing.shelf import IndexUnreachable


@cache
def connected(url: str) -> Any:
    """Return the client of a server, or of a file of milvus-lite. Raises IndexUnreachable.

    A name and password stand in the address.
    """
    from pymilvus import MilvusClient, MilvusException

    # Whatever it raises is told once, in our words.
    logging.getLogger("pymilvus").setLevel(logging.CRITICAL)
    parts = urlsplit(url)
    bare = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    try:
        return _Client(MilvusClient(bare, user=user, password=password), MilvusException)
    except MilvusException as error:
        raise IndexUnreachable(str(error)) from error


class _Client:
    """A client whose methods raise IndexUnreachable."""

    def __init__(self, client: Any, error: type[Exception]) -> None:
        self._client = client
        self._error = error
        self._loaded: set[str] = set()

    def use(self, collection: str) -> str:
        """Have the server load a collection before it is asked; returns its name."""
        if collection not in self._loaded:
            self.load_collection(collection)
            self._loaded.add(collection)
        return collection

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._client, name)

        @wraps(method)
        def call(*arguments: Any, **named: Any) -> Any:
            try:
                return method(*arguments, **named)
            except self._error as error:
                raise IndexUnreachable(str(error)) from error

        return call
