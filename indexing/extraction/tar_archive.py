"""Reader of tar archives, and of single files that are packed with gzip, bzip2 or xz."""

from __future__ import annotations

import bz2
import gzip
import lzma
import tarfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import IO, cast

from indexing.extraction import media
from indexing.extraction.parts import read_part
from indexing.extraction.sink import Sink
from indexing.extraction.source import Source
from indexing.extraction.unreadable import Unreadable
from indexing.extraction.zip_archive import is_rubbish

_BROKEN = (tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, OSError, ValueError)
_OPEN: dict[str, Callable[[Path], IO[bytes]]] = {
    media.TAR: lambda path: path.open("rb"),
    media.GZIP: lambda path: cast("IO[bytes]", gzip.GzipFile(path)),
    media.BZIP2: lambda path: cast("IO[bytes]", bz2.BZ2File(path)),
    media.XZ: lambda path: cast("IO[bytes]", lzma.LZMAFile(path)),  # noqa: SIM115 (the caller closes)
}
_ENDINGS = {".tgz": ".tar", ".tbz": ".tar", ".txz": ".tar", ".gz": "", ".bz2": "", ".xz": ""}


def read(source: Source, sink: Sink) -> None:
    """Read the members, or the one packed file. Links and devices are passed over.

    Raises Unreadable (corrupt, archive_bomb, too_many_members).
    """
    unpack = _OPEN[source.media_type]
    try:
        with unpack(source.path) as file:
            head = file.read(512)
        with unpack(source.path) as file:
            if source.media_type == media.TAR or head[257:262] == b"ustar":
                _read_members(file, source, sink)
            else:
                read_part(source, sink, _inner_name(source.filename), file)
    except _BROKEN as error:
        # What came before the damage has been sent; without anything the reading has failed.
        raise Unreadable("corrupt", media_type=source.media_type) from error


def _read_members(file: IO[bytes], source: Source, sink: Sink) -> None:
    # A stream («|»): members are read once, in order, and nothing is ever extracted to a path.
    with tarfile.open(fileobj=file, mode="r|", errorlevel=0) as archive:
        for member in archive:
            if not member.isfile() or is_rubbish(member.name):
                continue
            content = archive.extractfile(member)
            if content is not None:
                read_part(source, sink, member.name, content)


def _inner_name(name: str) -> str:
    for ending, inner in _ENDINGS.items():
        if name.lower().endswith(ending):
            return name[: -len(ending)] + inner
    return name
