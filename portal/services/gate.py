"""The gate: what keeps a handover from being completed, and who can do something about it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from portal.actor import able
from portal.errors import CanAct, MissingItem
from portal.models import (
    IN_HAND,
    SETTLED,
    Handover,
    Item,
    Person,
    Requirement,
    Responsible,
    Role,
    RoleGrant,
)
from portal.unit_of_work import UnitOfWork


@dataclass(frozen=True)
class Parties:
    """The people of one case who can act today, by their part; the leaver is in none but `leaver`.

    hr: asked only where nobody else is left to review, or to waive.
    """

    leaver: list[Person]
    receivers: list[Person]
    heads: list[Person]
    hr: list[Person]

    def submitters(self, responsible: Responsible) -> list[tuple[str, Person]]:
        """Who has to deliver."""
        return {
            Responsible.LEAVER: [("leaver", person) for person in self.leaver],
            Responsible.RECEIVER: [("receiver", person) for person in self.receivers],
            Responsible.HEAD: [("head", person) for person in self.heads],
        }[responsible]

    def reviewers(self, responsible: Responsible) -> list[tuple[str, Person]]:
        """Who accepts or returns: the people `permissions` lets, never one who delivers."""
        usual, instead = {
            Responsible.LEAVER: (("receiver", self.receivers), ("head", self.heads)),
            Responsible.RECEIVER: (("head", self.heads), ("hr", self.hr)),
            Responsible.HEAD: (("receiver", self.receivers), ("hr", self.hr)),
        }[responsible]
        delivering = {person.id for _, person in self.submitters(responsible)}
        for part, people in (usual, instead):
            left = [(part, person) for person in people if person.id not in delivering]
            if left:
                return left
        return []


def missing(uow: UnitOfWork, handover: Handover) -> list[MissingItem]:
    """Required items that are neither accepted nor waived, in the order of the checklist.

    Evaluated by `handovers.complete` inside its transaction and under the lock of the case, so
    what it says still holds when the case is closed. The database asks the same question once more
    in a trigger, for whoever comes past the portal.
    """
    items = uow.session.scalars(
        select(Item)
        .join(Requirement, Item.requirement_id == Requirement.id)
        .where(Item.handover_id == handover.id, Requirement.required, Item.state.not_in(SETTLED))
        .order_by(Requirement.ordinal)
        # What this transaction knows of these items may be older than its lock.
        .execution_options(populate_existing=True)
    ).all()
    if not items:
        return []
    parties = parties_of(uow, handover)
    return [
        MissingItem(item.public_id, item.requirement.title, item.state.value, _who(parties, item))
        for item in items
    ]


def parties_of(uow: UnitOfWork, handover: Handover) -> Parties:
    """Read who of the case, and who of HR, can act today."""
    named = [handover.leaver_id, handover.head_id, *(person.id for person in handover.receivers)]
    hr = select(RoleGrant.person_id).where(RoleGrant.role == Role.HR)
    people = uow.session.scalars(
        select(Person)
        .where(Person.id.in_(able(uow.resources.today())))
        .where(Person.id.in_(named) | Person.id.in_(hr))
        .order_by(Person.name, Person.id)
    ).all()
    receiving = {person.id for person in handover.receivers}
    return Parties(
        leaver=[person for person in people if person.id == handover.leaver_id],
        receivers=[person for person in people if person.id in receiving],
        heads=[person for person in people if person.id == handover.head_id],
        hr=[p for p in people if Role.HR in p.roles and p.id != handover.leaver_id],
    )


def _who(parties: Parties, item: Item) -> tuple[CanAct, ...]:
    """Who can bring an unsettled item forward now; who can do without it comes last."""
    responsible = item.requirement.responsible
    if item.state in IN_HAND:
        found = [(part, p, "submit") for part, p in parties.submitters(responsible)]
    else:
        found = [(part, p, "review") for part, p in parties.reviewers(responsible)]
    found += [("head", head, "waive") for head in parties.heads]
    if not parties.heads:
        found += [("hr", person, "change") for person in parties.hr]
    return tuple(CanAct(person.name, part, act) for part, person, act in found)
