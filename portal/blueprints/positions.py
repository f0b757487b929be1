"""Positions: the list, and the form for one of them."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import login_required

from portal.blueprints.context import reading, writing
from portal.blueprints.forms import plain, problems_of, searched
from portal.errors import InvalidInput
from portal.services import departments, positions
from portal.services.positions import PositionForm
from portal.unit_of_work import UnitOfWork

blueprint = Blueprint("positions", __name__, url_prefix="/admin/positions")


@blueprint.get("")
@login_required
def index() -> ResponseReturnValue:
    """The list, narrowed by a word."""
    text = searched()
    with reading() as uow:
        lines = positions.listing(uow, text)
        return render_template("positions/index.html", lines=lines, text=text)


@blueprint.get("/new")
@login_required
def new() -> ResponseReturnValue:
    """An empty form."""
    with reading() as uow:
        return _form(uow, None, PositionForm("", "", request.args.get("like", "")))


@blueprint.post("")
@login_required
def create() -> ResponseReturnValue:
    """Make a position."""
    return _save(None)


@blueprint.get("/<position_id>")
@login_required
def edit(position_id: str) -> ResponseReturnValue:
    """The form for one position."""
    with reading() as uow:
        found = positions.load(uow, position_id)
        return _form(uow, position_id, PositionForm(found.name, found.department.public_id))


@blueprint.post("/<position_id>")
@login_required
def change(position_id: str) -> ResponseReturnValue:
    """Change a position."""
    return _save(position_id)


def _save(position_id: str | None) -> ResponseReturnValue:
    form = PositionForm(plain("name"), plain("department"), plain("like"))
    try:
        with writing() as uow:
            positions.save(uow, position_id, form)
    except InvalidInput as error:
        with reading() as uow:
            return _form(uow, position_id, form, problems_of(error)), 400
    flash(_("Saved."), "ok")
    return redirect(url_for("positions.index"))


def _form(
    uow: UnitOfWork,
    position_id: str | None,
    form: PositionForm,
    problems: dict[str, str] | None = None,
) -> str:
    similar = [line.position for line in positions.listing(uow) if line.checklist]
    return render_template(
        "positions/form.html",
        position_id=position_id,
        form=form,
        problems=problems or {},
        departments=departments.tree(uow),
        similar=similar,
    )
