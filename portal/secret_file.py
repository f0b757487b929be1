"""A secret that is made once and kept in a file only its owner may read."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

# 32 bytes are the size of the keys used by HMAC-SHA-256, which signs the sessions.
SECRET_BYTES = 32


def read_or_create_secret(path: Path) -> str:
    """Return the secret kept at `path`, making it first if there is none.

    The secret is written whole beside its place and then linked to it. A link fails where a rename
    would overwrite, so of two processes that start together both return the first one's secret, and
    a process killed at any line leaves either no secret or a complete one.

    Raises OSError when the folder cannot be written or the file cannot be read.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
        try:
            _write(temporary, secrets.token_hex(SECRET_BYTES))
            _link(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
    return path.read_text(encoding="ascii").strip()


def _write(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "w", encoding="ascii") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _link(temporary: Path, path: Path) -> None:
    try:
        os.link(temporary, path)
    except FileExistsError:
        return
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
