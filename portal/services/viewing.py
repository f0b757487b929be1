"""Viewing without download: documents that are for reading only, and the words over their pages."""

from __future__ import annotations

from portal.errors import InvalidInput, Problem
from portal.models import Document, Person, Version
from portal.permissions import Action
from portal.unit_of_work import UnitOfWork


def mark(uow: UnitOfWork, version: Version) -> str:
    """Who looks, and when: what stands over a version this person sees and may not download.

    Empty where the original may be had.
    """
    if uow.may(Action.DOWNLOAD_VERSION, version):
        return ""
    person = uow.session.get_one(Person, uow.actor.id)
    return f"{person.name} · {person.email} · {uow.actor.today.isoformat()}"


def set_view_only(uow: UnitOfWork, document_id: str, view_only: bool) -> Document:
    """Allow or refuse the download of a sealed document, also after its case is closed.

    Raises NotFound and Forbidden.
    """
    document = uow.load(Document, document_id, Action.SET_DOWNLOAD)
    uow.lock(document.handover_id)
    change(uow, document, view_only)
    return document


def switch(text: str) -> bool:
    """The switch as a form gives it. Raises InvalidInput."""
    if text not in ("0", "1"):
        raise InvalidInput(Problem("view_only", "choice_unknown"))
    return text == "1"


def change(uow: UnitOfWork, document: Document, view_only: bool) -> None:
    """Set the switch of a document the person was permitted to change, and tell it."""
    if document.view_only == view_only:
        return
    document.view_only = view_only
    uow.record(
        "download_refused" if view_only else "download_allowed",
        document.handover,
        document,
        document=document.title,
    )
