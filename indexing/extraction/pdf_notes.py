"""What stands on a PDF page beside its text: remarks, and the fields of a form as filled in."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from typing import Any

import pypdfium2.raw as pdfium

from indexing.extraction.stream import Note

_MOST = 2000
_MOST_BYTES = 1 << 20
_FIELD = pdfium.FPDF_ANNOT_WIDGET
_REMARKS = frozenset(
    {
        pdfium.FPDF_ANNOT_TEXT,
        pdfium.FPDF_ANNOT_FREETEXT,
        pdfium.FPDF_ANNOT_HIGHLIGHT,
        pdfium.FPDF_ANNOT_UNDERLINE,
        pdfium.FPDF_ANNOT_STRIKEOUT,
        pdfium.FPDF_ANNOT_SQUIGGLY,
        pdfium.FPDF_ANNOT_STAMP,
        pdfium.FPDF_ANNOT_SQUARE,
        pdfium.FPDF_ANNOT_CIRCLE,
        pdfium.FPDF_ANNOT_INK,
        pdfium.FPDF_ANNOT_CARET,
    }
)


def notes(page: Any) -> Iterator[Note]:
    """Yield the remarks and filled fields of an open page."""
    for number in range(min(pdfium.FPDFPage_GetAnnotCount(page), _MOST)):
        annotation = pdfium.FPDFPage_GetAnnot(page, number)
        if not annotation:
            continue
        try:
            if text := _text(annotation):
                yield Note(text)
        finally:
            pdfium.FPDFPage_CloseAnnot(annotation)


def has_fields(page: Any) -> bool:
    """True if an open page has fields to be filled in."""
    for number in range(min(pdfium.FPDFPage_GetAnnotCount(page), _MOST)):
        annotation = pdfium.FPDFPage_GetAnnot(page, number)
        if annotation:
            kind = pdfium.FPDFAnnot_GetSubtype(annotation)
            pdfium.FPDFPage_CloseAnnot(annotation)
            if kind == _FIELD:
                return True
    return False


def _text(annotation: Any) -> str:
    kind = pdfium.FPDFAnnot_GetSubtype(annotation)
    if kind in _REMARKS:
        return _string(annotation, b"Contents")
    if kind != _FIELD:
        return ""
    value = _string(annotation, b"V").strip()
    # A check box that is off says so by this name.
    if not value or value == "Off":
        return ""
    label = _string(annotation, b"TU").strip() or _string(annotation, b"T").strip()
    return f"{label}: {value}" if label else value


def _string(annotation: Any, key: bytes) -> str:
    length = pdfium.FPDFAnnot_GetStringValue(annotation, key, None, 0)
    if not 2 < length <= _MOST_BYTES:
        return ""
    buffer = (ctypes.c_ushort * ((length + 1) // 2))()
    pdfium.FPDFAnnot_GetStringValue(annotation, key, buffer, length)
    return bytes(buffer)[: length - 2].decode("utf-16-le", "replace")
