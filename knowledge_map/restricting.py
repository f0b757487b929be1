"""The map as somebody sees it who may not read everything on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from knowledge_map.area import Area, AreaKind, KnowledgeMap, NamePart
from knowledge_map.geometry import Shape
from knowledge_map.layout import places


def restricted(whole: KnowledgeMap, readable: Mapping[str, str]) -> KnowledgeMap:
    """Return the map as if only the `readable` documents (title by id) were on it.

    Nothing of the others shows: no area made only of them, no size, no word of a name that stands
    in them alone, no link to what only they fill, and no gap where it was, because what is left is
    laid out anew. How like each other two areas are is taken from the whole map.
    """
    areas = visible_areas(whole, readable)
    if tuple(areas) == whole.areas:
        return whole
    filled = {area.id for area in areas if area.entries}
    likeness = {ids: value for ids, value in whole.likeness.items() if filled.issuperset(ids)}
    spots = {shape: places(areas, likeness, (), shape) for shape in Shape}
    return KnowledgeMap(
        areas=tuple(
            replace(area, places={shape.value: spots[shape][area.id] for shape in Shape})
            for area in areas
        ),
        likeness=likeness,
    )


def visible_areas(whole: KnowledgeMap, readable: Mapping[str, str]) -> list[Area]:
    """Return the areas of the restricted map, as `restricted` would, places left as they are."""
    seen = [_seen(area, readable) for area in whole.areas]
    kept = [area for area in seen if area.entries or area.hollow]
    ids = {area.id for area in kept}
    return [
        area if area.parent is None or area.parent in ids else replace(area, parent=None)
        for area in kept
    ]


def _seen(area: Area, readable: Mapping[str, str]) -> Area:
    entries = tuple(entry for entry in area.entries if entry.document in readable)
    if area.kind is AreaKind.EXPECTED or len(entries) == len(area.entries):
        return area if len(entries) == len(area.entries) else replace(area, entries=entries)
    name = tuple(
        NamePart(part.text, part.documents & readable.keys())
        for part in area.name
        if part.documents & readable.keys()
    )
    if not name and entries:
        first = entries[0].document
        name = (NamePart(readable[first], frozenset({first})),)
    return replace(area, entries=entries, name=name)
