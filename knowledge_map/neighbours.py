"""Which areas are worth going on to from one."""

from __future__ import annotations

from knowledge_map.area import Area, KnowledgeMap
from knowledge_map.layout import pair

# Less alike than this, two areas are merely of the same position (0.5 is no likeness at all). The
# likest one counts even below: of a few areas, all are unlike their common middle.
ALIKE = 0.52
MOST = 3


def neighbours(whole: KnowledgeMap, area: Area, most: int = MOST) -> list[Area]:
    """Return the areas most like this one, best first; those it was split from or into lead.

    None for an empty area, and none of them is empty.
    """
    scored = []
    for number, other in enumerate(whole.areas):
        key = pair(area.id, other.id)
        if other.id != area.id and key in whole.likeness:
            kin = area.id == other.parent or other.id == area.parent
            scored.append((not kin, -whole.likeness[key], number))
    scored.sort()
    near = [
        number
        for place, (stranger, value, number) in enumerate(scored)
        if place == 0 or not stranger or -value >= ALIKE
    ]
    return [whole.areas[number] for number in near[:most]]


def links(whole: KnowledgeMap, most: int = 2) -> list[tuple[Area, Area]]:
    """Return pairs of neighbours, each once, in reading order."""
    order = {area.id: number for number, area in enumerate(whole.areas)}
    found = {
        tuple(sorted((order[area.id], order[other.id])))
        for area in whole.areas
        for other in neighbours(whole, area, most)
    }
    return [(whole.areas[one], whole.areas[other]) for one, other in sorted(found)]
