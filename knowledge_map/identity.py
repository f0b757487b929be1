"""Ids of areas that survive rebuilds, so that a link to an area still leads there next year."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from knowledge_map.area import Area, AreaKind
from knowledge_map.sections import Section

# Share of the smaller of two sets of sections that has to be the same for an area to be the same.
SAME = 0.34


def expected_id(key: str) -> str:
    """The id of the area of a line of the checklist."""
    return f"line-{key}"


def found_ids(groups: Sequence[Sequence[Section]], previous: Sequence[Area]) -> list[str]:
    """Return an id for each group: of the earlier area it shares most with, or a new one.

    Each earlier area goes on in one group at most: the one with the largest overlap.
    """
    earlier = {area.id: _names_of(area) for area in previous if area.kind is AreaKind.FOUND}
    now = [{section.name for section in group} for group in groups]
    pairs = [
        (_overlap(now[number], names), -number, area_id)
        for number in range(len(groups))
        for area_id, names in earlier.items()
    ]
    ids: dict[int, str] = {}
    for share, number, area_id in sorted(pairs, reverse=True):
        if share >= SAME and -number not in ids and area_id not in ids.values():
            ids[-number] = area_id
    used = set(earlier) | set(ids.values())
    for number, names in enumerate(now):
        if number not in ids:
            ids[number] = _new_id(names, used)
            used.add(ids[number])
    return [ids[number] for number in range(len(groups))]


def _names_of(area: Area) -> set[tuple[str, str]]:
    return {(entry.document, name) for entry in area.entries for name in entry.sections}


def _overlap(one: set[tuple[str, str]], other: set[tuple[str, str]]) -> float:
    return len(one & other) / max(min(len(one), len(other)), 1)


def _new_id(names: set[tuple[str, str]], used: set[str]) -> str:
    """An id made from what is in the area, so that the first build is the same everywhere."""
    digest = hashlib.sha256(repr(sorted(names)).encode()).hexdigest()
    length = 10
    while f"area-{digest[:length]}" in used:
        length += 1
    return f"area-{digest[:length]}"
