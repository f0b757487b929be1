"""Knowledge maps of positions, as the person who looks at one may see it.

A map is built once for everybody from what holders of the position may read (`map_sources`: never
from documents for receivers only) and cut down, each time it is shown, to the documents this person
may read now: receivers see the cases they receive, HR what is for the whole company. So no name,
count, size or link tells of a document that is not theirs. The checklist's areas are shown to
everybody who may see the map, for they come from the blueprint.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, func, select
from sqlalchemy.orm import joinedload

from knowledge_map import (
    Area,
    AreaKind,
    Caption,
    Entry,
    KnowledgeMap,
    Shape,
    draw,
    neighbours,
    restricted,
    visible_areas,
)
from portal.errors import NotFound
from portal.models import (
    Document,
    Handover,
    Map,
    Passage,
    Person,
    Position,
    Reading,
    Version,
)
from portal.permissions import Action
from portal.services import map_sources
from portal.services.map_building import known, newest
from portal.unit_of_work import UnitOfWork

__all__ = [
    "AreaDocument",
    "AreaLine",
    "AreaPage",
    "Caption",
    "MapLine",
    "MapPage",
    "area",
    "index",
    "picture",
    "show",
]

# Up to so many days an area counts as fresh; from so many on as old. Work changes within a year.
FRESH_DAYS, OLD_DAYS = 180, 540


@dataclass(frozen=True)
class AreaLine:
    """An area as this person sees it.

    authors: who handed its documents in, the one with most first. updated: when the newest of them
    was sealed; None in an empty area. tone: fresh, settled, old or empty.
    """

    area: Area
    authors: list[Person]
    updated: datetime | None
    tone: str

    @property
    def expected(self) -> bool:
        """Whether the checklist asks for it."""
        return self.area.kind is AreaKind.EXPECTED

    @property
    def documents(self) -> int:
        """How many documents of it this person may read."""
        return len(self.area.entries)


@dataclass(frozen=True)
class MapPage:
    """A map. built_at: None before the first; rebuilding: a newer one is on its way.

    complete: this person reads everything on the map, so an empty area is a missing one; for
    others it may merely hold nothing of theirs. documents, authors: on the map, for this person.
    """

    position: Position
    whole: KnowledgeMap
    areas: list[AreaLine]
    built_at: datetime | None
    rebuilding: bool
    complete: bool
    documents: int
    authors: int

    @property
    def missing(self) -> int:
        """Areas the checklist asks for and nothing is in."""
        return sum(1 for line in self.areas if not line.documents)


@dataclass(frozen=True)
class AreaDocument:
    """A document of an area with its best passages there, best first. `version`: the newest."""

    document: Document
    version: Version
    amount: int
    passages: list[tuple[Passage, Version]]


@dataclass(frozen=True)
class AreaPage:
    """One area of a map: its documents, and the areas most like it."""

    map: MapPage
    line: AreaLine
    documents: list[AreaDocument]
    neighbours: list[AreaLine]


@dataclass(frozen=True)
class MapLine:
    """A position whose map one may see. areas: with documents; missing: the empty ones."""

    position: Position
    documents: int
    areas: int
    missing: int
    updated: datetime | None


# A document and its newest sealed version, by the document's public id.
Readable = dict[str, tuple[Document, Version]]


def show(uow: UnitOfWork, position_id: str) -> MapPage:
    """The map of a position. Raises NotFound and Forbidden."""
    position = uow.load(Position, position_id, Action.VIEW_MAP)
    return _page(uow, position, _readable(uow, [position])[position.id])


def area(uow: UnitOfWork, position_id: str, area_id: str) -> AreaPage:
    """One area of it. Raises NotFound, also for an area there is only for others; Forbidden."""
    position = uow.load(Position, position_id, Action.VIEW_MAP)
    readable = _readable(uow, [position])[position.id]
    page = _page(uow, position, readable)
    lines = {line.area.id: line for line in page.areas}
    if area_id not in lines:
        raise NotFound
    line = lines[area_id]
    return AreaPage(
        map=page,
        line=line,
        documents=_documents(uow, line.area.entries, readable),
        neighbours=[lines[each.id] for each in neighbours(page.whole, line.area)],
    )


def index(uow: UnitOfWork) -> list[MapLine]:
    """The positions whose map this person may see: those held first, then by name."""
    positions = uow.session.scalars(
        select(Position)
        .where(uow.rows(Action.VIEW_MAP))
        .options(joinedload(Position.department))
        .order_by(Position.name)
    ).all()
    readable = _readable(uow, positions)
    maps = _newest_of_all(uow, positions)
    lines = [_map_line(each, readable[each.id], maps.get(each.id)) for each in positions]
    return sorted(lines, key=lambda line: line.position.id not in uow.actor.positions)


def picture(page: MapPage, shape: str, label: str, captions: Mapping[str, Caption]) -> str:
    """The map as an SVG element. shape: wide or tall; captions: one for each area, by its id."""
    return draw(page.whole, Shape(shape), label, captions)


def _page(uow: UnitOfWork, position: Position, readable: Readable) -> MapPage:
    row = newest(uow, position)
    whole = restricted(known(row) or KnowledgeMap(), _titles(readable))
    moment = uow.resources.clock()
    lines = [_line(each, readable, moment) for each in whole.areas]
    on_map = {document for each in whole.areas for document in each.documents}
    return MapPage(
        position=position,
        whole=whole,
        areas=lines,
        built_at=row.built_at if row else None,
        rebuilding=position.map_wanted_at is not None,
        complete=position.id in uow.actor.positions or position.department_id in uow.actor.headed,
        documents=len(on_map),
        authors=len({author.id for line in lines for author in line.authors}),
    )


def _titles(readable: Readable) -> dict[str, str]:
    return {key: document.title for key, (document, _) in readable.items()}


def _readable(uow: UnitOfWork, positions: Sequence[Position]) -> dict[int, Readable]:
    """What of each position's documents this person may read now, with the newest version."""
    found: dict[int, Readable] = {position.id: {} for position in positions}
    rows = uow.session.execute(
        map_sources.on_map()
        .add_columns(Handover.position_id)
        .where(Handover.position_id.in_(found), uow.rows(Action.VIEW_VERSION))
        .options(joinedload(Document.owner))
    )
    for document, version, _, position_id in rows:
        found[position_id][document.public_id] = (document, version)
    return found


def _line(area: Area, readable: Readable, moment: datetime) -> AreaLine:
    amounts: dict[Person, int] = {}
    sealed = []
    for entry in area.entries:
        document, version = readable[entry.document]
        amounts[document.owner] = amounts.get(document.owner, 0) + max(entry.amount, 1)
        if version.sealed_at is not None:
            sealed.append(version.sealed_at)
    updated = max(sealed, default=None)
    return AreaLine(
        area=area,
        authors=sorted(amounts, key=lambda person: (-amounts[person], person.name)),
        updated=updated,
        tone=_tone(updated, moment),
    )


def _tone(updated: datetime | None, moment: datetime) -> str:
    if updated is None:
        return "empty"
    if moment - updated <= timedelta(days=FRESH_DAYS):
        return "fresh"
    return "old" if moment - updated > timedelta(days=OLD_DAYS) else "settled"


def _documents(uow: UnitOfWork, entries: Sequence[Entry], readable: Readable) -> list[AreaDocument]:
    wanted = [passage for entry in entries for passage in entry.passages]
    rows = uow.session.execute(
        select(Passage, Version)
        .join(Reading, Passage.reading_id == Reading.id)
        .join(Version, Reading.version_id == Version.id)
        .where(Passage.id.in_(wanted), Reading.current, uow.rows(Action.VIEW_VERSION))
    )
    # A passage read anew has another id; until the map is rebuilt the document is still there.
    passages = {passage.id: (passage, version) for passage, version in rows}
    return [
        AreaDocument(
            *readable[entry.document],
            amount=entry.amount,
            passages=[passages[each] for each in entry.passages if each in passages],
        )
        for entry in entries
    ]


def _newest_of_all(uow: UnitOfWork, positions: Sequence[Position]) -> dict[int, Map]:
    latest = (
        select(Map.position_id, func.max(Map.number).label("number"))
        .where(Map.position_id.in_([position.id for position in positions]))
        .group_by(Map.position_id)
        .subquery()
    )
    rows = uow.session.scalars(
        select(Map).join(
            latest,
            and_(Map.position_id == latest.c.position_id, Map.number == latest.c.number),
        )
    )
    return {row.position_id: row for row in rows}


def _map_line(position: Position, readable: Readable, row: Map | None) -> MapLine:
    areas = visible_areas(known(row) or KnowledgeMap(), _titles(readable))
    filled = [each for each in areas if each.entries]
    on_map = {document for each in filled for document in each.documents}
    sealed = [version.sealed_at for _, version in readable.values() if version.sealed_at]
    return MapLine(
        position=position,
        documents=len(on_map),
        areas=len(filled),
        missing=len(areas) - len(filled),
        updated=max(sealed, default=None),
    )
