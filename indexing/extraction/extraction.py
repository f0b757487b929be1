"""An extraction: what a reading found."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum

from indexing.block import Block
from indexing.notice import Notice

# Raise when the same file would be read differently: old versions are then read again by a job.
READER_VERSION = 5


class Status(StrEnum):
    """How a reading ended."""

    READ = "read"
    PARTIAL = "partial"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Part:
    """What lies in a file: a member of an archive, an attachment, an embedded document.

    path: as in places. reason: the code of the notice why it was not read; None if it was.
    """

    path: str
    media_type: str | None = None
    size: int | None = None
    reason: str | None = None

    def to_json(self) -> dict[str, object]:
        """Return the part as a JSON object."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Extraction:
    """The result of reading one file.

    reason: why it is partial or failed; None if read.
    media_type: as sniffed from the content; ``application/octet-stream`` if unknown.
    pages: of a paged document; None for formats without pages.
    characters: of all blocks. ocr_pages: pages read by optical character recognition;
    ocr_confidence: their mean confidence between 0 and 1, None without such pages.
    language: ``zh``, ``en``, ``mixed``; None for others. seconds: wall time.
    parts: in the order in which they lie in the file, whatever became of them.
    """

    status: Status
    reason: Notice | None
    media_type: str
    pages: int | None
    characters: int
    ocr_pages: int
    ocr_confidence: float | None
    language: str | None
    seconds: float
    blocks: tuple[Block, ...]
    warnings: tuple[Notice, ...]
    parts: tuple[Part, ...] = ()


def describe(extraction: Extraction, filename: str) -> dict[str, object]:
    """Return the extraction as the JSON object that `handover extract` writes for a file."""
    reason = extraction.reason
    return {
        "file": filename,
        "media_type": extraction.media_type,
        "status": extraction.status.value,
        "reason": reason.to_json() if reason else None,
        "pages": extraction.pages,
        "characters": extraction.characters,
        "ocr_pages": extraction.ocr_pages,
        "ocr_confidence": extraction.ocr_confidence,
        "language": extraction.language,
        "seconds": round(extraction.seconds, 3),
        "warnings": [warning.to_json() for warning in extraction.warnings],
        "parts": [part.to_json() for part in extraction.parts],
        "blocks": [block.to_json() for block in extraction.blocks],
    }
