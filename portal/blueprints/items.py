"""Items: the page of one item and what happens to it: submit, accept, return, waive, reopen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import login_required

from portal.blueprints import case_page, file_rows
from portal.blueprints.context import reading, wants_json, writing
from portal.blueprints.forms import problems_of
from portal.errors import InvalidInput
from portal.models import Item, ItemState
from portal.permissions import Action
from portal.services import cases, items
from portal.unit_of_work import UnitOfWork

blueprint = Blueprint("items", __name__)


@blueprint.get("/items/<item_id>")
@login_required
def show(item_id: str) -> ResponseReturnValue:
    """One item with everything that can be done with it, and its history."""
    with reading() as uow:
        return _page(uow, item_id)


@blueprint.post("/items/<item_id>/submit")
@login_required
def submit(item_id: str) -> ResponseReturnValue:
    """Submit; its versions are sealed."""
    statement = request.form.get("statement", "")
    return _change(
        item_id,
        "submit",
        lambda uow: items.submit(uow, item_id, statement),
        _("Submitted. It is read-only now and waits to be accepted."),
    )


@blueprint.post("/items/<item_id>/accept")
@login_required
def accept(item_id: str) -> ResponseReturnValue:
    """Accept, with a remark or without."""
    remark = request.form.get("remark", "")
    return _change(
        item_id, "accept", lambda uow: items.accept(uow, item_id, remark), _("Accepted.")
    )


@blueprint.post("/items/<item_id>/return")
@login_required
def send_back(item_id: str) -> ResponseReturnValue:
    """Return, saying what would satisfy it."""
    reason = request.form.get("reason", "")
    return _change(
        item_id,
        "return",
        lambda uow: items.send_back(uow, item_id, reason),
        _("Returned with your reason."),
    )


@blueprint.post("/items/<item_id>/waive")
@login_required
def waive(item_id: str) -> ResponseReturnValue:
    """Waive with a reason."""
    reason = request.form.get("reason", "")
    return _change(
        item_id,
        "waive",
        lambda uow: items.waive(uow, item_id, reason),
        _("Waived. HR sees your reason."),
    )


@blueprint.post("/items/<item_id>/reopen")
@login_required
def reopen(item_id: str) -> ResponseReturnValue:
    """Take a waiver back."""
    reason = request.form.get("reason", "")
    return _change(
        item_id,
        "reopen",
        lambda uow: items.reopen(uow, item_id, reason),
        _("The waiver is taken back."),
    )


def _change(
    item_id: str, name: str, change: Callable[[UnitOfWork], Item], done: str
) -> ResponseReturnValue:
    """Do it and go back to the case; show what was typed again when something is wrong with it."""
    try:
        with writing() as uow:
            item = change(uow)
            handover_id = item.handover.public_id
    except InvalidInput as error:
        if wants_json():
            raise
        with reading() as uow:
            return _page(uow, item_id, name, problems_of(error)), 400
    flash(done, "ok")
    # To the top, where the answer and the next thing stand; the item is unfolded below.
    return redirect(url_for("handovers.show", handover_id=handover_id, item=item_id))


def _page(
    uow: UnitOfWork, item_id: str, failed: str = "", problems: dict[str, str] | None = None
) -> str:
    """The page; `failed` names the form whose `problems` and typed words are shown again."""
    shown = items.show(uow, item_id)
    values: dict[str, Any] = {**case_page.STATES, **case_page.LOG}
    return render_template(
        "items/show.html",
        shown=shown,
        files=file_rows.of_case(cases.show(uow, shown.handover.public_id)),
        history=shown.history,
        # What was accepted too early can still be returned.
        returnable=shown.handover.running
        and shown.line.item.state in (ItemState.SUBMITTED, ItemState.ACCEPTED)
        and uow.may(Action.REVIEW_ITEM, shown.line.item),
        typed=request.form,
        failed=failed,
        problems=problems or {},
        **values,
    )
