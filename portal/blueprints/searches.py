"""The own searches: looked at and taken back."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import login_required

from portal.blueprints.context import reading, resources, writing
from portal.blueprints.paging import page_number, pages_of
from portal.services import searches

blueprint = Blueprint("searches", __name__)


@blueprint.get("/search/history")
@login_required
def history() -> ResponseReturnValue:
    """The own searches."""
    page = page_number()
    with reading() as uow:
        found = searches.history(uow, page)
        return render_template(
            "searches/history.html",
            found=found,
            page=page,
            pages=pages_of(found.total, searches.PAGE),
            days=resources().settings.search_log_days,
        )


@blueprint.post("/search/history/<search_id>/forget")
@login_required
def forget(search_id: str) -> ResponseReturnValue:
    """Take one out."""
    with writing() as uow:
        searches.forget(uow, search_id)
    flash(_("The search is no longer in your history."), "ok")
    return redirect(url_for(".history"))


@blueprint.get("/search/history/clear")
@login_required
def clear_form() -> ResponseReturnValue:
    """Whether to take everything out."""
    with reading() as uow:
        return render_template("searches/clear.html", total=searches.history(uow).total)


@blueprint.post("/search/history/clear")
@login_required
def clear() -> ResponseReturnValue:
    """Take everything out."""
    with writing() as uow:
        searches.clear(uow)
    flash(_("Your history is empty."), "ok")
    return redirect(url_for(".history"))
