"""Reader of Outlook messages (msg), by the layout of [MS-OXMSG]."""

from __future__ import annotations

import struct
from datetime import UTC, datetime, timedelta

import olefile

from indexing.block import BlockKind
from indexing.extraction import media
from indexing.extraction.charset import decoded
from indexing.extraction.html import markup_of
from indexing.extraction.html_blocks import write_blocks
from indexing.extraction.normal import normal
from indexing.extraction.parts import read_part
from indexing.extraction.rtf import write_rtf
from indexing.extraction.rtf_packed import unpacked
from indexing.extraction.sink import Sink
from indexing.extraction.source import Source
from indexing.extraction.text import write_text
from indexing.extraction.unreadable import Unreadable

_BROKEN = (OSError, ValueError, IndexError, struct.error, RecursionError, KeyError)
_SUBJECT, _BODY, _HTML, _RTF = "0037", "1000", "1013", "1009"
_SENDER, _SENDER_ADDRESS, _TO, _CC = "0C1A", "0C1F", "0E04", "0E03"
_SENT, _RECEIVED = 0x00390040, 0x0E060040
_DATA, _LONG_NAME, _NAME, _DISPLAY = "3701", "3707", "3704", "3001"
_ATTACHMENT = "__attach_version1.0_"
_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)
_MOST_BYTES = 256 << 20

Folder = tuple[str, ...]


def read(source: Source, sink: Sink) -> None:
    """Read subject, header lines, text and attachments. Raises Unreadable (corrupt)."""
    try:
        with olefile.OleFileIO(source.path) as file:
            _Message(file, (), source, sink).read()
    except _BROKEN as error:
        raise Unreadable("corrupt", media_type=media.MSG) from error


class _Message:
    """A message, which may lie in another one: `folder` is its place in the file."""

    def __init__(self, file: olefile.OleFileIO, folder: Folder, source: Source, sink: Sink) -> None:
        self._file = file
        self._folder = folder
        self._source = source
        self._sink = sink
        self._names = file.listdir(streams=True, storages=True)

    def read(self) -> None:
        """Give the sink the message's blocks and parts."""
        sink = self._sink
        sink.heading(self._text(_SUBJECT), 1)
        sender, address = self._text(_SENDER), self._text(_SENDER_ADDRESS)
        if address and "@" in address and address != sender:
            sender = f"{sender} <{address}>".strip()
        lines = {"From": sender, "To": self._text(_TO), "Cc": self._text(_CC), "Date": self._date()}
        shown = "\n".join(f"{name}: {text}" for name, text in lines.items() if text)
        sink.add(BlockKind.MAIL_HEADER, shown.replace("\0", ""))
        self._body()
        for entry in self._names:
            depth = len(self._folder)
            if len(entry) == depth + 1 and entry[depth].startswith(_ATTACHMENT):
                self._attachment(tuple(entry))

    def _body(self) -> None:
        if text := self._text(_BODY).strip():
            write_text(normal(text), self._sink)
        elif page := self._bytes(_HTML + "0102"):
            write_blocks(markup_of(page, self._sink), self._sink)
        elif packed := self._bytes(_RTF + "0102"):
            write_rtf(unpacked(packed), self._sink)

    def _attachment(self, folder: Folder) -> None:
        inner = _Message(self._file, folder, self._source, self._sink)
        name = inner._text(_LONG_NAME) or inner._text(_NAME) or inner._text(_DISPLAY)
        name = name or folder[-1].removeprefix(_ATTACHMENT)
        embedded = (*folder, f"__substg1.0_{_DATA}000D")
        if list(embedded) in self._names:
            if len(folder) > self._source.limits.depth:
                self._sink.part_not_read(name, "nested_too_deep")
                return
            _Message(self._file, embedded, self._source, self._sink.part(name)).read()
            return
        content = inner._bytes(_DATA + "0102")
        if content is not None:
            read_part(self._source, self._sink, name, content)

    def _text(self, tag: str) -> str:
        """Return a property of text: Unicode first, then bytes in whatever encoding."""
        wide = self._bytes(tag + "001F")
        if wide is not None:
            return wide.decode("utf-16-le", errors="replace").rstrip("\0")
        narrow = self._bytes(tag + "001E")
        return "" if narrow is None else decoded(narrow)[0].rstrip("\0")

    def _bytes(self, tag: str) -> bytes | None:
        path = [*self._folder, f"__substg1.0_{tag}"]
        if not self._file.exists("/".join(path)) or self._file.get_size(path) > _MOST_BYTES:
            return None
        with self._file.openstream(path) as stream:
            return bytes(stream.read())

    def _date(self) -> str:
        """Return when it was sent, or received, in universal time; ``""`` if it does not say."""
        path = [*self._folder, "__properties_version1.0"]
        if not self._file.exists("/".join(path)):
            return ""
        with self._file.openstream(path) as stream:
            data = stream.read()
        times: dict[int, int] = {}
        for at in range(len(data) % 16 or 16, len(data) - 15, 16):
            tag, _, value = struct.unpack_from("<IIQ", data, at)
            if tag in (_SENT, _RECEIVED):
                times[tag] = value
        ticks = times.get(_SENT) or times.get(_RECEIVED)
        if not ticks or ticks > 1 << 60:
            return ""
        return (_EPOCH + timedelta(microseconds=ticks // 10)).strftime("%Y-%m-%d %H:%M UTC")
