"""Straight lines drawn on a PDF page: the borders of tables, among others."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pypdfium2.raw as pdfium

from indexing.extraction import pdf_calls
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


def rules(page: Any) -> list[Box]:
    """Return the level and upright lines of a page, in page space; none if it is a drawing."""
    raw = ctypes.cast(page.raw, ctypes.c_void_p)
    count = pdf_calls.count_objects(raw)
    found: list[Box] = []
    if count > _MOST_OBJECTS:
        return found
    for number in range(count):
        item = ctypes.c_void_p(pdf_calls.get_object(raw, number))
        if pdf_calls.get_type(item) == pdfium.FPDF_PAGEOBJ_PATH:
            found.extend(rule for rule in _rules_of(item) if _is_sane(rule))
            if len(found) > _MOST_RULES:
                return []
    return found


def _rules_of(path: ctypes.c_void_p) -> Iterator[Box]:
    sides = (ctypes.c_float * 4)()
    each = [ctypes.byref(sides, 4 * number) for number in range(4)]
    if not pdf_calls.get_bounds(path, *each):
        return
    left, bottom, right, top = sides
    if right - left < _LEAST and top - bottom < _LEAST:
        return
    if min(right - left, top - bottom) <= _THIN:
        yield (left, top, right, bottom)
        return
    if pdf_calls.count_segments(path) > _MOST_SEGMENTS or not _is_drawn(path):
        return
    for (x, y), (later_x, later_y) in _strokes(path):
        level, upright = abs(y - later_y) < 0.5, abs(x - later_x) < 0.5
        if level != upright and abs(x - later_x) + abs(y - later_y) >= _LEAST:
            yield (min(x, later_x), max(y, later_y), max(x, later_x), min(y, later_y))


def _is_sane(rule: Box) -> bool:
    # False for what is not a number, too.
    return all(-_MOST_UNITS < side < _MOST_UNITS for side in rule)


def _is_drawn(path: ctypes.c_void_p) -> bool:
    fill, stroke = ctypes.c_int(), ctypes.c_int()
    pdf_calls.get_draw_mode(path, ctypes.byref(fill), ctypes.byref(stroke))
    return bool(fill.value or stroke.value)


def _strokes(path: ctypes.c_void_p) -> Iterator[tuple[tuple[float, float], tuple[float, float]]]:
    """Yield both ends of each straight piece of a path, in page space."""
    matrix = (ctypes.c_float * 6)(1, 0, 0, 1, 0, 0)
    pdf_calls.get_object_matrix(path, matrix)
    run: list[tuple[float, float]] = []
    for number in range(pdf_calls.count_segments(path)):
        segment = ctypes.c_void_p(pdf_calls.get_segment(path, number))
        kind, point = pdf_calls.get_segment_type(segment), _point(segment, matrix)
        if kind != pdfium.FPDF_SEGMENT_LINETO:
            yield from pairwise(run)
            run = []
        run.append(point)
        if pdf_calls.get_close(segment):
            yield from pairwise([*run, run[0]])
            run = []
    yield from pairwise(run)


def _point(segment: ctypes.c_void_p, matrix: Any) -> tuple[float, float]:
    at = (ctypes.c_float * 2)()
    pdf_calls.get_point(segment, ctypes.byref(at), ctypes.byref(at, 4))
    a, b, c, d, e, f = matrix
    return a * at[0] + c * at[1] + e, b * at[0] + d * at[1] + f
