"""What is asked at a position."""

from __future__ import annotations

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import ngettext
from flask_login import login_required

from portal.blueprints.context import reading
from portal.services import asked

blueprint = Blueprint("asked", __name__)


@blueprint.get("/positions/<position_id>/asked")
@login_required
def show(position_id: str) -> ResponseReturnValue:
    """How much, what several people asked, and what was not found."""
    days = request.args.get("days", 0, type=int)
    with reading() as uow:
        page = asked.show(uow, position_id, days)
        tabs = [
            {
                "label": ngettext("last %(num)s day", "last %(num)s days", each),
                "href": url_for(".show", position_id=position_id, days=each),
                "current": each == page.days,
            }
            for each in page.periods
        ]
        return render_template("asked/show.html", page=page, tabs=tabs, fewest=asked.FEWEST_PEOPLE)
