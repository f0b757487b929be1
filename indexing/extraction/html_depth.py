"""Bounding how deep the elements of a page lie, before it is parsed."""

from __future__ import annotations

import re

# For each element a parser looks through those around it, so its time grows with the square of
# the depth: two hundred thousand nested divisions take minutes. Real pages stay below a hundred.
_MOST_DEPTH = 400
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)[^<>]*>?")
# Never closed, or closed by the next of their kind: they do not nest by themselves.
_FLAT = frozenset(
    re.findall(
        r"\w+",
        "area base br col embed hr img input link meta param source track wbr p li dt dd tr td th "
        "thead tbody tfoot option optgroup colgroup rt rp html head body",
    )
)


def bounded(markup: str) -> str:
    """Return the mark-up without the tags that nest deeper than 400; their text stays."""
    if markup.count("<") <= _MOST_DEPTH:
        return markup
    return _TAG.sub(_Depth(), markup)


class _Depth:
    """Counts open elements while tags go by; a line break stands for each tag taken out."""

    def __init__(self) -> None:
        self._open = 0
        self._taken = 0

    def __call__(self, found: re.Match[str]) -> str:
        closing, name = found[1], found[2].lower()
        if name in _FLAT or found[0].endswith("/>"):
            return found[0]
        if closing:
            if self._taken:
                self._taken -= 1
                return "<br>"
            self._open = max(0, self._open - 1)
        elif self._open >= _MOST_DEPTH:
            self._taken += 1
            return "<br>"
        else:
            self._open += 1
        return found[0]
