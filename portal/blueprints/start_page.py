"""The forms that start a case and change its people and last day."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import date

from flask import render_template
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from portal import working_days
from portal.blueprints.context import resources
from portal.models import Assignment, Person, Requirement
from portal.permissions import Action
from portal.services import blueprints, cases, handovers
from portal.services.handovers import StartChoices
from portal.unit_of_work import UnitOfWork


@dataclass(frozen=True)
class Draft:
    """What was typed so far, as text; `assignment` is the choice of the first step."""

    assignment: str = ""
    leaver: str = ""
    position: str = ""
    receivers: tuple[str, ...] = ()
    head: str = ""
    last_day: str = ""


def draft_of(form: MultiDict[str, str]) -> Draft:
    """What a browser sent."""
    return Draft(
        leaver=form.get("leaver", ""),
        position=form.get("position", ""),
        receivers=tuple(dict.fromkeys(filter(None, form.getlist("receivers")))),
        head=form.get("head", ""),
        last_day=form.get("last_day", ""),
    )


def show(uow: UnitOfWork, draft: Draft, problems: dict[str, str] | None = None) -> str:
    """The form of the step the draft has reached."""
    choices = handovers.start_choices(uow)
    chosen = _chosen(choices, draft)
    if chosen is None:
        leavers = [(line.public_id, _in_position(line)) for line in choices.leavers]
        return render_template(
            "handovers/new.html",
            choices=choices,
            problems=problems or {},
            chosen=None,
            people_in_positions=leavers,
        )
    head = draft.head or choices.head_of.get(chosen.public_id, "")
    return render_template(
        "handovers/new.html",
        draft=replace(draft, head=head),
        problems=problems or {},
        chosen=chosen,
        receivers=_people(choices.people, chosen.person),
        heads=_people(choices.people),
        today=resources().today(),
        preview=_preview(uow, chosen, draft.last_day),
        may_edit_blueprint=uow.may(Action.EDIT_BLUEPRINT, chosen.position),
    )


def edit(
    uow: UnitOfWork, handover_id: str, draft: Draft | None, problems: dict[str, str] | None = None
) -> str:
    """The form to change a running case; `draft` None shows what holds now."""
    case = cases.show(uow, handover_id)
    handover = case.handover
    uow.permit(Action.CHANGE_HANDOVER, handover)
    people = handovers.start_choices(uow).people
    now = Draft(
        receivers=tuple(person.public_id for person in handover.receivers),
        head=handover.head.public_id,
        last_day=handover.last_day.isoformat(),
    )
    return render_template(
        "handovers/edit.html",
        case=case,
        draft=draft or now,
        problems=problems or {},
        receivers=_people(people, handover.leaver),
        heads=_people(people),
    )


def _chosen(choices: StartChoices, draft: Draft) -> Assignment | None:
    """The assignment of the draft; None when it names none that exists."""
    for line in choices.leavers:
        pair = (line.person.public_id, line.position.public_id)
        if line.public_id == draft.assignment or pair == (draft.leaver, draft.position):
            return line
    return None


def _in_position(line: Assignment) -> str:
    return _(
        "%(name)s, %(position)s, %(department)s",
        name=line.person.name,
        position=line.position.name,
        department=line.position.department.name,
    )


def _people(people: list[Person], without: Person | None = None) -> list[tuple[str, str]]:
    """Choices by name, with the address where two people share one."""
    names = Counter(person.name for person in people)
    return [
        (
            person.public_id,
            person.name if names[person.name] == 1 else f"{person.name} ({person.email})",
        )
        for person in people
        if without is None or person.id != without.id
    ]


def _preview(
    uow: UnitOfWork, chosen: Assignment, last_day: str
) -> list[tuple[Requirement, date | None]] | None:
    """The lines of the checklist with their due dates; None when there is no checklist."""
    newest = blueprints.newest(uow, chosen.position.public_id)
    if newest is None:
        return None
    try:
        day = date.fromisoformat(last_day)
    except ValueError:
        return [(line, None) for line in newest.requirements]
    return [(line, working_days.before(day, line.due_working_days)) for line in newest.requirements]
