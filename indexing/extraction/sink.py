"""A sink: takes a reader's blocks, one by one, and keeps the bounds."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import orjson

from indexing.block import BlockKind, block_json
from indexing.extraction.language import LanguageCount
from indexing.extraction.limits import Limits
from indexing.extraction.normal import normal, one_line
from indexing.extraction.unreadable import Unreadable
from indexing.notice import Fact, Notice
from indexing.place import Place

_WARNINGS = 100
_HEADING_CHARACTERS = 300
_PROGRESS_SECONDS = 0.1

Send = Callable[[bytes], None]
Answer = Callable[[], bytes]


@dataclass(slots=True)
class _Ledger:
    """What one reading has used up, shared by the sinks of all its parts."""

    limits: Limits
    send: Send
    answer: Answer
    characters: int = 0
    unpacked: int = 0
    members: int = 0
    cells: int = 0
    warnings: int = 0
    pages: int | None = None
    unread_pages: int = 0
    unread_parts: int = 0
    ocr: list[float] = field(default_factory=list)
    language: LanguageCount = field(default_factory=LanguageCount)
    reason: Notice | None = None
    told: float = 0.0


class Sink:
    """Where a reader puts what it finds; sends it on at once, so a later crash loses no page."""

    def __init__(self, send: Send, limits: Limits, answer: Answer = bytes) -> None:
        """answer: waits for the starter's line after a question; nothing where nobody answers."""
        self._ledger = _Ledger(limits, send, answer)
        self._part: str | None = None
        self._headings: list[tuple[int, str]] = []
        self._path: tuple[str, ...] = ()

    def part(self, name: str) -> Sink:
        """Return a sink for a mail part or archive member; it draws on the same bounds.

        Raises Unreadable (too_many_members).
        """
        self._ledger.members += 1
        if self._ledger.members > self._ledger.limits.members:
            raise Unreadable("too_many_members", limit=self._ledger.limits.members)
        inner = Sink.__new__(Sink)
        inner._ledger = self._ledger
        inner._part = "/".join(filter(None, (self._part, one_line(name)[:_HEADING_CHARACTERS])))
        inner._headings = []
        inner._path = ()
        self._send({"part": {"path": inner._part}})
        return inner

    def converted(self, name: str | None, media_type: str) -> str:
        """Have the starter convert a file of an old kind; return the new one's name.

        name: in the private folder, where the new one lies, too; None for the file itself. Raises
        Unreadable with why there is none (office_missing, reader_timed_out, corrupt).
        """
        self._send({"convert": {"name": name, "media_type": media_type}})
        answer = json.loads(self._ledger.answer() or b"{}")
        if "name" not in answer:
            why = answer.get("notice")
            notice = Notice.from_json(why) if why else None
            raise (
                Unreadable(notice.code, **notice.facts)
                if notice
                else Unreadable("office_missing", media_type=media_type)
            )
        if self._part is None:
            self.warn("converted")
        else:
            self.warn("part_converted", part=self._part)
        return str(answer["name"])

    def describe_part(self, media_type: str, size: int) -> None:
        """Say of the part this sink belongs to what it is and how many bytes it has."""
        self._send({"part": {"path": self._part, "media_type": media_type, "size": size}})

    def heading(self, text: str, level: int, place: Place | None = None) -> None:
        """Add a heading; the blocks after it stand under it.

        level: 1 the outermost, 0 a title above the outermost, which is shown like one. place: as
        in `add`. Raises Unreadable (text_cut).
        """
        text = one_line(text)[:_HEADING_CHARACTERS]
        if not text:
            return
        while self._headings and self._headings[-1][0] >= level:
            self._headings.pop()
        self._path = tuple(above for _, above in self._headings)
        self._headings.append((level, text))
        here = self._placed(place)
        self._path = (*self._path, text)
        self._write(BlockKind.HEADING, text, here, max(1, min(level, 9)))

    def add(self, kind: BlockKind, text: str, place: Place | None = None) -> None:
        """Add a block. `place` gives what only the reader knows; path and part are filled in.

        Raises Unreadable (text_cut) when the text kept has reached its bound.
        """
        text = normal(text).strip("\n")
        if not text.strip():
            return
        self._write(kind, text, self._placed(place))

    def forget_headings(self) -> None:
        """Start a new tree of headings: a sheet, a slide, a mail of a mailbox."""
        self._headings.clear()
        self._path = ()

    def warn(self, code: str, **facts: Fact) -> None:
        """Add a warning; after the first hundred they are only counted."""
        notice = Notice(code, facts)
        self._ledger.warnings += 1
        if self._ledger.warnings <= _WARNINGS:
            self._send({"warning": notice.to_json()})

    def page_not_read(self, code: str, page: int) -> None:
        """Warn of a page that stays unread; the reading is partial then."""
        self._ledger.unread_pages += 1
        self.warn(code, page=page)

    def part_not_read(self, name: str, reason: str) -> None:
        """Warn of a member or attachment that stays unread; the reading is partial then."""
        self._ledger.unread_parts += 1
        path = "/".join(filter(None, (self._part, one_line(name)[:_HEADING_CHARACTERS])))
        self._send({"part": {"path": path, "reason": reason}})
        self.warn("part_not_read", part=path, reason=reason)

    def ocr_page(self, confidence: float) -> None:
        """Count a page that was read by optical character recognition."""
        self._ledger.ocr.append(confidence)

    def stop(self, code: str, **facts: Fact) -> None:
        """Say why the reading is partial; the first reason given is kept."""
        if self._ledger.reason is None:
            self._ledger.reason = Notice(code, facts)

    def unpack(self, size: int) -> None:
        """Count bytes that came out of compression. Raises Unreadable (archive_bomb)."""
        self._ledger.unpacked += size
        if self._ledger.unpacked > self._ledger.limits.unpacked_bytes:
            raise Unreadable("archive_bomb", limit_bytes=self._ledger.limits.unpacked_bytes)

    def count_cells(self, number: int) -> None:
        """Count cells of a sheet. Raises Unreadable (too_many_cells)."""
        self._ledger.cells += number
        if self._ledger.cells > self._ledger.limits.cells:
            raise Unreadable("too_many_cells", limit=self._ledger.limits.cells)

    def set_media_type(self, media_type: str) -> None:
        """Say what the file is."""
        self._send({"media_type": media_type})

    def set_pages(self, pages: int) -> None:
        """Say how many pages the file has. Pages of its parts are not added."""
        if self._part is None:
            self._ledger.pages = pages

    def progress(self, done: int, total: int | None = None) -> None:
        """Say how many pages are read; `total` gives the file its share of time for each."""
        now = time.monotonic()
        if self._part is None and (now - self._ledger.told > _PROGRESS_SECONDS or done == 0):
            self._ledger.told = now
            self._send({"progress": [done, total]})

    def finish(self) -> None:
        """Send the closing line."""
        ledger, hidden = self._ledger, self._ledger.warnings - _WARNINGS
        if hidden > 0:
            self._send({"warning": Notice("more_warnings", {"count": hidden}).to_json()})
        if ledger.reason is None and ledger.unread_pages:
            facts = {"count": ledger.unread_pages, "pages": ledger.pages or ledger.unread_pages}
            ledger.reason = Notice("pages_not_read", facts)
        if ledger.reason is None and ledger.unread_parts:
            ledger.reason = Notice("parts_not_read", {"count": ledger.unread_parts})
        self._send(
            {
                "end": {
                    "reason": ledger.reason.to_json() if ledger.reason else None,
                    "pages": ledger.pages,
                    "ocr_pages": len(ledger.ocr),
                    "ocr_confidence": sum(ledger.ocr) / len(ledger.ocr) if ledger.ocr else None,
                    "language": ledger.language.language,
                }
            }
        )

    def _placed(self, place: Place | None) -> dict[str, object]:
        """Return a place as JSON, with the headings and the part it stands in."""
        value = {} if place is None else place.to_json()
        if self._path:
            value["heading_path"] = self._path
        if self._part is not None:
            value["part"] = self._part
        return value

    def _write(
        self, kind: BlockKind, text: str, place: dict[str, object], level: int | None = None
    ) -> None:
        ledger = self._ledger
        room = ledger.limits.characters - ledger.characters
        text = text[:room]
        ledger.characters += len(text)
        ledger.language.add(text)
        if text and not text.isspace():
            self._send({"block": block_json(kind, text, place, level)})
        if len(text) == room:
            raise Unreadable("text_cut", limit=ledger.limits.characters)

    def _send(self, message: dict[str, object]) -> None:
        self._ledger.send(_line(message))


def _line(message: dict[str, object]) -> bytes:
    """Return a message as a line of JSON."""
    try:
        return orjson.dumps(message, option=orjson.OPT_APPEND_NEWLINE)
    except TypeError:
        # A name with half of a surrogate pair, which no database takes either.
        return json.dumps(message, ensure_ascii=False).encode("utf-8", "replace") + b"\n"
