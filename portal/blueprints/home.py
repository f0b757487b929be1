"""Home: what waits for this person, and where their cases stand."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString
from flask_login import login_required

from portal.blueprints.context import reading, resources
from portal.models import Role
from portal.permissions import Action
from portal.services import cases, feedback, later_findings, positions_held, questions

blueprint = Blueprint("home", __name__)


@dataclass(frozen=True)
class Task:
    """One step of setting the portal up, in the order in which one needs the other."""

    endpoint: str
    title: LazyString
    sentence: LazyString


SETTING_UP = (
    Task("departments.index", _l("Departments"), _l("the tree of the company, each with its head")),
    Task(
        "positions.index",
        _l("Positions"),
        _l("what people are hired for; checklists and knowledge belong to them"),
    ),
    Task("people.index", _l("People"), _l("one by one, or from a table")),
    Task(
        "assignments.index",
        _l("Assignments"),
        _l("who holds which position, from when until when"),
    ),
    Task("health.index", _l("Health"), _l("whether files are read, and room is left for more")),
)


@blueprint.get("/")
@login_required
def index() -> ResponseReturnValue:
    """The first page, shaped by the parts the person has."""
    with reading() as uow:
        if uow.actor.departed:
            return render_template("home/departed.html", receipts=cases.receipts(uow))
        mine = cases.mine(uow)
        hr = uow.actor.has(Role.HR)
        return render_template(
            "home/index.html",
            mine=mine,
            leaving=[cases.show(uow, line.handover.public_id) for line in mine.leaving],
            answered=questions.news(uow),
            said=feedback.waiting(uow),
            found_later=later_findings.waiting(uow),
            positions=positions_held.today(uow),
            running=cases.at_risk(uow) if hr else [],
            may_start=uow.may(Action.START_HANDOVER),
            setting_up=SETTING_UP if uow.actor.has(Role.ADMINISTRATOR) else (),
            may_browse_events=uow.may(Action.BROWSE_EVENTS),
            today=resources().today(),
        )
