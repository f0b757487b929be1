"""Archives in several parts (volumes): one part alone is told from a damaged archive."""

from __future__ import annotations

import re

from indexing.extraction import media
from indexing.extraction.source import Source
from indexing.extraction.unreadable import Unreadable

_RAR_5, _RAR_4 = b"Rar!\x1a\x07\x01\x00", b"Rar!\x1a\x07\x00"
_RAR_4_MAIN, _RAR_4_HEADER_BYTES = 0x73, 7
_RAR_5_MAIN, _HAS_EXTRA = 1, 0x1
# In both kinds the lowest bit of the main header's flags.
_VOLUME = 0x1
_HEAD_BYTES = 64
# The names that packers give: .7z.001, .zip.002, .z01.
_NUMBERED = re.compile(r"\.(?:\d{3}|z\d{2})$", re.I)
# The record at a zip's end, with a comment of the greatest length; then the number of this part.
_ZIP_END, _ZIP_END_BYTES = b"PK\x05\x06", 22 + 0xFFFF


def damage(source: Source) -> Unreadable:
    """Return why an archive whose reading failed could not be read: archive_volumes or corrupt."""
    if is_volume(source):
        return Unreadable("archive_volumes")
    return Unreadable("corrupt", media_type=source.media_type)


def is_volume(source: Source) -> bool:
    """Whether an archive that is cut off is one part of several: it or its name says so."""
    return says_so(source) or bool(_NUMBERED.search(source.filename))


def says_so(source: Source) -> bool:
    """Whether the archive itself says that it is one part of several, as rar and zip can."""
    if source.media_type == media.RAR:
        with source.path.open("rb") as file:
            return _rar_says_so(file.read(_HEAD_BYTES))
    return source.media_type == media.ZIP and _is_last_zip(source)


def _rar_says_so(head: bytes) -> bool:
    if head.startswith(_RAR_5):
        # A sum of four bytes; then, each of any length, size, type, flags, the size of what
        # follows the header if there is any, and the archive's own flags.
        at = len(_RAR_5) + 4
        fields = []
        for _ in range(5):
            number, at = _number(head, at)
            fields.append(number)
        own = fields[4] if fields[2] & _HAS_EXTRA else fields[3]
        return fields[1] == _RAR_5_MAIN and bool(own & _VOLUME)
    main = head[len(_RAR_4) : len(_RAR_4) + _RAR_4_HEADER_BYTES]
    if not head.startswith(_RAR_4) or len(main) < _RAR_4_HEADER_BYTES:
        return False
    return main[2] == _RAR_4_MAIN and bool(main[3] & _VOLUME)


def _number(data: bytes, at: int) -> tuple[int, int]:
    """Return the number that stands in the lower seven bits of bytes, and where it ends."""
    number = shift = 0
    while at < len(data):
        byte = data[at]
        number |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if not byte & 0x80:
            break
    return number, at


def _is_last_zip(source: Source) -> bool:
    with source.path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - _ZIP_END_BYTES))
        end = file.read()
    at = end.rfind(_ZIP_END)
    return at >= 0 and end[at + 4 : at + 6] not in (b"", b"\0\0", b"\xff\xff")
