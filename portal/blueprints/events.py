"""Operations: the log of the whole portal for HR and auditors, and as a table to take along."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from datetime import date

from flask import Blueprint, Response, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import login_required

from portal import event_words
from portal.blueprints.context import reading, resources
from portal.blueprints.forms import searched
from portal.blueprints.paging import page_number, pages_of
from portal.error_words import problem_words
from portal.errors import InvalidInput, Problem
from portal.models import Event
from portal.services import events
from portal.services.events import EventFilter, EventPage

blueprint = Blueprint("events", __name__)
FILTERS = ("kind", "person", "handover", "since", "until")
# What a spreadsheet would take for a formula and carry out on the computer of whoever opens it.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


@blueprint.get("/events")
@login_required
def index() -> ResponseReturnValue:
    """One page of the log, narrowed by the filters."""
    asked = {name: searched(name) for name in FILTERS}
    page, problems = page_number(), {}
    with reading() as uow:
        choices = events.choices(uow)
        try:
            found = events.browse(uow, _filter(), page)
        except InvalidInput as error:
            # A filter that cannot be applied matches nothing, rather than everything.
            found = EventPage([], 0)
            problems = {each.field: problem_words(each.code, each.facts) for each in error.problems}
        shown = render_template(
            "events/index.html",
            found=found,
            asked=asked,
            arguments={name: value for name, value in asked.items() if value},
            problems=problems,
            page=page,
            pages=pages_of(found.total, events.PAGE),
            choices=choices,
            openable=events.openable(uow, found.events),
            most_exported=events.MOST_EXPORTED,
            sentence=event_words.sentence,
            look=event_words.look,
            kind_words=event_words.kind_words,
        )
    return shown, 400 if problems else 200


@blueprint.get("/events.csv")
@login_required
def export() -> ResponseReturnValue:
    """The log that the filters leave, as CSV for a spreadsheet."""
    with reading() as uow:
        table = _table(events.export(uow, _filter()))
    answer = Response(table, content_type="text/csv; charset=utf-8")
    name = f"operations-{resources().today().isoformat()}.csv"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _filter() -> EventFilter:
    return EventFilter(
        kind=searched("kind"),
        person=searched("person"),
        handover=searched("handover"),
        since=_day("since"),
        until=_day("until"),
    )


def _day(name: str) -> date | None:
    value = searched(name)
    try:
        return date.fromisoformat(value) if value else None
    except ValueError as error:
        raise InvalidInput(Problem(name, "date_invalid")) from error


def _table(found: Iterable[Event]) -> bytes:
    """Rows with the mark at the beginning that makes Excel read UTF-8."""
    zone = resources().settings.zone
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(
        (_("When"), _("Who"), _("Kind"), _("What"), _("Handover"), _("From where"), _("Details"))
    )
    for event in found:
        row = (
            event.at.astimezone(zone).isoformat(timespec="seconds"),
            event.actor.name if event.actor else _("the portal"),
            event.kind,
            event_words.sentence(event),
            event.handover.leaver.name if event.handover else "",
            event.address or "",
            event.subject or "",
        )
        writer.writerow([harmless(value) for value in row])
    return text.getvalue().encode("utf-8-sig")


def harmless(value: str) -> str:
    """The text of a cell, with a mark before what a spreadsheet would carry out."""
    return f"'{value}" if value.startswith(FORMULA_STARTS) else value
