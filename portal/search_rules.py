"""Who may look at searches, and at what is said about hits."""

from __future__ import annotations

from sqlalchemy import and_

from portal.actor import Actor
from portal.case_rules import Clause, works_here
from portal.models import Search


def own_search(actor: Actor) -> Clause:
    """The own ones, and nobody else's."""
    return and_(works_here(actor), Search.person_id == actor.id)
