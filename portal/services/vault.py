"""A credential found in a draft is moved: where it is kept goes into an item of kind secret.

The credential itself is written nowhere. The draft stays what it is and cannot be sealed; a version
without the credential can.
"""

from __future__ import annotations

from portal.errors import InvalidInput, Problem, Refused
from portal.models import Item, Version
from portal.permissions import Action
from portal.services import documents, findings, items
from portal.unit_of_work import UnitOfWork


def move(uow: UnitOfWork, version_id: str, item_id: str, place: str) -> Item:
    """Write into an item of the same case where a credential of this version is kept from now on.

    Raises NotFound, Forbidden, InvalidInput for an item that is no open one of kind secret, and
    without a place or with a password for one; Refused for a closed case, a sealed version, and one
    without a credential.
    """
    version = uow.load(Version, version_id, Action.DECIDE_FINDINGS)
    handover = documents.ensure_running(uow, version.document.handover_id)
    uow.session.refresh(version)
    if version.sealed:
        raise Refused("version_sealed")
    page = findings.show(uow, version_id)
    if not page.credentials:
        raise Refused("nothing_sensitive")
    item = next((each for each in page.secrets if each.public_id == item_id), None)
    if item is None:
        raise InvalidInput(Problem("item", "choice_unknown"))
    items.note_place(uow, item, place)
    # No longer kept, should it have been.
    version.findings_reason = None
    uow.record(
        "findings_moved",
        handover,
        version,
        document=version.document.title,
        number=version.number,
        filename=version.filename,
        item=item.requirement.title,
    )
    return item
