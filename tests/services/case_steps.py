"""Steps of a case for tests: what people do through the services, and shortcuts by rows."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from typing import Any, BinaryIO, cast

from sqlalchemy import select

from portal.errors import PortalError
from portal.models import (
    Document,
    Event,
    Handover,
    HandoverState,
    Item,
    ItemState,
    Requirement,
    Version,
)
from portal.services import handovers, items, uploads
from portal.services.handovers import StartForm
from portal.unit_of_work import UnitOfWork
from tests.company import LAST_DAY, LINES, Company

KEYS = tuple(line[0] for line in LINES)
REQUIRED = tuple(line[0] for line in LINES if line[3])
# Who delivers an item of the company's checklist, who accepts it.
DELIVERS = dict.fromkeys(KEYS, "leaver") | {"desk": "head", "intro": "receiver"}
REVIEWS = dict.fromkeys(KEYS, "receiver") | {"intro": "head"}
IN_FILES = ("clients", "orders", "tips")


def form(company: Company, **changed: object) -> StartForm:
    """A form that is right, with these fields changed; people and positions by their names."""
    people = {name: person.public_id for name, person in company.people.items()}
    words: dict[str, object] = {
        "leaver": "leaver",
        "position": "sales",
        "receivers": ("receiver",),
        "head": "",
        "last_day": LAST_DAY,
    } | changed
    position = str(words["position"])
    if position in company.positions:
        position = company.positions[position].public_id
    return StartForm(
        leaver=people.get(str(words["leaver"]), str(words["leaver"])),
        position=position,
        receivers=tuple(people.get(name, name) for name in words["receivers"]),  # type: ignore[attr-defined]
        head=people.get(str(words["head"]), str(words["head"])),
        last_day=words["last_day"],  # type: ignore[arg-type]
    )


def start(company: Company, **changed: object) -> str:
    """Start a case as HR does; its public id."""
    with company.acting("hr") as uow:
        return handovers.start(uow, form(company, **changed)).public_id


def upload(
    company: Company, who: str, target: uploads.Target, text: str, filename: str = "记录.txt"
) -> str:
    """Hand in a small file; the public id of its version."""
    content = cast("BinaryIO", io.BytesIO(text.encode()))
    blob = uploads.store(company.resources, content, 10_000)
    with company.acting(who) as uow:
        return uploads.add(uow, target, uploads.Arrival(blob, filename, None)).public_id


def submit(company: Company, case: str, key: str, by: str | None = None) -> str:
    """Deliver an item as its responsible person does; the public id of the item."""
    item, who = company.item(case, key), by or DELIVERS[key]
    if key in IN_FILES:
        upload(company, who, uploads.ToItem(item), f"what {key} holds", f"{key}.txt")
    with company.acting(who) as uow:
        items.submit(uow, item, f"{key} is done")
    return item


def accept(company: Company, case: str, *keys: str) -> None:
    """Deliver and accept items through the services."""
    for key in keys:
        item = submit(company, case, key)
        with company.acting(REVIEWS[key]) as uow:
            items.accept(uow, item)


def settle(company: Company, case: str, *but: str) -> None:
    """Accept every item but these, by rows."""
    set_items(company, case, ItemState.ACCEPTED, *(key for key in KEYS if key not in but))


def set_items(company: Company, case: str, state: ItemState, *keys: str) -> None:
    """Put items into a state by rows."""
    with company.resources.write() as uow:
        for item in uow.session.scalars(
            select(Item)
            .join(Handover, Item.handover_id == Handover.id)
            .join(Requirement, Item.requirement_id == Requirement.id)
            .where(Handover.public_id == case, Requirement.key.in_(keys))
        ):
            item.state = state


def close(company: Company, case: str, state: HandoverState) -> None:
    """End a case by rows; the database completes none before its items are settled."""
    if state is HandoverState.COMPLETED:
        settle(company, case)
    if state is HandoverState.RUNNING:
        return
    with company.resources.write() as uow:
        handover = row(uow, Handover, case)
        handover.state = state
        handover.closed_at, handover.closed_by_id = uow.resources.clock(), company.hr.id


def row(uow: UnitOfWork, model: Any, public_id: str) -> Any:
    """The row with this public id, permissions apart."""
    return uow.session.scalars(select(model).where(model.public_id == public_id)).one()


def state_of(company: Company, model: type[Handover] | type[Item], public_id: str) -> str:
    """The state of a case or an item."""
    with company.resources.read() as uow:
        return str(row(uow, model, public_id).state.value)


def document_of(company: Company, version: str) -> str:
    """The public id of a version's document."""
    with company.resources.read() as uow:
        return str(
            uow.session.scalars(
                select(Document.public_id)
                .join(Version, Version.document_id == Document.id)
                .where(Version.public_id == version)
            ).one()
        )


def events(company: Company, *kinds: str) -> list[Event]:
    """Events of these kinds, oldest first."""
    with company.resources.read() as uow:
        found = select(Event).where(Event.kind.in_(kinds)).order_by(Event.id)
        return list(uow.session.scalars(found))


def outcome(company: Company, who: str, act: Callable[[UnitOfWork], Any]) -> str:
    """«ok», or what it was refused with, in one word: not_found, forbidden, a code."""
    try:
        with company.acting(who) as uow:
            act(uow)
    except PortalError as error:
        problems: Iterable[Any] = getattr(error, "problems", ())
        return ",".join(problem.code for problem in problems) or error.code
    return "ok"
