"""What an area takes of the picture: a circle and, below it, its name and one line more."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from knowledge_map.area import Area
from knowledge_map.lettering import width_of, wrap

# Picture units are CSS pixels when the picture is shown as wide as it is.
LETTER = 15.0
LINE = 20.0
SMALL_LETTER = 13.0
SMALL_LINE = 19.0
SMALLEST = 18.0
LARGEST = 52.0
HOLLOW = 20.0
# Between a circle and its name, and around everything.
GAP = 7.0
MARGIN = 9.0
NAME_LINES = 3


class Shape(StrEnum):
    """The two forms of a map: for a window, and for a phone held upright."""

    WIDE = "wide"
    TALL = "tall"


WIDTHS = {Shape.WIDE: 900.0, Shape.TALL: 352.0}
# Em widths of a line of a name.
NAME_WIDTHS = {Shape.WIDE: 9.6, Shape.TALL: 9.0}


@dataclass(frozen=True, slots=True)
class Box:
    """The room of one area around the middle of its circle, in picture units."""

    radius: float
    half_width: float
    above: float
    below: float
    lines: tuple[str, ...]


def boxes(areas: Sequence[Area], shape: Shape) -> list[Box]:
    """Return the room of each area; circles grow with the amount in them, by surface."""
    most = max((area.amount for area in areas), default=0)
    return [_box(area, most, shape) for area in areas]


def _box(area: Area, most: int, shape: Shape) -> Box:
    radius = radius_of(area.amount, most)
    lines = tuple(wrap(area.title, NAME_WIDTHS[shape], NAME_LINES))
    # Room for the small line, whatever it will say: «12 documents», «nothing handed in yet».
    widest = max([width_of(line) * LETTER for line in lines] + [8.5 * SMALL_LETTER])
    below = radius + GAP + len(lines) * LINE + SMALL_LINE
    return Box(
        radius=radius,
        # Whole numbers: spots are rounded, and what just fits must not overlap by a rounding.
        half_width=math.ceil(max(radius, widest / 2) + MARGIN),
        above=math.ceil(radius + MARGIN),
        below=math.ceil(below + MARGIN),
        lines=lines,
    )


def radius_of(amount: int, most: int) -> float:
    """The radius of a circle. Of a map with little on it, no circle is as large as it could be."""
    if not amount:
        return HOLLOW
    largest = min(LARGEST, SMALLEST + 6.0 * math.sqrt(most))
    return round(SMALLEST + (largest - SMALLEST) * math.sqrt(amount / most), 1)
