"""Which areas are worth going on to from one."""

from __future__ import annotations

from knowledge_map.area import Area, KnowledgeMap
from knowledge_map.layout import pair

# Less alike than this, two areas are merely of the same position (0.5 is no likeness at all).
ALIKE = 0.52
MOST = 3


def neighbours(whole: KnowledgeMap, area: Area, most: int = MOST) -> list[Area]:
    """Return the areas most like this one, best first; those it was split from or into lead."""
    scored = []
    for number, other in enumerate(whole.areas):
        if other.id == area.id:
            continue
        kin = area.id == other.parent or other.id == area.parent
        value = whole.likeness.get(pair(area.id, other.id), 0.0)
        if kin or value >= ALIKE:
            scored.append((not kin, -value, number))
    return [whole.areas[number] for _, _, number in sorted(scored)[:most]]


def links(whole: KnowledgeMap, most: int = 2) -> list[tuple[Area, Area]]:
    """Return pairs of neighbours, each once, in reading order."""
    order = {area.id: number for number, area in enumerate(whole.areas)}
    found = {
        tuple(sorted((order[area.id], order[other.id])))
        for area in whole.areas
        for other in neighbours(whole, area, most)
    }
    return [(whole.areas[one], whole.areas[other]) for one, other in sorted(found)]
