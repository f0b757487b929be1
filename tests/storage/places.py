"""Places that blobs are kept in, seen from outside: what lies there, and how to harm it."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import boto3


@dataclass(frozen=True)
class Place:
    """url: of the store; spool: folder of temporary files; names: what lies at final names."""

    url: str
    spool: Path
    names: Callable[[], list[str]]
    overwrite: Callable[[str, bytes], None]

    def temporary(self) -> list[str]:
        return sorted(os.listdir(self.spool)) if self.spool.is_dir() else []


def fan(digest: str) -> str:
    return f"{digest[:2]}/{digest[2:4]}/{digest}"


def folder_place(root: Path) -> Place:
    def names() -> list[str]:
        return sorted(path.name for path in root.glob("??/??/*"))

    def overwrite(digest: str, content: bytes) -> None:
        path = root / fan(digest)
        path.chmod(0o644)
        path.write_bytes(content)

    return Place(f"file://{root}", root / "temporary", names, overwrite)


def bucket_place(url: str, spool: Path) -> Place:
    parts = urlsplit(url)
    client = boto3.client("s3", endpoint_url=parse_qs(parts.query)["endpoint"][0])

    def names() -> list[str]:
        listing = client.list_objects_v2(Bucket=parts.netloc).get("Contents", [])
        return sorted(entry["Key"].rpartition("/")[2] for entry in listing)

    def overwrite(digest: str, content: bytes) -> None:
        key = f"{parts.path.strip('/')}/{fan(digest)}"
        client.put_object(Bucket=parts.netloc, Key=key, Body=content)

    return Place(url, spool, names, overwrite)
