"""Building a map: the checklist's areas first, then what else the documents are about."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from knowledge_map.area import Area, AreaKind, Entry, KnowledgeMap, NamePart
from knowledge_map.clustering import directions, groups
from knowledge_map.geometry import Shape
from knowledge_map.identity import expected_id, found_ids
from knowledge_map.layout import pair, places
from knowledge_map.naming import names
from knowledge_map.sections import Section, sections_of, without_forms
from knowledge_map.source import Expected, FloatArray, Source

# What a person can take in at a glance; the checklist's own areas may be more, they are asked for.
MOST_AREAS = 24
FEWEST_FOUND = 3
# A line of the checklist holding both so many passages and so many sections is split by meaning.
LARGE_PASSAGES = 60
LARGE_SECTIONS = 12
PARTS = 4
# Passages of one document that an area leads to.
BEST = 6


@dataclass
class _Region:
    """An area while it is being made."""

    id: str
    kind: AreaKind
    name: tuple[NamePart, ...]
    sections: list[Section]
    hollow: bool = False
    parent: str | None = None


def build(
    expected: Sequence[Expected], sources: Sequence[Source], previous: KnowledgeMap | None = None
) -> KnowledgeMap:
    """Return the map of these documents. Ids and places of `previous` live on where they can.

    The same input gives the same map, and building again from it changes nothing. Works with no
    document, with one, and with documents that could not be read.
    """
    known = previous.areas if previous is not None else ()
    lines = {each.key for each in expected}
    by_key: dict[str | None, list[Section]] = defaultdict(list)
    for source in without_forms(sources):
        for section in sections_of(source):
            by_key[section.key if section.key in lines else None].append(section)
    regions = [_region(each, by_key[each.key]) for each in expected]
    regions = [region for region in regions if region.sections or region.hollow]
    regions = _with_found(regions, by_key[None], known)
    toward = _toward(regions)
    areas = [_area(region, toward.get(region.id)) for region in regions]
    return _placed(areas, _likeness(toward), known)


def _region(each: Expected, sections: list[Section]) -> _Region:
    name = (NamePart(each.title),)
    return _Region(expected_id(each.key), AreaKind.EXPECTED, name, sections, each.hollow)


def _with_found(
    regions: list[_Region], rest: list[Section], known: Sequence[Area]
) -> list[_Region]:
    """The regions with those that were found: split off from large ones, and of what is left."""
    room = max(MOST_AREAS - len(regions), FEWEST_FOUND)
    grouped: list[tuple[str | None, list[Section]]] = []
    for region in regions:
        parts = _parts(region, room - len(grouped)) if room - len(grouped) > FEWEST_FOUND else []
        grouped += [(region.id, part) for part in parts]
    free = groups(rest, max(room - len(grouped), FEWEST_FOUND)) if rest else []
    grouped += [(None, group) for group in sorted(free, key=lambda group: -_weight(group))]
    found = [group for _, group in grouped]
    named = [section for region in regions for section in region.sections]
    titles = [part.text for region in regions for part in region.name]
    made = zip(grouped, found_ids(found, known), names(found, named, titles), strict=True)
    new = [
        _Region(area_id, AreaKind.FOUND, name, group, parent=parent)
        for (parent, group), area_id, name in made
    ]
    return _in_order(regions, new)


def _in_order(regions: list[_Region], found: list[_Region]) -> list[_Region]:
    """Reading order: each line of the checklist with its parts, then what else there is."""
    ordered = []
    for region in regions:
        ordered += [region, *(each for each in found if each.parent == region.id)]
    return ordered + [each for each in found if each.parent is None]


def _parts(region: _Region, room: int) -> list[list[Section]]:
    """Groups split off from a region that is too much for one area; its largest stays in it."""
    sections = region.sections
    if _weight(sections) < LARGE_PASSAGES or len(sections) < LARGE_SECTIONS:
        return []
    parts = sorted(groups(sections, min(PARTS, room)), key=lambda part: -_weight(part))
    region.sections = parts[0] if parts else sections
    return parts[1:]


def _weight(sections: Sequence[Section]) -> int:
    return sum(section.weight for section in sections)


def _toward(regions: Sequence[_Region]) -> dict[str, FloatArray]:
    """Which way each region lies from the middle of the map; those without vectors have none."""
    known, means, weights = [], [], []
    for region in regions:
        pairs = [(s.vector, s.weight) for s in region.sections if s.vector is not None]
        if pairs:
            vectors, heavy = zip(*pairs, strict=True)
            known.append(region.id)
            means.append(np.average(np.stack(vectors), axis=0, weights=heavy))
            weights.append(1)
    if not known:
        return {}
    made = directions(np.stack(means).astype(np.float32), weights)
    return dict(zip(known, made, strict=True))


def _likeness(toward: Mapping[str, FloatArray]) -> dict[tuple[str, str], float]:
    """How alike two areas are, from 0 to 1, rounded so that no last digit moves the picture."""
    found = {}
    for one, other in combinations(sorted(toward), 2):
        cosine = float(toward[one] @ toward[other])
        found[pair(one, other)] = round(max(0.0, (1.0 + cosine) / 2), 3)
    return found


def _area(region: _Region, toward: FloatArray | None) -> Area:
    by_document: dict[str, list[Section]] = defaultdict(list)
    for section in region.sections:
        by_document[section.document].append(section)
    ranked = [_entry(document, found, toward) for document, found in by_document.items()]
    # Stable: documents without vectors keep their order, behind the others.
    ranked.sort(key=lambda pair: -round(pair[0], 4))
    return Area(
        id=region.id,
        kind=region.kind,
        name=region.name,
        entries=tuple(entry for _, entry in ranked),
        hollow=region.hollow,
        parent=region.parent,
    )


def _entry(
    document: str, sections: Sequence[Section], toward: FloatArray | None
) -> tuple[float, Entry]:
    """A document in an area, and how near its nearest passage is to the area's meaning."""
    pieces = [piece for section in sections for piece in section.pieces]
    near = [
        -1.0 if piece.vector is None or toward is None else round(float(piece.vector @ toward), 4)
        for piece in pieces
    ]
    order = sorted(range(len(pieces)), key=lambda number: (-near[number], number))
    best, seen = [], set()
    for number in order:
        # One passage under each heading: six neighbours would say the same thing six times.
        if pieces[number].headings not in seen or not pieces[number].headings:
            seen.add(pieces[number].headings)
            best.append(pieces[number].id)
    entry = Entry(
        document=document,
        amount=len(pieces),
        passages=tuple(best[:BEST]),
        sections=tuple(sorted({section.heading for section in sections})),
    )
    return max(near, default=-2.0), entry


def _placed(
    areas: Sequence[Area], likeness: Mapping[tuple[str, str], float], known: Sequence[Area]
) -> KnowledgeMap:
    spots = {shape: places(areas, likeness, known, shape) for shape in Shape}
    return KnowledgeMap(
        areas=tuple(
            replace(area, places={shape.value: spots[shape][area.id] for shape in Shape})
            for area in areas
        ),
        likeness=dict(likeness),
    )
