"""Where areas lie: alike ones near each other, nothing on top of anything, hardly moving in time.

Each area has a spot it would like (where it was before; else beside what it is like) and takes the
nearest free one. So nothing ever overlaps, the same map gives the same picture, and an area moves
only when something grew into its place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from knowledge_map.area import Area
from knowledge_map.geometry import WIDTHS, Box, Shape, boxes

Spot = tuple[float, float]
Likeness = Mapping[tuple[str, str], float]
Floats = NDArray[np.float64]

# Spots that are tried lie on a grid of so many picture units.
STEP = 6.0
# Less than a spot is rounded to: two boxes that touch do not overlap.
SLACK = 1e-6
# The rows of the picture as a share of the room all boxes need: circles do not fill rectangles.
LOOSENESS = 1.2
# With fewer of its areas on the earlier map than this share, a map is laid out afresh.
KEPT = 0.5


def pair(one: str, other: str) -> tuple[str, str]:
    """The key of two areas in a likeness."""
    return (one, other) if one < other else (other, one)


def places(
    areas: Sequence[Area], likeness: Likeness, previous: Sequence[Area], shape: Shape
) -> dict[str, Spot]:
    """Return the middle of each area's circle, by id, inside the width of the shape.

    previous: the areas of the earlier map, whose places in this shape are kept where possible.
    """
    room = boxes(areas, shape)
    before = {area.id: area.places[shape] for area in previous if shape in area.places}
    before = {area.id: before[area.id] for area in areas if area.id in before}
    if len(before) < KEPT * len(areas):
        before = {}
    wishes = _wishes(areas, likeness, room, before, WIDTHS[shape])
    return _settled(areas, room, wishes, before, WIDTHS[shape])


def extent(areas: Sequence[Area], shape: Shape) -> tuple[float, float, float, float]:
    """Return left, top, width and height of what the placed areas take."""
    if not areas:
        return (0.0, 0.0, WIDTHS[shape], 0.0)
    edges = np.array(
        [
            _edges(box, *area.places[shape])
            for area, box in zip(areas, boxes(areas, shape), strict=True)
        ]
    )
    left, top = edges[:, 0].min(), edges[:, 1].min()
    return (
        float(left),
        float(top),
        float(edges[:, 2].max() - left),
        float(edges[:, 3].max() - top),
    )


def _edges(box: Box, x: float, y: float) -> Floats:
    return np.array([x - box.half_width, y - box.above, x + box.half_width, y + box.below])


def _wishes(
    areas: Sequence[Area],
    likeness: Likeness,
    room: Sequence[Box],
    before: Mapping[str, Spot],
    width: float,
) -> dict[str, Spot]:
    """Where each area would like to lie."""
    if not before:
        return _fresh(areas, likeness, room, width)
    wishes = dict(before)
    middle = tuple(np.mean(list(before.values()), axis=0))
    for area in areas:
        if area.id in before:
            continue
        near = [(likeness.get(pair(area.id, other), 0.0), before[other]) for other in before]
        weights = np.array([weight for weight, _ in near]) ** 4
        spots = np.array([spot for _, spot in near])
        found = weights @ spots / weights.sum() if weights.sum() > 0 else middle
        wishes[area.id] = (float(found[0]), float(found[1]))
    return wishes


def _fresh(
    areas: Sequence[Area], likeness: Likeness, room: Sequence[Box], width: float
) -> dict[str, Spot]:
    """Spots from likeness alone, spread over the picture; empty areas along its lower edge."""
    surface = sum(2 * box.half_width * (box.above + box.below) for box in room)
    filled = [area for area in areas if area.entries]
    empty = [area for area in areas if not area.entries]
    height = max(
        LOOSENESS * surface / width, max((box.above + box.below for box in room), default=0)
    )
    share = len(filled) / max(len(areas), 1)
    points = _spread(_scaled([area.id for area in filled], likeness), width >= height * share)
    wishes = {
        area.id: (float(width * x), float(height * share * y))
        for area, (x, y) in zip(filled, points, strict=True)
    }
    for number, area in enumerate(empty):
        wishes[area.id] = (width * (number + 0.5) / len(empty), height * (1 + share) / 2)
    return wishes


def _scaled(ids: Sequence[str], likeness: Likeness) -> Floats:
    """Classical multidimensional scaling onto two axes; axes and their directions are fixed."""
    count = len(ids)
    if count < 2:
        return np.zeros((count, 2))
    apart = np.array(
        [[0.0 if a == b else 1.0 - likeness.get(pair(a, b), 0.0) for b in ids] for a in ids]
    )
    centring = np.eye(count) - 1.0 / count
    values, vectors = np.linalg.eigh(-0.5 * centring @ apart**2 @ centring)
    points = np.zeros((count, 2))
    for axis in range(min(2, count)):
        vector = vectors[:, -1 - axis]
        # An eigenvector has no direction of its own: the first area decides, left and above.
        leading = vector[np.argmax(np.abs(np.round(vector, 6)) > 1e-6)]
        points[:, axis] = (-vector if leading > 0 else vector) * np.sqrt(max(values[-1 - axis], 0))
    return points


def _spread(points: Floats, wide: bool) -> Floats:
    """The points as shares of width and height, evenly: half by rank, half by distance."""
    if not wide:
        points = points[:, ::-1]
    spread = np.full(points.shape, 0.5)
    for axis in range(points.shape[1]):
        values = np.round(points[:, axis], 6)
        reach = float(np.ptp(values)) if len(values) else 0.0
        if reach > 0:
            ranks = np.argsort(np.argsort(values, kind="stable")) / (len(values) - 1)
            spread[:, axis] = 0.1 + 0.8 * (0.6 * ranks + 0.4 * (values - values.min()) / reach)
    return spread


def _settled(
    areas: Sequence[Area],
    room: Sequence[Box],
    wishes: Mapping[str, Spot],
    before: Mapping[str, Spot],
    width: float,
) -> dict[str, Spot]:
    """The free spot nearest to each wish; who was there before chooses first, then the largest."""
    order = sorted(
        range(len(areas)),
        key=lambda number: (areas[number].id not in before, -room[number].radius, number),
    )
    taken = np.empty((0, 4))
    found: dict[str, Spot] = {}
    for number in order:
        box, area = room[number], areas[number]
        spot = _nearest_free(box, wishes[area.id], taken, width)
        taken = np.vstack([taken, _edges(box, *spot)])
        found[area.id] = spot
    return found


def _nearest_free(box: Box, wish: Spot, taken: Floats, width: float) -> Spot:
    """The spot nearest to the wish where the box overlaps nothing and stays inside the width."""
    left, right = box.half_width, max(width - box.half_width, box.half_width)
    wished = (round(min(max(wish[0], left), right), 1), round(max(wish[1], box.above), 1))
    # Rows far enough down that below everything else there is always room.
    bottom = max(float(taken[:, 3].max()) if len(taken) else 0.0, wished[1]) + box.above + STEP
    xs = np.append(np.arange(left, right + 1e-6, STEP), wished[0])
    ys = np.append(np.arange(box.above, bottom + STEP, STEP), wished[1])
    x, y = (grid.ravel() for grid in np.meshgrid(xs, ys))
    free = np.ones(len(x), bool)
    for edges in taken:
        beside = (x + box.half_width <= edges[0] + SLACK) | (x - box.half_width >= edges[2] - SLACK)
        beyond = (y + box.below <= edges[1] + SLACK) | (y - box.above >= edges[3] - SLACK)
        free &= beside | beyond
    away = (x - wished[0]) ** 2 + (y - wished[1]) ** 2
    away[~free] = np.inf
    best = int(np.argmin(np.round(away, 3)))
    return (round(float(x[best]), 1), round(float(y[best]), 1))
