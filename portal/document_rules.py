"""Who may read, download, list and change documents and their versions, as clauses for
`permissions`."""

from __future__ import annotations

from sqlalchemy import and_, false, or_, select, true
from sqlalchemy.orm import aliased

from portal.actor import Actor
from portal.case_rules import (
    VIEW_CASE,
    Clause,
    case,
    heads,
    hr_of_others,
    leaver,
    receiver,
    role,
    works_here,
)
from portal.models import Document, Handover, HandoverState, Position, Role, Version, Visibility


def reads_sealed(actor: Actor) -> Clause:
    """Documents whose sealed versions the person may read."""
    holders = Document.visibility.in_(
        [Visibility.POSITION, Visibility.DEPARTMENT, Visibility.COMPANY]
    )
    neighbours = Document.visibility.in_([Visibility.DEPARTMENT, Visibility.COMPANY])
    same_department = select(Position.id).where(Position.department_id.in_(actor.departments))
    shared = or_(
        and_(holders, Handover.position_id.in_(actor.positions)),
        and_(neighbours, Handover.position_id.in_(same_department)),
        # Who only looks after the portal, without a position, is not a reader of the company's.
        and_(Document.visibility == Visibility.COMPANY, true() if actor.positions else false()),
    )
    # A cancelled case stays with those who had a part in it.
    part = or_(leaver(actor), receiver(actor), heads(actor))
    allowed = or_(part, and_(Handover.state != HandoverState.CANCELLED, shared))
    return Document.id.in_(
        select(Document.id)
        .join(Handover, Document.handover_id == Handover.id)
        .where(Document.removed_at.is_(None), allowed)
    )


def views_version(actor: Actor) -> Clause:
    """The own ones, and sealed ones of documents the person may read."""
    own = select(Document.id).where(Document.owner_id == actor.id, Document.removed_at.is_(None))
    shared = select(Document.id).where(reads_sealed(actor))
    return and_(
        works_here(actor),
        or_(
            Version.document_id.in_(own),
            and_(Version.sealed_at.is_not(None), Version.document_id.in_(shared)),
        ),
    )


def downloads_version(actor: Actor) -> Clause:
    """Of what the person reads, what may leave as a file: documents for viewing only do not, but
    for their owner and the heads of the case, who answer for them."""
    cases = select(Handover.id).where(heads(actor))
    free = select(Document.id).where(
        or_(
            ~Document.view_only,
            Document.owner_id == actor.id,
            Document.handover_id.in_(cases),
        )
    )
    return and_(views_version(actor), Version.document_id.in_(free))


def sets_download(actor: Actor) -> Clause:
    """Sealed documents: the heads decide. While it is a draft, its owner changes all of it."""
    sealed = select(Version.document_id).where(Version.sealed_at.is_not(None))
    cases = select(Handover.id).where(heads(actor))
    return and_(works_here(actor), Document.id.in_(sealed), Document.handover_id.in_(cases))


def lists_version(actor: Actor) -> Clause:
    """Name, size, digest and reading state; HR sees them without seeing the content."""
    cases = select(Handover.id).where(VIEW_CASE(actor))
    listed = select(Document.id).where(Document.handover_id.in_(cases))
    return or_(
        views_version(actor),
        and_(Version.sealed_at.is_not(None), Version.document_id.in_(listed)),
    )


def lists_document(actor: Actor) -> Clause:
    """The own ones, and those with a sealed version that the person reads or whose case is seen."""
    version = aliased(Version)
    sealed = select(version.document_id).where(version.sealed_at.is_not(None))
    cases = select(Handover.id).where(VIEW_CASE(actor))
    return and_(
        works_here(actor),
        or_(
            and_(Document.owner_id == actor.id, Document.removed_at.is_(None)),
            and_(
                Document.id.in_(sealed),
                or_(reads_sealed(actor), Document.handover_id.in_(cases)),
            ),
        ),
    )


def owns_document(actor: Actor) -> Clause:
    """Documents the person has brought in, while they are there."""
    return and_(works_here(actor), Document.owner_id == actor.id, Document.removed_at.is_(None))


def owns_version(actor: Actor) -> Clause:
    """Versions of such documents."""
    return Version.document_id.in_(select(Document.id).where(owns_document(actor)))


def settles_findings(actor: Actor) -> Clause:
    """Sealed versions of cases the person heads, or looks after in HR: not those of the own one."""
    cases = select(Handover.id).where(case(heads, hr_of_others)(actor))
    documents = select(Document.id).where(
        Document.handover_id.in_(cases), Document.removed_at.is_(None)
    )
    return and_(Version.sealed_at.is_not(None), Version.document_id.in_(documents))


def retries(actor: Actor) -> Clause:
    """Whoever may read the version, and HR and administrators, who are asked when reading fails."""
    everyone = role(Role.ADMINISTRATOR)(actor)
    return or_(lists_version(actor), everyone)
