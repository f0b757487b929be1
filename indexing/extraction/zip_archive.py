"""Reader of zip archives: each member is a part."""

from __future__ import annotations

import stat
import zipfile

from indexing.extraction.charset import decoded
from indexing.extraction.damage import BROKEN_ARCHIVE
from indexing.extraction.parts import read_part
from indexing.extraction.sink import Sink
from indexing.extraction.source import Source
from indexing.extraction.unreadable import Unreadable
from indexing.extraction.volumes import damage, says_so

_ENCRYPTED, _UTF8 = 0x1, 0x800


def read(source: Source, sink: Sink) -> None:
    """Read the members. Names are shown, never used as paths; links are not followed.

    Raises Unreadable (corrupt, archive_volumes, encrypted_archive, archive_bomb,
    too_many_members).
    """
    try:
        archive = zipfile.ZipFile(source.path)
    except BROKEN_ARCHIVE as error:
        raise damage(source) from error
    with archive:
        members = [info for info in archive.infolist() if not _is_skipped(info)]
        if members and all(info.flag_bits & _ENCRYPTED for info in members):
            raise Unreadable("encrypted_archive")
        for info in members:
            _read_member(archive, info, source, sink)
    if says_so(source):
        raise Unreadable("archive_volumes")


def _read_member(
    archive: zipfile.ZipFile, info: zipfile.ZipInfo, source: Source, sink: Sink
) -> None:
    name = _name(info)
    if info.flag_bits & _ENCRYPTED:
        sink.part_not_read(name, "encrypted_archive")
        return
    try:
        with archive.open(info) as content:
            read_part(source, sink, name, content)
    except NotImplementedError:
        # Packed in a way that has been out of use since the nineties.
        sink.part_not_read(name, "unsupported_type")
    except BROKEN_ARCHIVE:
        sink.part_not_read(name, damage(source).notice.code)


def _is_skipped(info: zipfile.ZipInfo) -> bool:
    return info.is_dir() or is_rubbish(info.filename) or stat.S_ISLNK(info.external_attr >> 16)


def is_rubbish(name: str) -> bool:
    """True for the files that systems leave behind beside the people's own."""
    base = name.replace("\\", "/").rpartition("/")[2]
    return "__MACOSX/" in name or base in (".DS_Store", "Thumbs.db", "desktop.ini")


def _name(info: zipfile.ZipInfo) -> str:
    """Return a member's name; old programs write it in the encoding of their country."""
    if info.flag_bits & _UTF8:
        return info.filename
    try:
        return decoded(info.filename.encode("cp437"))[0]
    except UnicodeEncodeError:
        return info.filename
