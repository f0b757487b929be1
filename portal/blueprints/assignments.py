"""Assignments: the list, and the form for one of them."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import login_required

from portal.blueprints.context import reading, resources, writing
from portal.blueprints.forms import day, plain, problems_of, required_day, searched
from portal.blueprints.paging import page_number, pages_of
from portal.errors import InvalidInput
from portal.services import assignments
from portal.services.assignments import AssignmentForm
from portal.unit_of_work import UnitOfWork

blueprint = Blueprint("assignments", __name__, url_prefix="/admin/assignments")


@blueprint.get("")
@login_required
def index() -> ResponseReturnValue:
    """The list, narrowed by a word."""
    text, page = searched(), page_number()
    with reading() as uow:
        found = assignments.listing(uow, text, page)
        return render_template(
            "assignments/index.html",
            found=found,
            text=text,
            page=page,
            pages=pages_of(found.total, assignments.PAGE),
            today=resources().today(),
        )


@blueprint.get("/new")
@login_required
def new() -> ResponseReturnValue:
    """An empty form, beginning today."""
    values = {"starts_on": resources().today().isoformat(), **request.args.to_dict()}
    with reading() as uow:
        return _form(uow, None, values)


@blueprint.post("")
@login_required
def create() -> ResponseReturnValue:
    """Enter an assignment."""
    return _save(None)


@blueprint.get("/<assignment_id>")
@login_required
def edit(assignment_id: str) -> ResponseReturnValue:
    """The form for the days of one assignment."""
    with reading() as uow:
        found = assignments.load(uow, assignment_id)
        ends_on = found.ends_on.isoformat() if found.ends_on else ""
        values = {"starts_on": found.starts_on.isoformat(), "ends_on": ends_on}
        return _form(uow, assignment_id, values)


@blueprint.post("/<assignment_id>")
@login_required
def change(assignment_id: str) -> ResponseReturnValue:
    """Change the days of an assignment."""
    return _save(assignment_id)


def _save(assignment_id: str | None) -> ResponseReturnValue:
    sent = request.form
    try:
        form = AssignmentForm(
            plain("person"),
            plain("position"),
            required_day("starts_on"),
            day("ends_on", required=False),
        )
        with writing() as uow:
            assignments.save(uow, assignment_id, form)
    except InvalidInput as error:
        with reading() as uow:
            return _form(uow, assignment_id, sent.to_dict(), problems_of(error)), 400
    flash(_("Saved."), "ok")
    return redirect(url_for("assignments.index"))


def _form(
    uow: UnitOfWork,
    assignment_id: str | None,
    values: dict[str, str],
    problems: dict[str, str] | None = None,
) -> str:
    return render_template(
        "assignments/form.html",
        assignment=assignments.load(uow, assignment_id) if assignment_id else None,
        values=values,
        problems=problems or {},
        choices=assignments.choices(uow),
    )
