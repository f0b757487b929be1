"""Who may look at searches, and at what is said about hits."""

from __future__ import annotations

from sqlalchemy import and_, select

from portal.actor import Actor
from portal.case_rules import Clause, heads, of_cases, works_here
from portal.document_rules import views_version
from portal.models import Document, Feedback, Search, Version


def own_search(actor: Actor) -> Clause:
    """The own ones, and nobody else's."""
    return and_(works_here(actor), Search.person_id == actor.id)


def gives_feedback(actor: Actor) -> Clause:
    """Whoever may read what is sealed, but its author: who wrote it is not asked how good it is."""
    own = select(Document.id).where(Document.owner_id == actor.id)
    sealed = Version.sealed_at.is_not(None)
    return and_(views_version(actor), sealed, Version.document_id.not_in(own))


def feedback(actor: Actor) -> Clause:
    """The heads of the case, whose documents they answer for."""
    cases = select(Document.id).where(of_cases(Document.handover_id, heads)(actor))
    versions = select(Version.id).where(Version.document_id.in_(cases))
    return and_(works_here(actor), Feedback.version_id.in_(versions))
