"""Removing an index of before each model had a folder of its own.

It lay directly in the folder that now holds one folder a model; nothing opens it any more.
"""

from __future__ import annotations

import re
import shutil
from contextlib import suppress
from pathlib import Path

from indexing.generation import FoldingBusy, writing

_POINTER = re.compile(rb"\d{6,} [0-9a-f]{64}\s*")
_GENERATION = re.compile(r"\d{6,}|\.building|\.removed-.+")


def remove_older(folder: Path) -> int:
    """Remove what such an index left directly in the folder; return how many bytes.

    Only what has its names and its shape goes: with anything else among them all is left as it is,
    as is an index that a program of before is writing. Killed in the middle, the next call goes on.
    Raises OSError.
    """
    generations, current = folder / "generations", folder / "current"
    if not generations.is_dir() or not _is_ours(generations, current):
        return 0
    with suppress(FoldingBusy), writing(folder):
        size = sum(path.stat().st_size for path in generations.rglob("*") if path.is_file())
        # The pointer first: whoever still reads it finds no index rather than half of one.
        for name in ("current", "current.new"):
            (folder / name).unlink(missing_ok=True)
        shutil.rmtree(generations)
        (folder / "writer.lock").unlink(missing_ok=True)
        return size
    return 0


def _is_ours(generations: Path, current: Path) -> bool:
    if generations.is_symlink() or current.is_symlink():
        return False
    if current.exists() and not (current.is_file() and _POINTER.fullmatch(current.read_bytes())):
        return False
    return all(path.is_dir() and _GENERATION.fullmatch(path.name) for path in generations.iterdir())
