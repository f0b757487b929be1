"""Which reader reads which type."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from types import MappingProxyType

from indexing.extraction import media
from indexing.extraction.sink import Sink
from indexing.extraction.source import Source
from indexing.extraction.unreadable import Unreadable

Reader = Callable[[Source, Sink], None]

# Module in this package; each has one function `read(source, sink)`. Imported when needed, since
# the reading process starts anew for each file.
READERS: Mapping[str, str] = MappingProxyType(
    {
        media.PDF: "pdf",
        media.DOCX: "docx",
        media.HTML: "html",
        media.MARKDOWN: "markdown",
        media.PPTX: "pptx",
        media.EML: "mail",
        media.MBOX: "mbox",
        media.MSG: "msg",
        media.ZIP: "zip_archive",
        media.TAR: "tar_archive",
        media.GZIP: "tar_archive",
        media.BZIP2: "tar_archive",
        media.XZ: "tar_archive",
        media.SEVEN_ZIP: "packed_archive",
        media.RAR: "packed_archive",
        media.ODT: "opendocument",
        media.ODS: "opendocument",
        media.ODP: "opendocument",
        media.RTF: "rtf",
        media.DOC: "doc",
        media.PPT: "ppt",
        media.WORKS: "old_office",
        media.WORD_PERFECT: "old_office",
        media.XLSX: "xlsx",
        media.XLS: "workbook",
        media.XLSB: "workbook",
        media.CSV: "csv_table",
        **dict.fromkeys(media.IMAGES, "image"),
        media.TEXT: "text",
        media.XML: "text",
    }
)


def reader_for(media_type: str) -> Reader:
    """Return the reader of a media type. Raises Unreadable (unsupported_type, encrypted_office)."""
    if media_type == media.ENCRYPTED_OFFICE:
        raise Unreadable("encrypted_office")
    module = READERS.get(media_type)
    if module is None:
        raise Unreadable("unsupported_type", media_type=media_type)
    reader: Reader = importlib.import_module(f"indexing.extraction.{module}").read
    return reader
