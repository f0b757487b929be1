"""Straight lines drawn on a PDF page: the borders of tables, among others."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from itertools import repeat
from typing import Any

import pypdfium2.raw as pdfium

from indexing.extraction import pdf_calls
from indexing.extraction.pdf_calls import Handle
from indexing.place import Box

# A rectangle no thicker than this is drawn as a line.
_THIN = 2.5
# A shorter line is part of a letter or of a drawing.
_LEAST = 5.0
# A page with more is a drawing or a map, and a path with more is a curve or a picture.
_MOST_OBJECTS = 20_000
_MOST_SEGMENTS = 400
_MOST_RULES = 4_000
_MOST_UNITS = 100_000.0
_STRAIGHT = (pdfium.FPDF_SEGMENT_MOVETO, pdfium.FPDF_SEGMENT_LINETO)


def rules(page: Any) -> list[Box]:
    """Return the level and upright lines of a page, in page space; none if it is a drawing."""
    raw = pdf_calls.handle(page.raw)
    count = pdf_calls.count_objects(raw)
    if count > _MOST_OBJECTS:
        return []
    paths, found = _Paths(), []
    segments_of = pdf_calls.count_segments
    # Most are pieces of text: the loop that passes over them is not one of this language.
    for item in map(pdf_calls.get_object, repeat(raw), range(count)):
        # What is no path has fewer than none.
        if (segments := segments_of(item)) >= 0:
            found.extend(paths.rules_of(item, segments))
            if len(found) > _MOST_RULES:
                return []
    return [rule for rule in found if _is_sane(*rule)]


class _Paths:
    """Reads paths. Where pdfium writes its answers is made once: a page has thousands."""

    def __init__(self) -> None:
        self._sides = (ctypes.c_float * 4)()
        self._each = tuple(ctypes.byref(self._sides, 4 * number) for number in range(4))
        self._matrix = (ctypes.c_float * 6)()
        self._modes = (ctypes.c_int * 2)()
        self._fill, self._stroke = ctypes.byref(self._modes), ctypes.byref(self._modes, 4)
        self._point = (ctypes.c_float * 2)()
        self._x, self._y = ctypes.byref(self._point), ctypes.byref(self._point, 4)

    def rules_of(self, path: Handle, count: int) -> list[Box]:
        """Return the straight lines that a path of so many pieces draws."""
        if not pdf_calls.get_bounds(path, *self._each):
            return []
        # A slice: taking an array apart by itself ends in an exception, which costs as much again.
        left, bottom, right, top = self._sides[:]
        if right - left < _LEAST and top - bottom < _LEAST:
            return []
        if right - left <= _THIN or top - bottom <= _THIN:
            return [(left, top, right, bottom)]
        return self._straight(path, count) if count <= _MOST_SEGMENTS else []

    def _straight(self, path: Handle, count: int) -> list[Box]:
        """Return the pieces of a path; none if it has a curve or a slanting piece."""
        # A drawing is mostly curves, which show in their second piece.
        if count > 1 and not self._is_straight(pdf_calls.get_segment(path, 1)):
            return []
        if not self._is_drawn(path):
            return []
        pdf_calls.get_object_matrix(path, self._matrix)
        matrix = self._matrix[:]
        found: list[Box] = []
        first = last = (0.0, 0.0)
        for segment in map(pdf_calls.get_segment, repeat(path), range(count)):
            kind = pdf_calls.get_segment_type(segment)
            if kind not in _STRAIGHT:
                return []
            point = self._at(segment, matrix)
            if kind == pdfium.FPDF_SEGMENT_MOVETO:
                first = point
            elif not _add(found, last, point):
                return []
            last = point
            if pdf_calls.get_close(segment) and not _add(found, point, first):
                return []
        return found

    def _is_straight(self, segment: Handle) -> bool:
        return pdf_calls.get_segment_type(segment) in _STRAIGHT

    def _is_drawn(self, path: Handle) -> bool:
        pdf_calls.get_draw_mode(path, self._fill, self._stroke)
        return any(self._modes)

    def _at(self, segment: Handle, matrix: Sequence[float]) -> tuple[float, float]:
        """Return where a segment ends, in page space."""
        pdf_calls.get_point(segment, self._x, self._y)
        x, y = self._point[:]
        a, b, c, d, e, f = matrix
        return a * x + c * y + e, b * x + d * y + f


def _is_sane(left: float, top: float, right: float, bottom: float) -> bool:
    # False for what is not a number, too.
    if not -_MOST_UNITS < left <= right < _MOST_UNITS:
        return False
    return -_MOST_UNITS < bottom <= top < _MOST_UNITS


def _add(found: list[Box], point: tuple[float, float], other: tuple[float, float]) -> bool:
    """Add a line between two points; False if it is neither level nor upright."""
    (x, y), (end_x, end_y) = point, other
    wide, high = abs(x - end_x), abs(y - end_y)
    if wide >= 0.5 and high >= 0.5:
        return False
    if wide >= _LEAST or high >= _LEAST:
        found.append((min(x, end_x), max(y, end_y), max(x, end_x), min(y, end_y)))
    return True
