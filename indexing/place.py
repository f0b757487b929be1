"""A place: where a block or passage stands in the original."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

# left, top, right, bottom in page units (PDF points; pixels for images), origin at the top left.
Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a text stands. Every field is optional: a format fills those it has.

    page: 1-based page of a paged document, or frame of an image.
    boxes: rectangles on that page, in page units, origin top left.
    heading_path: headings above the text, outermost first.
    sheet, cells: name of the sheet and its range, as in ``A2:D9``.
    columns: letters of the columns, as in ``A C D``, where the range leaves some out.
    slide: 1-based slide.
    part: mail part or archive member, inner ones after a slash.
    """

    page: int | None = None
    boxes: tuple[Box, ...] = ()
    heading_path: tuple[str, ...] = ()
    sheet: str | None = None
    cells: str | None = None
    columns: str | None = None
    slide: int | None = None
    part: str | None = None

    def to_json(self) -> dict[str, object]:
        """Return the keys that say something; an empty place is ``{}``."""
        value: dict[str, object] = {}
        if self.boxes:
            value["boxes"] = list(map(list, self.boxes))
        if self.heading_path:
            value["heading_path"] = list(self.heading_path)
        for key in ("page", "sheet", "cells", "columns", "slide", "part"):
            if (fact := getattr(self, key)) is not None:
                value[key] = fact
        return value

    @classmethod
    def from_json(cls, value: Mapping[str, object]) -> Place:
        """Build a place from `to_json`'s object; unknown keys are left aside.

        Raises ValueError if a known key holds a value of another kind.
        """
        return cls(
            page=_integer(value, "page"),
            boxes=tuple(_box(box) for box in _sequence(value, "boxes")),
            heading_path=tuple(str(heading) for heading in _sequence(value, "heading_path")),
            sheet=_string(value, "sheet"),
            cells=_string(value, "cells"),
            columns=_string(value, "columns"),
            slide=_integer(value, "slide"),
            part=_string(value, "part"),
        )


def boxes_within(boxes: Sequence[Box], begin: float, end: float) -> list[Box]:
    """Return the boxes over which a part of a text stands, given as shares of its characters.

    A text has about one box a line, so a sentence's share of the characters is its share of the
    lines' lengths: near enough to mark it, without a place for every character.
    """
    lengths = [max(right - left, bottom - top) for left, top, right, bottom in boxes]
    total, at, found = sum(lengths) or 1.0, 0.0, []
    for box, length in zip(boxes, lengths, strict=True):
        until = at + length / total
        if until > begin + 0.01 and at < end - 0.01:
            found.append(box)
        at = until
    return found


def _integer(value: Mapping[str, object], key: str) -> int | None:
    found = value.get(key)
    if found is not None and (not isinstance(found, int) or isinstance(found, bool)):
        raise ValueError(f"a place's {key} is a whole number")
    return found


def _string(value: Mapping[str, object], key: str) -> str | None:
    found = value.get(key)
    if found is not None and not isinstance(found, str):
        raise ValueError(f"a place's {key} is a string")
    return found


def _sequence(value: Mapping[str, object], key: str) -> Sequence[object]:
    found = value.get(key, ())
    if not isinstance(found, Sequence) or isinstance(found, str):
        raise ValueError(f"a place's {key} is a list")
    return found


def _box(value: object) -> Box:
    if not isinstance(value, Sequence) or isinstance(value, str) or len(value) != 4:
        raise ValueError("a box is four numbers")
    left, top, right, bottom = (float(side) for side in value)
    return (left, top, right, bottom)
