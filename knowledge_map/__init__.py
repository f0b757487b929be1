"""Knowledge maps: named areas of what is known about a position, where they lie, how they look.

Plain values in, plain values out; nothing here knows of tables, requests or permissions.

document: a file that was handed over; section: a stretch of a document under one heading; passage:
the piece of text that search finds; area: a named region of the map, made of sections. An area is
expected (a line of the position's checklist, filled or not) or found (by what its sections mean).
"""

from knowledge_map.area import Area, AreaKind, Entry, KnowledgeMap, NamePart
from knowledge_map.building import build
from knowledge_map.drawing import Caption, draw
from knowledge_map.geometry import Shape
from knowledge_map.neighbours import neighbours
from knowledge_map.restricting import restricted, visible_areas
from knowledge_map.source import Expected, Piece, Source

__all__ = [
    "Area",
    "AreaKind",
    "Caption",
    "Entry",
    "Expected",
    "KnowledgeMap",
    "NamePart",
    "Piece",
    "Shape",
    "Source",
    "build",
    "draw",
    "neighbours",
    "restricted",
    "visible_areas",
]
