"""The parts people have in a case, as clauses that select rows; `permissions` builds on them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, and_, false, or_, select, true

from portal.actor import Actor
from portal.models import Handover, HandoverReceiver, Position, Role

Clause = ColumnElement[bool]
Rule = Callable[[Actor], Clause]


def works_here(actor: Actor) -> Clause:
    """Everything, unless the person has left."""
    return false() if actor.departed else true()


def role(*roles: Role) -> Rule:
    """Everything, for a person with one of the roles."""
    return lambda actor: true() if any(actor.has(role) for role in roles) else false()


def heads(actor: Actor) -> Clause:
    """Cases of the departments the person heads, and cases the person was named head of.

    A head who leaves is only the leaver in that case: nobody waives or completes their own.
    """
    own = select(Position.id).where(Position.department_id.in_(actor.headed))
    return and_(
        Handover.leaver_id != actor.id,
        or_(Handover.head_id == actor.id, Handover.position_id.in_(own)),
    )


def case(*parts: Rule) -> Rule:
    """Handovers where any of the parts holds; nothing for a person who has left."""
    return lambda actor: and_(works_here(actor), or_(*(part(actor) for part in parts)))


def leaver(actor: Actor) -> Clause:
    """Cases in which the person leaves."""
    return Handover.leaver_id == actor.id


def receiver(actor: Actor) -> Clause:
    """Cases the person receives."""
    return Handover.id.in_(
        select(HandoverReceiver.handover_id).where(HandoverReceiver.person_id == actor.id)
    )


def hr_of_others(actor: Actor) -> Clause:
    """Every case but the own one, which somebody else has to look after."""
    return and_(role(Role.HR)(actor), Handover.leaver_id != actor.id)


VIEW_CASE = case(leaver, receiver, heads, role(Role.HR))


def of_cases(column: Any, rule: Rule) -> Rule:
    """Rows whose handover the rule selects."""
    return lambda actor: column.in_(select(Handover.id).where(rule(actor)))
