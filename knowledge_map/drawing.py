"""The map as a picture: SVG that needs no script, with a real link around each area.

Colours, lines and letters are the stylesheet's: elements carry classes, never a style.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape

from knowledge_map.area import Area, KnowledgeMap
from knowledge_map.geometry import GAP, LINE, SMALL_LINE, Box, Shape, boxes
from knowledge_map.layout import extent
from knowledge_map.neighbours import links

# How far a line between neighbours is bent aside, as a share of its length.
BEND = 0.08
# In the narrow picture a longer line passes behind everything and shows nothing.
LONGEST_LINK = 260.0


@dataclass(frozen=True, slots=True)
class Caption:
    """What stands at an area, in the reader's language.

    count: in the circle; note: the small line; spoken: the whole of it for ears and as tooltip;
    tone: ends the class that colours it; href: where the area leads.
    """

    href: str
    count: str
    note: str
    spoken: str
    tone: str


def draw(whole: KnowledgeMap, shape: Shape, label: str, captions: Mapping[str, Caption]) -> str:
    """Return the SVG element. Areas stand in reading order, which is the order of the Tab key.

    label: what the picture is, for ears. captions: one for each area, by its id.
    """
    left, top, width, height = (round(number, 1) for number in extent(whole.areas, shape))
    lines = "".join(_link(one, other, shape) for one, other in links(whole))
    room = boxes(whole.areas, shape)
    areas = "".join(
        _area(area, box, shape, captions[area.id])
        for area, box in zip(whole.areas, room, strict=True)
    )
    return (
        f'<svg class="map-picture map-{shape.value}" viewBox="{left} {top} {width} {height}"'
        f' width="{width}" height="{height}" role="group" aria-label="{escape(label)}"'
        f' focusable="false"><g class="map-links" aria-hidden="true">{lines}</g>{areas}</svg>'
    )


def _link(one: Area, other: Area, shape: Shape) -> str:
    (x1, y1), (x2, y2) = one.places[shape], other.places[shape]
    if shape is Shape.TALL and math.dist((x1, y1), (x2, y2)) > LONGEST_LINK:
        return ""
    bend_x, bend_y = (x1 + x2) / 2 - (y2 - y1) * BEND, (y1 + y2) / 2 + (x2 - x1) * BEND
    return f'<path d="M{x1} {y1}Q{bend_x:.1f} {bend_y:.1f} {x2} {y2}"/>'


def _area(area: Area, box: Box, shape: Shape, caption: Caption) -> str:
    x, y = area.places[shape]
    line = y + box.radius + GAP + LINE * 0.75
    name = "".join(
        f'<tspan x="{x}" y="{line + number * LINE:.1f}">{escape(text)}</tspan>'
        for number, text in enumerate(box.lines)
    )
    note = line + (len(box.lines) - 1) * LINE + SMALL_LINE
    spoken = escape(caption.spoken)
    return (
        f'<a class="map-area map-{escape(caption.tone)}" href="{escape(caption.href)}"'
        f' data-area="{escape(area.id)}" aria-label="{spoken}"><title>{spoken}</title>'
        f'<rect class="map-ground" x="{x - box.half_width}" y="{y - box.above}"'
        f' width="{2 * box.half_width}" height="{box.above + box.below}" rx="10"/>'
        f'<circle cx="{x}" cy="{y}" r="{box.radius}"/>'
        f'<text class="map-count" x="{x}" y="{y}" dy="0.36em">{escape(caption.count)}</text>'
        f'<text class="map-name">{name}</text>'
        f'<text class="map-note" x="{x}" y="{note:.1f}">{escape(caption.note)}</text></a>'
    )
