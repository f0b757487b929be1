"""Storage: keeps the bytes of versions, addressed by SHA-256, on a local disk or in S3."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from storage.blob import (
    BadDigest,
    BlobCorrupt,
    BlobMissing,
    BlobStore,
    BlobTooLarge,
    DiskFull,
    StorageError,
    StoredBlob,
    StoreNotWritable,
    StoreUnreachable,
)
from storage.local import LocalStore
from storage.partial import Partial, PartialBusy, PartialFiles, PartialMissing, WrongOffset
from storage.spool import RESERVE_BYTES

__all__ = [
    "RESERVE_BYTES",
    "BadDigest",
    "BlobCorrupt",
    "BlobMissing",
    "BlobStore",
    "BlobTooLarge",
    "DiskFull",
    "Partial",
    "PartialBusy",
    "PartialFiles",
    "PartialMissing",
    "StorageError",
    "StoreNotWritable",
    "StoreUnreachable",
    "StoredBlob",
    "WrongOffset",
    "open_store",
]


def open_store(url: str, *, spool: Path | None = None, reserve: int = RESERVE_BYTES) -> BlobStore:
    """Open the store at `url`; nothing is created or connected to before its first use.

    url: ``file:///abs/path``, a plain path, or ``s3://bucket/prefix?endpoint=…&region=…`` (both
        optional; keys come from where boto3 looks for them).
    spool: folder for the temporary files of an S3 store; None takes the system's temporary folder.
        A local store always keeps them below its own root.
    reserve: bytes to leave free on the disk that is written to.

    Raises ValueError for any other URL, ModuleNotFoundError for S3 without boto3.
    """
    parts = urlsplit(url)
    if parts.scheme == "s3":
        from storage.s3 import open_bucket

        options = {key: values[-1] for key, values in parse_qs(parts.query).items()}
        return open_bucket(parts.netloc, parts.path.strip("/"), options, spool, reserve)
    if parts.scheme == "file" and parts.netloc in ("", "localhost") and parts.path not in ("", "/"):
        return LocalStore(Path(unquote(parts.path)), reserve)
    if "://" not in url and url:
        return LocalStore(Path(url).absolute(), reserve)
    raise ValueError(f"not the address of a store: {url!r}")
