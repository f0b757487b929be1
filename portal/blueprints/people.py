"""People: the list, the form for one of them, first and new passwords, importing from a table."""

from __future__ import annotations

import base64

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import login_required

from portal import words
from portal.blueprints.context import reading, writing
from portal.blueprints.forms import plain, problems_of, searched
from portal.blueprints.paging import page_number, pages_of
from portal.error_words import problem_words, words_of
from portal.errors import InvalidInput, Problem, Refused
from portal.models import Person, Role
from portal.permissions import Action
from portal.services import people, people_import, people_tables
from portal.services.people import PersonForm
from portal.unit_of_work import UnitOfWork

blueprint = Blueprint("people", __name__, url_prefix="/admin/people")
# The table comes back in a field of the form: a third larger in Base64, and its signs escaped.
CONFIRM_BYTES = people_tables.MOST_BYTES * 3 // 2
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@blueprint.url_value_preprocessor
def _make_room(endpoint: str | None, _: object) -> None:
    # Before everything else: the check of the form's token reads the form already.
    if endpoint == "people.import_confirm":
        request.max_form_memory_size = CONFIRM_BYTES


@blueprint.get("")
@login_required
def index() -> ResponseReturnValue:
    """The list, narrowed by a word."""
    text, page = searched(), page_number()
    with reading() as uow:
        found = people.listing(uow, text, page)
        return render_template(
            "people/index.html",
            found=found,
            text=text,
            page=page,
            pages=pages_of(found.total, people.PAGE),
        )


@blueprint.get("/new")
@login_required
def new() -> ResponseReturnValue:
    """An empty form."""
    with reading() as uow:
        uow.permit(Action.MANAGE_PEOPLE)
        return _form(uow, None, PersonForm("", ""))


@blueprint.post("")
@login_required
def create() -> ResponseReturnValue:
    """Make a person; the first password is shown once."""
    form = _sent()
    try:
        with writing() as uow:
            person, password = people.create(uow, form)
    except InvalidInput as error:
        with reading() as uow:
            return _form(uow, None, form, problems_of(error)), 400
    return render_template("people/password.html", person=person, password=password)


@blueprint.get("/<person_id>")
@login_required
def edit(person_id: str) -> ResponseReturnValue:
    """The form for one person, with what the person holds."""
    with reading() as uow:
        found = people.load(uow, person_id)
        roles = [role.value for role in found.roles]
        form = PersonForm(found.name, found.email, roles, found.active, found.language or "")
        return _form(uow, found, form)


@blueprint.post("/<person_id>")
@login_required
def change(person_id: str) -> ResponseReturnValue:
    """Change a person."""
    form = _sent()
    try:
        with writing() as uow:
            people.change(uow, person_id, form)
    except InvalidInput as error:
        with reading() as uow:
            return _form(uow, people.load(uow, person_id), form, problems_of(error)), 400
    flash(_("Saved."), "ok")
    return redirect(url_for("people.index"))


@blueprint.post("/<person_id>/password")
@login_required
def password(person_id: str) -> ResponseReturnValue:
    """Give a new password, shown once."""
    with writing() as uow:
        made = people.set_password(uow, person_id)
        person = people.load(uow, person_id)
    return render_template("people/password.html", person=person, password=made)


@blueprint.get("/import")
@login_required
def import_form() -> ResponseReturnValue:
    """Choose a table."""
    with reading() as uow:
        uow.permit(Action.MANAGE_PEOPLE)
        return render_template("people/import.html", problems={})


@blueprint.get("/import/template.xlsx")
@login_required
def import_template() -> ResponseReturnValue:
    """A table to fill in."""
    with reading() as uow:
        uow.permit(Action.MANAGE_PEOPLE)
    answer = Response(people_tables.template(), mimetype=XLSX)
    answer.headers["Content-Disposition"] = 'attachment; filename="people.xlsx"'
    return answer


@blueprint.post("/import")
@login_required
def import_now() -> ResponseReturnValue:
    """Show what the table would do; nothing is written."""
    with reading() as uow:
        uow.permit(Action.MANAGE_PEOPLE)
    file = request.files.get("file")
    content = file.read(people_tables.MOST_BYTES + 1) if file else b""
    try:
        if not content:
            raise InvalidInput(Problem("file", "required"))
        return _plan(content, (file.filename if file else "") or "")
    except InvalidInput as error:
        return render_template("people/import.html", problems=problems_of(error)), 400


@blueprint.post("/import/confirm")
@login_required
def import_confirm() -> ResponseReturnValue:
    """Carry out the plan that was shown."""
    sent = request.form
    filename = plain("filename")[:200]
    try:
        content = base64.b64decode(sent.get("content", ""), validate=True)
    except ValueError:
        return redirect(url_for("people.import_form"))
    try:
        with writing() as uow:
            done = people_import.carry_out(uow, content, filename, sent.get("digest", ""))
    except Refused as error:
        flash(words_of(error.code, error.facts), "warn")
        return _plan(content, filename), 409
    count = done.count("new") + done.count("changed")
    flash(ngettext("%(num)s person imported.", "%(num)s people imported.", count), "ok")
    return redirect(url_for("people.index"))


def _plan(content: bytes, filename: str) -> str:
    with reading() as uow:
        planned = people_import.plan(uow, content)
    return render_template(
        "people/plan.html",
        plan=planned,
        filename=filename,
        # The table travels with the page: nothing is kept on the server until it is confirmed.
        content=base64.b64encode(content).decode("ascii"),
        problem=lambda problem: problem_words(problem.code, problem.facts),
    )


def _sent() -> PersonForm:
    return PersonForm(
        name=plain("name"),
        email=plain("email"),
        roles=request.form.getlist("roles"),
        active="active" in request.form,
        language=plain("language"),
    )


def _form(
    uow: UnitOfWork,
    person: Person | None,
    form: PersonForm,
    problems: dict[str, str] | None = None,
) -> str:
    return render_template(
        "people/form.html",
        person=person,
        form=form,
        problems=problems or {},
        roles=[(role.value, words.ROLE[role]) for role in Role],
        held=people.assignments_of(uow, person) if person else [],
    )
