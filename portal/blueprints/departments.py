"""Departments: the tree, and the form for one of them."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import login_required

from portal.blueprints.context import reading, writing
from portal.blueprints.forms import plain, problems_of
from portal.errors import InvalidInput
from portal.services import departments, people
from portal.services.departments import DepartmentForm
from portal.unit_of_work import UnitOfWork

blueprint = Blueprint("departments", __name__, url_prefix="/admin/departments")


@blueprint.get("")
@login_required
def index() -> ResponseReturnValue:
    """The tree."""
    with reading() as uow:
        return render_template("departments/index.html", lines=departments.tree(uow))


@blueprint.get("/new")
@login_required
def new() -> ResponseReturnValue:
    """An empty form."""
    with reading() as uow:
        return _form(uow, None, DepartmentForm("", request.args.get("parent", "")))


@blueprint.post("")
@login_required
def create() -> ResponseReturnValue:
    """Make a department."""
    return _save(None)


@blueprint.get("/<department_id>")
@login_required
def edit(department_id: str) -> ResponseReturnValue:
    """The form for one department."""
    with reading() as uow:
        found = departments.load(uow, department_id)
        form = DepartmentForm(
            found.name,
            found.parent.public_id if found.parent else "",
            found.head.public_id if found.head else "",
        )
        return _form(uow, department_id, form)


@blueprint.post("/<department_id>")
@login_required
def change(department_id: str) -> ResponseReturnValue:
    """Change a department."""
    return _save(department_id)


def _save(department_id: str | None) -> ResponseReturnValue:
    form = DepartmentForm(plain("name"), plain("parent"), plain("head"))
    try:
        with writing() as uow:
            departments.save(uow, department_id, form)
    except InvalidInput as error:
        with reading() as uow:
            return _form(uow, department_id, form, problems_of(error)), 400
    flash(_("Saved."), "ok")
    return redirect(url_for("departments.index"))


def _form(
    uow: UnitOfWork,
    department_id: str | None,
    form: DepartmentForm,
    problems: dict[str, str] | None = None,
) -> str:
    return render_template(
        "departments/form.html",
        department_id=department_id,
        form=form,
        problems=problems or {},
        others=[
            line for line in departments.tree(uow) if line.department.public_id != department_id
        ],
        people=people.active(uow),
    )
