"""Compound files: the little file systems that Office and Outlook wrote before 2007."""

from __future__ import annotations

from pathlib import Path

MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def is_compound(path: Path) -> bool:
    """Whether a file begins as compound files do."""
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


def streams(path: Path) -> frozenset[str]:
    """Return the names, in lower case, of a compound file's streams; none if it is damaged."""
    import olefile

    try:
        with olefile.OleFileIO(path) as file:
            return frozenset(
                entry[0].lower() for entry in file.listdir(streams=True, storages=False)
            )
    except (OSError, ValueError, IndexError, RecursionError):
        return frozenset()
