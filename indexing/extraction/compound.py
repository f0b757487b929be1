"""Compound files: the little file systems that Office and Outlook wrote before 2007."""

from __future__ import annotations

from pathlib import Path


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
