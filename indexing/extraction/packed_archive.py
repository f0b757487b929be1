"""Reader of 7z and rar archives, with the system's libarchive: each member is a part."""

from __future__ import annotations

import os
import stat
from types import ModuleType
from typing import IO, Any, cast

from indexing.extraction import media
from indexing.extraction.parts import read_part
from indexing.extraction.sink import Sink
from indexing.extraction.source import Source
from indexing.extraction.unreadable import Unreadable
from indexing.extraction.volumes import is_volume, says_so
from indexing.extraction.zip_archive import is_rubbish

_OF_A_KIND = frozenset({"corrupt", "archive_unsupported"})
_RAR_5 = b"Rar!\x1a\x07\x01"


def _library() -> ModuleType | None:
    """Return the library; None where the system has none."""
    # Named, because the search for it would start other programs.
    os.environ.setdefault("LIBARCHIVE", "libarchive.so.13")
    try:
        import libarchive
    except OSError:
        return None
    return cast("ModuleType", libarchive)


# At once, before the reading process is confined.
_libarchive = _library()


def is_installed() -> bool:
    """Whether the system has what this reader needs."""
    return _libarchive is not None


def read(source: Source, sink: Sink) -> None:
    """Read the members as they come. Names are shown, never used as paths; links are passed over.

    Of one part of several, the members that lie in it whole are read.

    Raises Unreadable (corrupt, encrypted_archive, archive_unsupported, archive_volumes,
    archive_bomb, too_many_members).
    """
    if _libarchive is None:
        raise Unreadable("archive_unsupported", media_type=source.media_type)
    try:
        # One format and no filter: the library knows dozens, and each is a way in.
        with _libarchive.file_reader(str(source.path), _format(source), "none") as archive:
            locked = [_read_member(entry, source, sink) for entry in archive if _is_wanted(entry)]
    except _libarchive.ArchiveError as error:
        # What came before the damage has been sent.
        reason = _reason(error, source)
        facts = {"media_type": source.media_type} if reason in _OF_A_KIND else {}
        raise Unreadable(reason, **facts) from error
    if locked and all(locked):
        raise Unreadable("encrypted_archive")
    if says_so(source):
        raise Unreadable("archive_volumes")


def _format(source: Source) -> str:
    if source.media_type == media.SEVEN_ZIP:
        return "7zip"
    with source.path.open("rb") as file:
        return "rar5" if file.read(len(_RAR_5)) == _RAR_5 else "rar"


def _read_member(entry: Any, source: Source, sink: Sink) -> bool:
    """Read a member; return whether it has a password."""
    assert _libarchive is not None
    name = _name(entry)
    try:
        read_part(source, sink, name, cast("IO[bytes]", _Content(entry)))
    except _libarchive.ArchiveError as error:
        reason = _reason(error, source)
        sink.part_not_read(name, reason)
        return reason == "encrypted_archive"
    return False


def _is_wanted(entry: Any) -> bool:
    # Some rar archives do not say that a file is one.
    return stat.S_IFMT(entry.filetype) in (0, stat.S_IFREG) and not is_rubbish(_name(entry))


def _name(entry: Any) -> str:
    name = entry.pathname
    return name.decode(errors="replace") if isinstance(name, bytes) else name or "?"


def _reason(error: Exception, source: Source) -> str:
    """Tell from the library's words, which are all it gives, why it cannot go on."""
    said = str(error).lower()
    if "encrypt" in said:
        return "encrypted_archive"
    if "allocate" in said:
        raise MemoryError from error
    if is_volume(source):
        # What lies in another part is cut off here.
        return "archive_volumes"
    unsupported = "support" in said or "unavailable" in said or "unknown" in said
    return "archive_unsupported" if unsupported else "corrupt"


class _Content:
    """A member's bytes, piece by piece, as a file has them."""

    def __init__(self, entry: Any) -> None:
        self._blocks = entry.get_blocks(1 << 16)

    def read(self, size: int) -> bytes:
        return cast("bytes", next(self._blocks, b""))
