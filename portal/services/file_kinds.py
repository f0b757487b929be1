"""Kinds of files as people name them, each with the media types it stands for."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from indexing.extraction import media

OTHER = "other"

KINDS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "word": frozenset(
            {media.DOCX, media.DOC, media.ODT, media.RTF, media.WORKS, media.WORD_PERFECT}
        ),
        "pdf": frozenset({media.PDF}),
        "table": frozenset({media.XLSX, media.XLSB, media.XLS, media.ODS, media.CSV}),
        "slides": frozenset({media.PPTX, media.PPT, media.ODP}),
        "text": frozenset({media.TEXT, media.MARKDOWN, media.XML}),
        "web": frozenset({media.HTML}),
        "mail": frozenset({media.EML, media.MBOX, media.MSG}),
        "image": media.IMAGES,
        "archive": frozenset(
            {media.ZIP, media.TAR, media.GZIP, media.BZIP2, media.XZ, media.SEVEN_ZIP, media.RAR}
        ),
    }
)
_KIND_OF = {media_type: kind for kind, types in KINDS.items() for media_type in types}


def kind_of(media_type: str | None) -> str:
    """The kind of a media type; «other» for one that has none."""
    return _KIND_OF.get(media_type or "", OTHER)
