"""Handovers: the list, starting one, the case page, completing, cancelling, the receipt."""

from __future__ import annotations

from flask import Blueprint, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import login_required

from portal.blueprints import case_page, file_rows, start_page
from portal.blueprints.context import reading, resources, wants_json, writing
from portal.blueprints.forms import problems_of, required_day, searched
from portal.blueprints.paging import page_number, pages_of
from portal.errors import HandoverIncomplete, InvalidInput
from portal.models import HandoverState
from portal.permissions import Action
from portal.services import cases, handovers
from portal.services.cases import CaseFilter
from portal.services.handovers import ChangeForm, StartForm

blueprint = Blueprint("handovers", __name__)


@blueprint.get("/handovers")
@login_required
def index() -> ResponseReturnValue:
    """The list, narrowed by state, by a word, or to those the person has a part in."""
    asked = request.args
    state = asked.get("state", "")
    wanted = CaseFilter(
        state=HandoverState(state) if state in set(HandoverState) else None,
        text=searched(),
        mine="mine" in asked,
    )
    page = page_number()
    with reading() as uow:
        listing = cases.listing(uow, wanted, page)
        return render_template(
            "handovers/index.html",
            listing=listing,
            wanted=wanted,
            page=page,
            pages=pages_of(listing.total, cases.PAGE),
            arguments={key: asked[key] for key in ("state", "text", "mine") if key in asked},
            may_start=uow.may(Action.START_HANDOVER),
        )


@blueprint.get("/handovers/new")
@login_required
def new() -> ResponseReturnValue:
    """The form, in two steps: who leaves which position, then the rest."""
    with reading() as uow:
        return start_page.show(uow, start_page.Draft(assignment=request.args.get("assignment", "")))


@blueprint.post("/handovers")
@login_required
def start() -> ResponseReturnValue:
    """Start a case, or only show the due dates it would have."""
    draft = start_page.draft_of(request.form)
    if request.form.get("step") == "preview":
        with reading() as uow:
            return start_page.show(uow, draft)
    try:
        form = StartForm(
            leaver=draft.leaver,
            position=draft.position,
            receivers=draft.receivers,
            head=draft.head,
            last_day=required_day("last_day"),
        )
        with writing() as uow:
            handover = handovers.start(uow, form)
    except InvalidInput as error:
        with reading() as uow:
            return start_page.show(uow, draft, problems_of(error)), 400
    flash(_("The handover is started. Leaver, receivers and head see it now."), "ok")
    return _to(handover.public_id)


@blueprint.get("/handovers/<handover_id>")
@login_required
def show(handover_id: str) -> ResponseReturnValue:
    """The case page."""
    with reading() as uow:
        return case_page.show(uow, cases.show(uow, handover_id), page_number())


@blueprint.get("/handovers/<handover_id>/live")
@login_required
def live(handover_id: str) -> ResponseReturnValue:
    """How far the readings are: the rows of all files, and whether to ask again."""
    with reading() as uow:
        case = cases.show(uow, handover_id)
        lines = list(file_rows.lines(case))
        rows = [
            {
                "id": f"file-{line.newest.version.public_id}",
                "html": file_rows.render(case, line),
            }
            for line in lines
        ]
    return jsonify(rows=rows, live=any(file_rows.unfinished(line) for line in lines))


@blueprint.get("/handovers/<handover_id>/edit")
@login_required
def edit(handover_id: str) -> ResponseReturnValue:
    """The form for receivers, head and last working day."""
    with reading() as uow:
        return start_page.edit(uow, handover_id, None)


@blueprint.post("/handovers/<handover_id>/edit")
@login_required
def change(handover_id: str) -> ResponseReturnValue:
    """Save it; due dates follow."""
    draft = start_page.draft_of(request.form)
    try:
        form = ChangeForm(draft.receivers, draft.head, required_day("last_day"))
        with writing() as uow:
            handovers.change(uow, handover_id, form)
    except InvalidInput as error:
        with reading() as uow:
            return start_page.edit(uow, handover_id, draft, problems_of(error)), 400
    flash(_("Saved. The due dates fit the last working day."), "ok")
    return _to(handover_id)


@blueprint.get("/handovers/<handover_id>/complete")
@login_required
def complete_form(handover_id: str) -> ResponseReturnValue:
    """The question before completing, for browsers without dialogs."""
    with reading() as uow:
        case = cases.show(uow, handover_id)
        uow.permit(Action.COMPLETE_HANDOVER, case.handover)
        return render_template("handovers/complete.html", case=case, **case_page.STATES)


@blueprint.post("/handovers/<handover_id>/complete")
@login_required
def complete(handover_id: str) -> ResponseReturnValue:
    """Complete the case; refused with the list of what is missing."""
    try:
        with writing() as uow:
            handovers.complete(uow, handover_id)
    except HandoverIncomplete as error:
        if wants_json():
            raise
        with reading() as uow:
            case = cases.show(uow, handover_id)
            return render_template(
                "handovers/incomplete.html", case=case, missing=error.missing, **case_page.STATES
            ), 409
    flash(_("The handover is completed."), "ok")
    return _to(handover_id)


@blueprint.get("/handovers/<handover_id>/cancel")
@login_required
def cancel_form(handover_id: str) -> ResponseReturnValue:
    """The question before cancelling, with the reason."""
    with reading() as uow:
        case = cases.show(uow, handover_id)
        uow.permit(Action.CANCEL_HANDOVER, case.handover)
        return render_template("handovers/cancel.html", case=case, reason="", problems={})


@blueprint.post("/handovers/<handover_id>/cancel")
@login_required
def cancel(handover_id: str) -> ResponseReturnValue:
    """Cancel the case with a reason."""
    reason = request.form.get("reason", "")
    try:
        with writing() as uow:
            handovers.cancel(uow, handover_id, reason)
    except InvalidInput as error:
        with reading() as uow:
            case = cases.show(uow, handover_id)
            return render_template(
                "handovers/cancel.html", case=case, reason=reason, problems=problems_of(error)
            ), 400
    flash(_("The handover is cancelled."), "ok")
    return _to(handover_id)


@blueprint.get("/handovers/<handover_id>/receipt")
@login_required
def receipt(handover_id: str) -> ResponseReturnValue:
    """What was sealed, in which version, with digests; to be printed."""
    with reading() as uow:
        found = cases.receipt(uow, handover_id)
        return render_template(
            "handovers/receipt.html",
            receipt=found,
            inside=uow.may(Action.VIEW_HANDOVER, found.handover),
            now=resources().clock(),
        )


def _to(handover_id: str) -> ResponseReturnValue:
    return redirect(url_for("handovers.show", handover_id=handover_id))
