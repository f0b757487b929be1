"""What a generation of the index holds, written beside it so that damage shows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

# Raised when files of a segment change their meaning; other layouts are rebuilt from rows.
LAYOUT = 2

MANIFEST_FILE = "manifest.json"


class IdentityMismatch(Exception):
    """The index was made with another model. `folder_identity` has it, `wanted` asks for it."""

    def __init__(self, folder_identity: str, wanted: str) -> None:
        """Keep both names."""
        super().__init__(f"index of {folder_identity}, wanted {wanted}")
        self.folder_identity = folder_identity
        self.wanted = wanted


class IndexDamaged(Exception):
    """A file of the index is not what was written.

    `file` is its path inside the index folder; `reason` is one of missing, size, digest,
    unreadable, outdated (written by another version of this program, or from other rows).
    """

    def __init__(self, file: str, reason: str) -> None:
        """Keep both facts."""
        super().__init__(f"{file}: {reason}")
        self.file = file
        self.reason = reason


@dataclass(frozen=True, slots=True)
class FileRecord:
    """One file of a segment: path inside the segment's folder, bytes, SHA-256 in hexadecimal."""

    path: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class SegmentRecord:
    """One sealed segment: what was published after sequence number `after` up to `until`.

    `marked` is the number of the last publication in it that had passages, 0 without one, and
    `mark` names its content, see indexing.agreement.
    """

    name: str
    after: int
    until: int
    passages: int
    marked: int
    mark: str
    files: tuple[FileRecord, ...]


@dataclass(frozen=True, slots=True)
class Manifest:
    """One generation. Everything published up to `watermark` is in its segments.

    `identity` and `dimension` are the model's; `tokens` is the version of the tokens, `layout` of
    the files.
    """

    generation: int
    identity: str
    dimension: int
    watermark: int
    segments: tuple[SegmentRecord, ...]
    tokens: int
    layout: int = LAYOUT

    @property
    def passages(self) -> int:
        """How many passages the segments hold together."""
        return sum(segment.passages for segment in self.segments)

    def to_bytes(self) -> bytes:
        """Return the manifest as it is written."""
        return json.dumps(asdict(self), indent=1, ensure_ascii=False, sort_keys=True).encode()

    @classmethod
    def from_bytes(cls, written: bytes) -> Manifest:
        """Read what `to_bytes` returned. Raises ValueError, KeyError or TypeError on all else."""
        values: dict[str, Any] = dict(json.loads(written))
        segments = tuple(_segment(each) for each in values.pop("segments"))
        return cls(segments=segments, **values)


def _segment(values: Mapping[str, Any]) -> SegmentRecord:
    files = tuple(FileRecord(**each) for each in values["files"])
    return SegmentRecord(**{**values, "files": files})


def records_of(folder: Path) -> tuple[FileRecord, ...]:
    """Return a record of every file under the folder, hidden lock files apart."""
    paths = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return tuple(
        FileRecord(str(path.relative_to(folder)), path.stat().st_size, digest_of(path))
        for path in paths
        if path.suffix != ".lock"
    )


def verify(folder: Path, record: SegmentRecord) -> None:
    """Compare every file of a segment with its record. Raises IndexDamaged at the first difference.

    Everything is hashed, not only measured: a flipped bit in a vector would be a wrong answer that
    looks right. SHA-256 reads more than a gigabyte a second, so a million passages take seconds.
    """
    for file in record.files:
        path, name = folder / file.path, f"{record.name}/{file.path}"
        try:
            if path.stat().st_size != file.size:
                raise IndexDamaged(name, "size")
            if digest_of(path) != file.sha256:
                raise IndexDamaged(name, "digest")
        except FileNotFoundError:
            raise IndexDamaged(name, "missing") from None
        except OSError as error:
            raise IndexDamaged(name, "unreadable") from error


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
