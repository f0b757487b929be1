"""Checklists of positions: the list, one with its versions, the editor, copying a similar one."""

from __future__ import annotations

from dataclasses import replace

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import login_required

from portal import words
from portal.blueprints import checklist_form
from portal.blueprints.checklist_form import Draft
from portal.blueprints.context import reading, wants_json, writing
from portal.blueprints.forms import problems_of
from portal.errors import InvalidInput, Refused
from portal.permissions import Action
from portal.services import blueprints
from portal.unit_of_work import UnitOfWork

blueprint = Blueprint("blueprints", __name__)


@blueprint.get("/blueprints")
@login_required
def index() -> ResponseReturnValue:
    """Positions with their newest checklist, or with none yet."""
    with reading() as uow:
        return render_template("blueprints/index.html", lines=blueprints.listing(uow))


@blueprint.get("/positions/<position_id>/blueprint")
@login_required
def show(position_id: str) -> ResponseReturnValue:
    """One version, the newest if none is asked for, and the list of all of them."""
    number = request.args.get("version", type=int)
    with reading() as uow:
        page = blueprints.page(uow, position_id)
        asked = [version for version in page.versions if version.number == number]
        return render_template(
            "blueprints/show.html",
            page=page,
            shown=next(iter(asked or page.versions), None),
            unknown=number is not None and not asked,
        )


@blueprint.get("/positions/<position_id>/blueprint/edit")
@login_required
def edit(position_id: str) -> ResponseReturnValue:
    """The editor, filled with the newest version."""
    with reading() as uow:
        page = blueprints.page(uow, position_id, Action.EDIT_BLUEPRINT)
        draft = checklist_form.draft_of(page.versions[0] if page.versions else None)
        return _editor(uow, position_id, draft)


@blueprint.post("/positions/<position_id>/blueprint/edit")
@login_required
def save(position_id: str) -> ResponseReturnValue:
    """Save a new version; or, for the other buttons, only move what was typed."""
    draft = checklist_form.sent(request.form)
    step = request.form.get("step", "")
    if step:
        with reading() as uow:
            return _editor(uow, position_id, checklist_form.stepped(draft, step))
    try:
        with writing() as uow:
            saved = blueprints.save(uow, position_id, draft.forms(), draft.note, draft.based_on)
            number = saved.number
    except InvalidInput as error:
        with reading() as uow:
            return _editor(uow, position_id, draft, problems_of(error)), 400
    except Refused:
        if wants_json():
            raise
        with reading() as uow:
            return _overtaken(uow, position_id, draft), 409
    if number == draft.based_on:
        flash(_("Nothing was changed, so no version was added."), "info")
    else:
        flash(_("Saved as version %(number)s. Running handovers keep theirs.", number=number), "ok")
    return redirect(url_for("blueprints.show", position_id=position_id))


@blueprint.post("/positions/<position_id>/blueprint/copy")
@login_required
def copy(position_id: str) -> ResponseReturnValue:
    """Begin with the checklist of a similar position."""
    with writing() as uow:
        blueprints.copy_from(uow, position_id, request.form.get("like", "").replace("\x00", ""))
    flash(_("Copied. Change what is different here."), "ok")
    return redirect(url_for("blueprints.edit", position_id=position_id))


def _overtaken(uow: UnitOfWork, position_id: str, draft: Draft) -> str:
    """The editor after somebody else was faster: all that was typed, now upon their version.

    Saving again is then a decision, made with the other version at hand, and no accident.
    """
    page = blueprints.page(uow, position_id, Action.EDIT_BLUEPRINT)
    overtaker = page.versions[0] if page.versions else None
    return _editor(uow, position_id, replace(draft, based_on=page.number), overtaker=overtaker)


def _editor(
    uow: UnitOfWork,
    position_id: str,
    draft: Draft,
    problems: dict[str, str] | None = None,
    overtaker: object = None,
) -> str:
    page = blueprints.page(uow, position_id, Action.EDIT_BLUEPRINT)
    return render_template(
        "blueprints/edit.html",
        page=page,
        draft=draft,
        problems=problems or {},
        overtaker=overtaker,
        most_lines=blueprints.MOST_LINES,
        kinds=[(kind.value, word) for kind, word in words.REQUIREMENT_KIND.items()],
        responsibles=[(who.value, word) for who, word in words.RESPONSIBLE.items()],
    )
