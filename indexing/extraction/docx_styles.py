"""Styles of a Word document: which of them are headings, which are lists."""

from __future__ import annotations

import re
from dataclasses import dataclass

from indexing.extraction.package import Element, attribute, child, local

_HEADING = re.compile(r"(?:heading|标题|標題|titre|überschrift)\s*(\d)$", re.IGNORECASE)
_TITLES = frozenset({"title", "标题", "標題"})
_CODE = re.compile(r"code|preformatted|source|代码", re.IGNORECASE)
# Styles are based on others; a chain longer than this is a circle.
_CHAIN = 12


@dataclass(frozen=True, slots=True)
class Style:
    """What a paragraph's style says.

    level: of a heading, 1 the outermost, 0 the title; None for other text.
    list_id, list_level: the list it belongs to, None without one.
    """

    level: int | None = None
    list_id: str | None = None
    list_level: int | None = None
    code: bool = False
    caption: bool = False


class Styles:
    """The paragraph styles of a document, by their id."""

    def __init__(self, root: Element | None) -> None:
        self._elements: dict[str, Element] = {}
        self._known: dict[str, Style] = {}
        self._default = ""
        for element in [] if root is None else root:
            if local(element) == "style" and attribute(element, "type") in (None, "paragraph"):
                style_id = attribute(element, "styleId") or ""
                self._elements[style_id] = element
                if attribute(element, "default") in ("1", "true"):
                    self._default = style_id

    def of(self, properties: Element | None) -> Style:
        """Return the style of a paragraph with these properties (``w:pPr``)."""
        style_id = attribute(child(properties, "pStyle"), "val") or self._default
        if style_id not in self._known:
            self._known[style_id] = self._resolved(style_id)
        return self._known[style_id]

    def _resolved(self, style_id: str) -> Style:
        level = list_id = list_level = None
        code = caption = False
        for number in range(_CHAIN):
            element = self._elements.get(style_id)
            if element is None:
                # Some programs write a heading's style without defining it.
                level = _named_level(style_id) if level is None and not number else level
                break
            name = attribute(child(element, "name"), "val") or ""
            properties = child(element, "pPr")
            level = _named_level(name) if level is None else level
            level = outline_level(properties) if level is None else level
            found_id, found_level = list_of(properties)
            list_id = found_id if list_id is None else list_id
            list_level = found_level if list_level is None else list_level
            code = code or _CODE.search(name) is not None
            caption = caption or name.lower() in ("caption", "题注")
            style_id = attribute(child(element, "basedOn"), "val") or ""
        return Style(level, list_id, list_level, code, caption)


def outline_level(properties: Element | None) -> int | None:
    """Return the heading level that paragraph properties give directly, None for body text."""
    value = attribute(child(properties, "outlineLvl"), "val")
    return int(value) + 1 if value and value in "012345678" else None


def list_of(properties: Element | None) -> tuple[str | None, int | None]:
    """Return list and level that paragraph properties give; «0» takes it out of its list."""
    numbers = child(properties, "numPr")
    level = attribute(child(numbers, "ilvl"), "val")
    return attribute(child(numbers, "numId"), "val"), (
        int(level) if level and level in "012345678" else None
    )


def _named_level(name: str) -> int | None:
    if name.strip().lower() in _TITLES:
        # Above the headings: they belong to what the title names.
        return 0
    found = _HEADING.match(name.strip())
    return int(found[1]) if found else None
