"""Layout: whatever is on a map, nothing lies on anything else, and nothing leaves the picture."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge_map import Area, AreaKind, Entry, KnowledgeMap, NamePart, Shape
from knowledge_map.geometry import WIDTHS, boxes
from knowledge_map.layout import extent, pair, places
from knowledge_map.neighbours import links, neighbours

NAMES = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=1, max_size=80
)
AMOUNTS = st.integers(0, 4000)


def area(number: int, name: str, amount: int) -> Area:
    entries = (Entry(f"d{number}", amount),) if amount else ()
    return Area(f"area-{number}", AreaKind.FOUND, (NamePart(name),), entries)


@st.composite
def maps(draw: st.DrawFn) -> tuple[list[Area], dict[tuple[str, str], float]]:
    rows = draw(st.lists(st.tuples(NAMES, AMOUNTS), max_size=26))
    areas = [area(number, *row) for number, row in enumerate(rows)]
    filled = [each.id for each in areas if each.entries]
    pairs = [pair(one, other) for one, other in combinations(filled, 2)]
    values = draw(st.lists(st.integers(0, 10), min_size=len(pairs), max_size=len(pairs)))
    return areas, {key: value / 10 for key, value in zip(pairs, values, strict=True)}


def placed(areas: list[Area], likeness: dict, previous: list[Area], shape: Shape) -> list[Area]:
    found = places(areas, likeness, previous, shape)
    return [replace(each, places={shape: found[each.id]}) for each in areas]


def edges(areas: list[Area], shape: Shape) -> list[tuple[float, float, float, float]]:
    return [
        (
            each.places[shape][0] - box.half_width,
            each.places[shape][1] - box.above,
            each.places[shape][0] + box.half_width,
            each.places[shape][1] + box.below,
        )
        for each, box in zip(areas, boxes(areas, shape), strict=True)
    ]


def assert_free(areas: list[Area], shape: Shape) -> None:
    found = edges(areas, shape)
    for one, other in combinations(found, 2):
        apart = (
            one[2] <= other[0] + 1e-3
            or other[2] <= one[0] + 1e-3
            or one[3] <= other[1] + 1e-3
            or other[3] <= one[1] + 1e-3
        )
        assert apart, (one, other)
    for left, top, right, _ in found:
        assert left >= -1e-3
        assert top >= -1e-3
        assert right <= WIDTHS[shape] + 1e-3


@pytest.mark.parametrize("shape", list(Shape))
@settings(max_examples=25, deadline=None)
@given(made=maps())
def test_nothing_overlaps(shape: Shape, made: tuple) -> None:
    areas, likeness = made
    first = placed(areas, likeness, [], shape)
    assert_free(first, shape)
    assert placed(areas, likeness, first, shape) == first, "laid out again, nothing moves"


@pytest.mark.parametrize("shape", list(Shape))
@settings(max_examples=15, deadline=None)
@given(before=maps(), after=maps())
def test_nothing_overlaps_when_a_map_changes(shape: Shape, before: tuple, after: tuple) -> None:
    old = placed(*before, [], shape)
    assert_free(placed(*after, old, shape), shape)


def test_what_is_alike_lies_together() -> None:
    areas = [area(number, f"Area {number}", 10) for number in range(9)]
    groups = [number // 3 for number in range(9)]
    likeness = {
        pair(areas[a].id, areas[b].id): 0.9 if groups[a] == groups[b] else 0.1
        for a, b in combinations(range(9), 2)
    }
    spots = places(areas, likeness, [], Shape.WIDE)

    def apart(a: int, b: int) -> float:
        (x1, y1), (x2, y2) = spots[areas[a].id], spots[areas[b].id]
        return float(((x1 - x2) ** 2 + (y1 - y2) ** 2) ** 0.5)

    near = [apart(a, b) for a, b in combinations(range(9), 2) if groups[a] == groups[b]]
    far = [apart(a, b) for a, b in combinations(range(9), 2) if groups[a] != groups[b]]
    assert sum(near) / len(near) < 0.75 * sum(far) / len(far)


def test_circles_grow_with_what_is_in_them() -> None:
    areas = [area(0, "empty", 0), area(1, "little", 2), area(2, "some", 40), area(3, "much", 200)]
    radii = [box.radius for box in boxes(areas, Shape.WIDE)]
    assert radii[1] < radii[2] < radii[3]
    assert radii[0] > 0


def test_the_extent_holds_everything() -> None:
    areas = placed([area(n, f"Area {n}", n) for n in range(7)], {}, [], Shape.TALL)
    left, top, width, height = extent(areas, Shape.TALL)
    for one in edges(areas, Shape.TALL):
        assert left <= one[0]
        assert top <= one[1]
        assert one[2] <= left + width
        assert one[3] <= top + height
    assert extent([], Shape.TALL)[3] == 0


def test_neighbours_are_alike_and_never_empty() -> None:
    areas = [area(n, f"Area {n}", 5) for n in range(4)]
    areas.append(area(4, "empty", 0))
    likeness = {
        ("area-0", "area-1"): 0.9,
        ("area-0", "area-2"): 0.6,
        ("area-0", "area-3"): 0.2,
        ("area-1", "area-2"): 0.3,
        ("area-1", "area-3"): 0.3,
        ("area-2", "area-3"): 0.4,
    }
    whole = KnowledgeMap(tuple(areas), likeness)
    assert [each.id for each in neighbours(whole, areas[0])] == ["area-1", "area-2"]
    assert [each.id for each in neighbours(whole, areas[3])] == ["area-2"], "the likest counts"
    assert neighbours(whole, areas[4]) == []
    linked = [(one.id, other.id) for one, other in links(whole)]
    assert linked == [("area-0", "area-1"), ("area-0", "area-2"), ("area-2", "area-3")]


def test_a_part_is_a_neighbour_of_what_it_was_split_from() -> None:
    areas = [area(0, "whole", 5), area(1, "alike", 5), replace(area(2, "x", 5), parent="area-0")]
    likeness = {
        ("area-0", "area-1"): 0.9,
        ("area-0", "area-2"): 0.1,
        ("area-1", "area-2"): 0.1,
    }
    found = neighbours(KnowledgeMap(tuple(areas), likeness), areas[0])
    assert [each.id for each in found] == ["area-2", "area-1"]
