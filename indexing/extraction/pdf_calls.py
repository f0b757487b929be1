"""The functions of pdfium called for each line or drawing of a page, without the binding's checks.

The binding converts and looks over every argument, which takes longer than the calls themselves.
Here the page of text is a `void *`, and results go into arrays that are made once.
"""

from __future__ import annotations

import ctypes
from typing import Any

import pypdfium2.raw as pdfium


class Handle(ctypes.c_void_p):
    """What pdfium hands out. Of a class of its own, or the binding of C would make it a number."""


def _bare(name: str, result: type = ctypes.c_int) -> Any:
    address = ctypes.cast(getattr(pdfium, name), ctypes.c_void_p).value or 0
    # Keeps the interpreter's lock: letting it go and taking it again costs as much as a call.
    return ctypes.PYFUNCTYPE(result)(address)


count_rectangles = _bare("FPDFText_CountRects")
get_rectangle = _bare("FPDFText_GetRect")
get_box = _bare("FPDFText_GetCharBox")
get_origin = _bare("FPDFText_GetCharOrigin")
get_matrix = _bare("FPDFText_GetMatrix")
get_size = _bare("FPDFText_GetFontSize", ctypes.c_double)
get_weight = _bare("FPDFText_GetFontWeight")
get_font = _bare("FPDFText_GetFontInfo", ctypes.c_ulong)
get_bounded = _bare("FPDFText_GetBoundedText")

count_objects = _bare("FPDFPage_CountObjects")
get_object = _bare("FPDFPage_GetObject", Handle)
get_bounds = _bare("FPDFPageObj_GetBounds")
get_object_matrix = _bare("FPDFPageObj_GetMatrix")
get_draw_mode = _bare("FPDFPath_GetDrawMode")
count_segments = _bare("FPDFPath_CountSegments")
get_segment = _bare("FPDFPath_GetPathSegment", Handle)
get_point = _bare("FPDFPathSegment_GetPoint")
get_segment_type = _bare("FPDFPathSegment_GetType")
get_close = _bare("FPDFPathSegment_GetClose")


def handle(opened: Any) -> Handle:
    """Return what the functions take for an open page, or page of text, of the binding."""
    return ctypes.cast(opened, Handle)
