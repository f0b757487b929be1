"""Reading one file: the door to this package."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import cast

from indexing.block import Block
from indexing.extraction import media
from indexing.extraction.conversions import Conversions
from indexing.extraction.extraction import Extraction, Part, Status
from indexing.extraction.limits import Limits
from indexing.extraction.process import Message, ReaderEnded, run
from indexing.notice import Notice

Progress = Callable[[int, int | None], None]


def extract(
    path: Path,
    filename: str,
    limits: Limits = Limits(),  # noqa: B008 (frozen)
    password: str | None = None,
    progress: Progress | None = None,
) -> Extraction:
    """Read a file in a process of its own and return what was found in it.

    filename: the name a person gave it; the content decides, the name only between text formats.
    password: to open the file with; it is not kept. progress: called with pages done and pages
    in all (None if unknown), in this thread, at each news of them and about each second without;
    what it raises stops the reading and is passed on.

    Whatever the file does, the result says so: a crash, a hang or too much memory gives a partial
    extraction if blocks had come by then, and a failed one if not. Raises OSError if the file
    itself cannot be opened.
    """
    path = path.resolve(strict=True)
    begin = time.monotonic()
    job = {"do": "read", "path": str(path), "filename": filename, "password": password}
    reading = _Reading(progress)
    conversions = Conversions(path, limits, reading.beat)
    reason: Notice | None = None
    try:
        run(job, limits, reading.take, reading.beat, conversions.serve)
    except ReaderEnded as ended:
        reason = ended.notice
    return reading.result(reason, time.monotonic() - begin)


class _Reading:
    """Collects the messages of one reading."""

    def __init__(self, progress: Progress | None) -> None:
        self._progress = progress
        self._blocks: list[Block] = []
        self._warnings: list[Notice] = []
        self._parts: dict[str, Part] = {}
        self._end: Message = {}
        self._media_type = media.UNKNOWN
        self._done = 0
        self._pages: int | None = None

    def take(self, message: Message) -> None:
        match message:
            case {"block": dict(block)}:
                self._blocks.append(Block.from_json(block))
            case {"progress": [int(done), int() | None as total]}:
                self._done, self._pages = done, total
                self.beat()
            case {"warning": dict(warning)}:
                self._warnings.append(Notice.from_json(warning))
            case {"part": {"path": str(path), "reason": str(reason)}}:
                self._parts[path] = replace(self._part(path), reason=reason)
            case {"part": {"path": str(path), "media_type": str(kind), "size": int(size)}}:
                self._parts[path] = replace(self._part(path), media_type=kind, size=size)
            case {"part": {"path": str(path)}}:
                self._parts[path] = self._part(path)
            case {"media_type": str(media_type)}:
                self._media_type = media_type
            case {"end": dict(end)}:
                self._end = end

    def beat(self) -> None:
        """Say how far the reading is, which asks the caller whether it is to go on."""
        if self._progress is not None:
            self._progress(self._done, self._pages)

    def _part(self, path: str) -> Part:
        return self._parts.get(path) or Part(path)

    def result(self, ended: Notice | None, seconds: float) -> Extraction:
        end = self._end
        given = cast("dict[str, object] | None", end.get("reason"))
        reason = ended or (Notice.from_json(given) if given else None)
        if reason is None and not self._blocks:
            reason = Notice("no_text")
        status = Status.READ if reason is None else Status.PARTIAL
        return Extraction(
            status=status if self._blocks else Status.FAILED,
            reason=reason,
            media_type=self._media_type,
            pages=cast("int | None", end.get("pages", self._pages)),
            characters=sum(len(block.text) for block in self._blocks),
            ocr_pages=cast("int", end.get("ocr_pages", 0)),
            ocr_confidence=cast("float | None", end.get("ocr_confidence")),
            language=cast("str | None", end.get("language")),
            seconds=seconds,
            blocks=tuple(self._blocks),
            warnings=tuple(self._warnings),
            parts=tuple(self._parts.values()),
        )
