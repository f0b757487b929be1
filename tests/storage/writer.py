"""A process that puts an endless stream into a store until it is killed: `writer.py URL`."""

from __future__ import annotations

import io
import sys
import time

from storage import open_store

PIECE = b"half a blob, " * 5000


class Endless(io.RawIOBase):
    """Says `writing` when the store has taken a few pieces, and goes on."""

    def __init__(self) -> None:
        self.pieces = 0

    def read(self, size: int = -1) -> bytes:
        self.pieces += 1
        if self.pieces == 40:
            print("writing", flush=True)
        if self.pieces > 40:
            time.sleep(0.01)
        return PIECE[:size]


def put_for_ever(url: str) -> None:
    """Put small whole blobs without end, each told before and after."""
    store = open_store(url, reserve=0)
    for number in range(1_000_000):
        blob = store.put(io.BytesIO(b"blob %d" % number * 3000), 1 << 30)
        print("kept", blob.digest, flush=True)


if __name__ == "__main__":
    if sys.argv[2] == "endless":
        open_store(sys.argv[1], reserve=0).put(Endless(), 1 << 40)
    else:
        put_for_ever(sys.argv[1])
