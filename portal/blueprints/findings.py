"""What was found in a draft that should not be handed over by accident, and the decision."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import login_required

from portal import place_words, words
from portal.blueprints.context import reading, writing
from portal.blueprints.forms import problems_of
from portal.errors import InvalidInput
from portal.services import findings, vault
from portal.unit_of_work import UnitOfWork

blueprint = Blueprint("findings", __name__)


@blueprint.get("/versions/<version_id>/findings")
@login_required
def show(version_id: str) -> ResponseReturnValue:
    """Each finding in its line, covered, and the ways on."""
    with reading() as uow:
        return _page(uow, version_id)


@blueprint.post("/versions/<version_id>/findings/keep")
@login_required
def keep(version_id: str) -> ResponseReturnValue:
    """Keep them, with a reason."""
    try:
        with writing() as uow:
            version = findings.keep(uow, version_id, request.form.get("reason", ""))
            document = version.document
            item = document.item.public_id if document.item else None
            back = url_for(
                "handovers.show",
                handover_id=document.handover.public_id,
                item=item,
                _anchor=f"item-{item}" if item else "extras-title",
            )
    except InvalidInput as error:
        with reading() as uow:
            return _page(uow, version_id, problems_of(error)), 400
    flash(_("Noted with your reason. The file can be submitted now."), "ok")
    return redirect(back)


@blueprint.post("/versions/<version_id>/findings/move")
@login_required
def move(version_id: str) -> ResponseReturnValue:
    """Say where a credential is kept from now on; the file is still to be changed."""
    try:
        with writing() as uow:
            vault.move(uow, version_id, request.form.get("item", ""), request.form.get("place", ""))
    except InvalidInput as error:
        with reading() as uow:
            return _page(uow, version_id, problems_of(error)), 400
    flash(_("Noted. Now upload a version of the file without the password."), "ok")
    return redirect(url_for("findings.show", version_id=version_id))


def _page(uow: UnitOfWork, version_id: str, problems: dict[str, str] | None = None) -> str:
    page = findings.show(uow, version_id)
    return render_template(
        "findings/show.html",
        page=page,
        choices=[(item.public_id, item.requirement.title) for item in page.secrets],
        place=place_words.place,
        kinds=words.SENSITIVE,
        problems=problems or {},
        typed=request.form,
    )
