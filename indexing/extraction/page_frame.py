"""Page space of a PDF, whose origin is at the bottom left, and the page as it is turned."""

from __future__ import annotations

from typing import NamedTuple

from indexing.place import Box


class PageFrame(NamedTuple):
    """The edges of a page in page space."""

    left: float
    bottom: float
    right: float
    top: float

    def turned(self, rectangle: Box, turn: int) -> Box:
        """Return a rectangle of page space on the page turned clockwise by `turn` degrees."""
        left, top, right, bottom = rectangle
        if turn == 0:
            return (left - self.left, self.top - top, right - self.left, self.top - bottom)
        if turn == 90:
            return (bottom - self.bottom, left - self.left, top - self.bottom, right - self.left)
        if turn == 180:
            return (self.right - right, bottom - self.bottom, self.right - left, top - self.bottom)
        return (self.top - top, self.right - right, self.top - bottom, self.right - left)

    def unturned(self, rectangle: Box, turn: int) -> Box:
        """Return in page space a rectangle of the page turned; the inverse of `turned`."""
        left, top, right, bottom = rectangle
        if turn == 0:
            return (left + self.left, self.top - top, right + self.left, self.top - bottom)
        if turn == 90:
            return (top + self.left, right + self.bottom, bottom + self.left, left + self.bottom)
        if turn == 180:
            return (self.right - right, bottom + self.bottom, self.right - left, top + self.bottom)
        return (self.right - bottom, self.top - left, self.right - top, self.top - right)
