"""Pages of a PDF that must be looked at as pictures, because their text says nothing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import pypdfium2.raw as pdfium

from indexing.extraction.line import Line

# Less than this is a stamp, a page number or the name of a scanning program.
_LEAST_CHARACTERS = 60
_LEAST_SHARE = 0.5
# What fonts without a table of characters leave: private and control characters, blanks.
_STRANGE = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\ufffd\ue000-\uf8ff\U000f0000-\U0010fffd]")
_MOST_STRANGE = 0.3


def needs_recognition(page: Any, lines: Sequence[Line]) -> bool:
    """True if an open page shows more than its text layer says.

    A page on which nothing is drawn was left blank; it needs nothing.
    """
    text = "".join([line.text for line in lines])
    if not lines:
        return bool(pdfium.FPDFPage_CountObjects(page) > 0)
    # Nothing printable is strange but the mark of what has no name; most pages end here.
    if (not text.isprintable() or "\ufffd" in text) and _is_strange(text):
        return True
    return _has_few_letters(text) and _pictures(page) > _LEAST_SHARE


def _is_strange(text: str) -> bool:
    return len(_STRANGE.findall(text)) > _MOST_STRANGE * _letters(text)


def _has_few_letters(text: str) -> bool:
    # A page full of text has enough of them at its beginning.
    head = text[: 4 * _LEAST_CHARACTERS]
    return _letters(head) < _LEAST_CHARACTERS and _letters(text) < _LEAST_CHARACTERS


def _letters(text: str) -> int:
    return sum(map(len, text.split()))


def _pictures(page: Any) -> float:
    """Return the share of a page that its largest picture covers."""
    width, height = page.get_size()
    largest = 0.0
    for item in page.get_objects(filter=[pdfium.FPDF_PAGEOBJ_IMAGE], max_depth=2):
        left, bottom, right, top = item.get_bounds()
        largest = max(largest, (right - left) * (top - bottom))
    return float(largest / max(1.0, width * height))
