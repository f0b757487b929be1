"""Feedback: given at a hit or a passage, read and dealt with by the heads."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import login_required

from portal.blueprints.context import reading, wants_json, writing
from portal.blueprints.forms import inside, plain, problems_of
from portal.errors import InvalidInput
from portal.services import feedback
from portal.services.feedback import FeedbackForm, Mark

blueprint = Blueprint("feedback", __name__)


@blueprint.post("/versions/<version_id>/feedback")
@login_required
def give(version_id: str) -> ResponseReturnValue:
    """Say something about a version; a script gets the buttons as they stand now."""
    remark = plain("remark") if "remark" in request.form else None
    form = FeedbackForm(plain("word"), remark, request.form.get("passage", type=int))
    problem = ""
    mark: Mark | None = None
    try:
        with writing() as uow:
            mark = feedback.give(uow, version_id, form)
    except InvalidInput as error:
        problem = " ".join(problems_of(error).values())
    if wants_json():
        return _buttons(version_id, form, mark, problem)
    if problem:
        flash(problem, "bad")
    else:
        flash(
            _("Thank you. The head of the position sees it.") if form.word else _("Taken back."),
            "ok",
        )
    return redirect(inside(plain("next")))


@blueprint.get("/feedback")
@login_required
def index() -> ResponseReturnValue:
    """What is said about documents of the own departments."""
    with reading() as uow:
        return render_template("feedback/index.html", lines=feedback.to_settle(uow))


@blueprint.post("/versions/<version_id>/feedback/settle")
@login_required
def settle(version_id: str) -> ResponseReturnValue:
    """It is dealt with."""
    with writing() as uow:
        feedback.settle(uow, version_id)
    flash(_("It is dealt with, and lowers the document in searches no more."), "ok")
    return redirect(url_for(".index"))


def _buttons(
    version_id: str, form: FeedbackForm, mark: Mark | None, problem: str
) -> ResponseReturnValue:
    with reading() as uow:
        shown = mark or feedback.mark(uow, version_id)
        return render_template(
            "feedback/buttons.html",
            version_id=version_id,
            passage=form.passage,
            mark=shown,
            back=inside(plain("next")),
            problem=problem,
            typed=form.remark,
        )
