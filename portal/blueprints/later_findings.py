"""What was found in documents after their seal, before heads and HR, who deal with it."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import login_required

from portal import place_words, words
from portal.blueprints.context import reading, writing
from portal.blueprints.forms import problems_of
from portal.errors import InvalidInput
from portal.services import later_findings
from portal.unit_of_work import UnitOfWork

blueprint = Blueprint("later_findings", __name__)


@blueprint.get("/later-findings")
@login_required
def index() -> ResponseReturnValue:
    """The versions in which something is open."""
    with reading() as uow:
        lines = later_findings.to_settle(uow)
        return render_template("later_findings/index.html", lines=lines, kinds=words.SENSITIVE)


@blueprint.get("/versions/<version_id>/later-findings")
@login_required
def show(version_id: str) -> ResponseReturnValue:
    """What was found in one version, covered, and what came of it."""
    with reading() as uow:
        return _page(uow, version_id)


@blueprint.post("/versions/<version_id>/later-findings/settle")
@login_required
def settle(version_id: str) -> ResponseReturnValue:
    """It was looked at, for a reason that is written down."""
    try:
        with writing() as uow:
            later_findings.settle(uow, version_id, request.form.get("reason", ""))
    except InvalidInput as error:
        with reading() as uow:
            return _page(uow, version_id, problems_of(error)), 400
    flash(_("Noted with your reason. The sealed document is as it was."), "ok")
    return redirect(url_for(".show", version_id=version_id))


def _page(uow: UnitOfWork, version_id: str, problems: dict[str, str] | None = None) -> str:
    return render_template(
        "later_findings/show.html",
        page=later_findings.show(uow, version_id),
        place=place_words.place,
        kinds=words.SENSITIVE,
        problems=problems or {},
        typed=request.form,
    )
