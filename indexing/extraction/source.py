"""A source: the file, or the member of a file, that a reader is to read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from indexing.extraction.limits import Limits


@dataclass(frozen=True, slots=True)
class Source:
    """What a reader is given.

    filename: the name a person gave it; a hint between text formats, never a path.
    folder: private folder for temporary files, removed after the reading.
    depth: 0 for the file itself, 1 for what lies in it, and so on.
    """

    path: Path
    filename: str
    media_type: str
    folder: Path
    limits: Limits
    password: str | None = None
    depth: int = 0

    @property
    def extension(self) -> str:
        """The name's ending in lower case, without the dot."""
        return self.filename.rpartition(".")[2].lower() if "." in self.filename else ""
