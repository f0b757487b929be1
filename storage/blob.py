"""A blob: the bytes of a version, addressed by their SHA-256, and what a store does with it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

# Large enough that the hash and not the call dominates, small enough that a hundred uploads at
# the same time hold 100 MB.
CHUNK_BYTES = 1024 * 1024
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class StoredBlob:
    """What `put` kept: `digest` is the SHA-256 as 64 lowercase hex digits, `size` is in bytes."""

    digest: str
    size: int


class StorageError(Exception):
    """Something a store could not do. `facts` say what, for whoever finds the words."""

    code = "storage_error"

    def __init__(self, **facts: str | int) -> None:
        super().__init__(*facts.values())
        self.facts = facts

    def __str__(self) -> str:
        return f"{self.code}: " + ", ".join(f"{key}={value}" for key, value in self.facts.items())


class BadDigest(StorageError, ValueError):
    """The string is not 64 lowercase hex digits; it has reached no file system and no bucket."""

    code = "bad_digest"

    def __init__(self, digest: str) -> None:
        super().__init__(digest=digest)


class BlobTooLarge(StorageError):
    """The stream holds more than `limit` bytes; nothing of it was kept."""

    code = "blob_too_large"

    def __init__(self, limit: int) -> None:
        super().__init__(limit=limit)


class BlobMissing(StorageError):
    """The store has no blob of this digest."""

    code = "blob_missing"

    def __init__(self, digest: str) -> None:
        super().__init__(digest=digest)


class BlobCorrupt(StorageError):
    """The bytes kept under this digest have another one: the disk or somebody changed them."""

    code = "blob_corrupt"

    def __init__(self, digest: str) -> None:
        super().__init__(digest=digest)


class DiskFull(StorageError):
    """There are `free` bytes where `needed` bytes would have to be, the reserve included."""

    code = "disk_full"

    def __init__(self, free: int, needed: int) -> None:
        super().__init__(free=free, needed=needed)


class StoreNotWritable(StorageError):
    """The place of the store refuses writing: rights, a read-only mount, a file in its way."""

    code = "store_not_writable"

    def __init__(self, location: str) -> None:
        super().__init__(location=location)


class StoreUnreachable(StorageError):
    """The place of the store does not answer at the moment; trying again later may help."""

    code = "store_unreachable"

    def __init__(self, location: str) -> None:
        super().__init__(location=location)


class BlobStore(Protocol):
    """Keeps blobs. Every method that takes a digest raises BadDigest for what is none.

    Safe to use from several threads and processes at the same time.
    """

    def put(self, stream: BinaryIO, limit: int) -> StoredBlob:
        """Keep the rest of the stream, at most `limit` bytes; memory stays at a few chunks.

        When it returns, the bytes survive a power cut. A whole blob of this digest stays as it is
        and only becomes young again for `remove`; a corrupt one is replaced by these good bytes.

        Raises BlobTooLarge, DiskFull, StoreNotWritable, StoreUnreachable, and whatever reading the
        stream raises; after each of them nothing is kept.
        """
        ...

    def open(self, digest: str) -> BinaryIO:
        """Open the blob for reading from its start; seekable. Raises BlobMissing."""
        ...

    def local_path(self, digest: str) -> AbstractContextManager[Path]:
        """Lend a path with these bytes while the context lasts; not to be written to.

        Raises BlobMissing; a store that has to copy the bytes also BlobCorrupt and DiskFull.
        """
        ...

    def exists(self, digest: str) -> bool:
        """Whether the blob is there; says nothing about its health."""
        ...

    def size(self, digest: str) -> int:
        """Size of the blob in bytes. Raises BlobMissing."""
        ...

    def age(self, digest: str) -> float:
        """Seconds since the blob was last put, as `remove` counts them. Raises BlobMissing."""
        ...

    def verify(self, digest: str) -> None:
        """Read all bytes and hash them again. Raises BlobMissing or BlobCorrupt."""
        ...

    def digests(self) -> Iterator[str]:
        """Give the digests of all blobs in ascending order."""
        ...

    def remove(self, digest: str, older_than_seconds: float = 0) -> bool:
        """Remove the blob unless it was put, first or again, within the last so many seconds.

        An upload puts its bytes before the row that refers to them, so a collector of unreferenced
        blobs gives more seconds than an upload's transaction can take. Returns whether the blob is
        gone; one that was never there is.
        """
        ...

    def sweep(self, older_than_seconds: float) -> int:
        """Remove what killed writers left behind that long ago. Returns how many leftovers."""
        ...


def check_digest(digest: str) -> str:
    """Return the digest if it is one. Raises BadDigest."""
    if not _DIGEST.fullmatch(digest):
        raise BadDigest(digest)
    return digest


def is_digest(name: str) -> bool:
    """Whether this file name or key is a digest."""
    return _DIGEST.fullmatch(name) is not None


def fan_out(digest: str) -> str:
    """The blob's place below the root of its store, the same on disk and in a bucket.

    Two levels of 256 folders keep each below some thousand entries up to a hundred million blobs.
    Raises BadDigest.
    """
    check_digest(digest)
    return f"{digest[:2]}/{digest[2:4]}/{digest}"


def check_bytes(digest: str, stream: BinaryIO) -> None:
    """Hash the stream to its end. Raises BlobCorrupt if that is not the digest."""
    found = hashlib.sha256()
    while chunk := stream.read(CHUNK_BYTES):
        found.update(chunk)
    if found.hexdigest() != digest:
        raise BlobCorrupt(digest)
