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
# Radii. The largest circle of a map with few areas, and of one with many.
SMALLEST = 20.0
LARGEST = 74.0
LARGEST_OF_MANY = 50.0
MANY = 16
HOLLOW = 24.0
RADIUS_STEP = 4.0
# Between a circle and its name, and around everything.
GAP = 7.0
MARGIN = 9.0
NAME_LINES = 3


class Shape(StrEnum):
    """The two forms of a map: for a window, and for a phone held upright."""

    WIDE = "wide"
    TALL = "tall"


WIDTHS = {Shape.WIDE: 720.0, Shape.TALL: 352.0}
# Em widths of a line of a name.
NAME_WIDTHS = {Shape.WIDE: 10.8, Shape.TALL: 9.9}


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
    largest = _largest(len(areas), most)
    return [_box(area, radius_of(area.amount, most, largest), shape) for area in areas]


def _box(area: Area, radius: float, shape: Shape) -> Box:
    lines = tuple(wrap(area.title, NAME_WIDTHS[shape], NAME_LINES))
    # Room for the small line, whatever it will say: «12 documents», «nothing handed in yet».
    widest = max([width_of(line) * LETTER for line in lines] + [8.0 * SMALL_LETTER])
    below = radius + GAP + len(lines) * LINE + SMALL_LINE
    return Box(
        radius=radius,
        # Whole numbers: spots are rounded, and what just fits must not overlap by a rounding.
        half_width=math.ceil(max(radius, widest / 2) + MARGIN),
        above=math.ceil(radius + MARGIN),
        below=math.ceil(below + MARGIN),
        lines=lines,
    )


def _largest(count: int, most: int) -> float:
    """The radius of the largest circle: smaller among many, and where there is little to read."""
    crowded = LARGEST - (LARGEST - LARGEST_OF_MANY) * min(count / MANY, 1.0)
    return min(crowded, SMALLEST + 8.0 * math.sqrt(most))


def radius_of(amount: int, most: int, largest: float) -> float:
    """The radius of a circle whose surface grows with the amount; of a hollow one when empty."""
    if not amount:
        return HOLLOW
    radius = SMALLEST + (largest - SMALLEST) * math.sqrt(amount / most)
    # In steps: one more document must not make every circle a little larger or smaller.
    return round(radius / RADIUS_STEP) * RADIUS_STEP
