"""The map as it is kept: areas, what they hold, where they lie; to and from JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

# Raised whenever the same documents give another map than before: older maps are built anew.
FORMAT = 1
# Between the parts of a name. Of no language.
JOIN = " · "


class AreaKind(StrEnum):
    """Expected by the checklist, or found in what else was handed over."""

    EXPECTED = "expected"
    FOUND = "found"


@dataclass(frozen=True, slots=True)
class Entry:
    """A document in an area. amount: its passages there; passages: the best of them, best first.

    sections: which of its sections stand here, by their headings.
    """

    document: str
    amount: int
    passages: tuple[int, ...] = ()
    sections: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NamePart:
    """A part of a name and the documents it stands in; none when it comes from the checklist."""

    text: str
    documents: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Area:
    """A named region. `id` survives rebuilds.

    hollow: whether it is drawn although it is empty. parent: the area it was split from; None for
    most. places: its middle in each shape of the map, in picture units; see `layout`.
    """

    id: str
    kind: AreaKind
    name: tuple[NamePart, ...]
    entries: tuple[Entry, ...] = ()
    hollow: bool = True
    parent: str | None = None
    places: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """The name in one line."""
        return JOIN.join(part.text for part in self.name)

    @property
    def amount(self) -> int:
        """Passages in all; a document that could not be read counts as one."""
        return sum(max(entry.amount, 1) for entry in self.entries)

    @property
    def documents(self) -> tuple[str, ...]:
        """Its documents, best first."""
        return tuple(entry.document for entry in self.entries)


@dataclass(frozen=True, slots=True)
class KnowledgeMap:
    """Areas in reading order; `likeness` of two areas by their ids, sorted, from 0 to 1."""

    areas: tuple[Area, ...] = ()
    likeness: Mapping[tuple[str, str], float] = field(default_factory=dict)

    def area(self, area_id: str) -> Area | None:
        """The area with this id; None when there is none."""
        return next((area for area in self.areas if area.id == area_id), None)

    def to_json(self) -> dict[str, Any]:
        """Return a plain object; the same map always gives the same one."""
        return {
            "format": FORMAT,
            "areas": [_area_to_json(area) for area in self.areas],
            "likeness": [[one, other, value] for (one, other), value in self.likeness.items()],
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> KnowledgeMap:
        """Read what `to_json` gave. Raises ValueError for another format."""
        if value.get("format") != FORMAT:
            raise ValueError("a map of another format")
        return cls(
            areas=tuple(_area_from_json(area) for area in value["areas"]),
            likeness={(one, other): number for one, other, number in value["likeness"]},
        )


def _area_to_json(area: Area) -> dict[str, Any]:
    return {
        "id": area.id,
        "kind": area.kind.value,
        "name": [[part.text, sorted(part.documents)] for part in area.name],
        "entries": [
            [entry.document, entry.amount, list(entry.passages), list(entry.sections)]
            for entry in area.entries
        ],
        "hollow": area.hollow,
        "parent": area.parent,
        "places": {shape: list(place) for shape, place in area.places.items()},
    }


def _area_from_json(value: Mapping[str, Any]) -> Area:
    return Area(
        id=value["id"],
        kind=AreaKind(value["kind"]),
        name=tuple(NamePart(text, frozenset(found)) for text, found in value["name"]),
        entries=tuple(
            Entry(document, amount, tuple(passages), tuple(sections))
            for document, amount, passages, sections in value["entries"]
        ),
        hollow=value["hollow"],
        parent=value["parent"],
        places={shape: (x, y) for shape, (x, y) in value["places"].items()},
    )
