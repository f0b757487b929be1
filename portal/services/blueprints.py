"""Blueprints: the versioned checklists of positions. An edit adds a version and changes none."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import joinedload, selectinload

from portal.errors import InvalidInput, Problem, Refused
from portal.models import Blueprint, Position, Requirement, RequirementKind, Responsible
from portal.permissions import Action
from portal.unit_of_work import UnitOfWork

MOST_LINES = 200
TITLE_LENGTH = 200
CRITERIA_LENGTH = 4000
NOTE_LENGTH = 500
LONGEST_DUE = 250  # working days, about a year
KEY_BYTES = 8


@dataclass(frozen=True)
class LineForm:
    """One line as it was typed. `key` None is a new line; otherwise it is the line's name in all
    versions. `due_working_days` counts back from the last working day."""

    key: str | None
    kind: str
    title: str
    criteria: str
    required: bool
    responsible: str
    due_working_days: int


@dataclass(frozen=True)
class PositionLine:
    """A position with its newest blueprint; None when it has none yet."""

    position: Position
    blueprint: Blueprint | None


@dataclass(frozen=True)
class BlueprintPage:
    """A position's blueprint with all its versions, newest first, and what this person may do.

    `similar`: positions whose lines may be copied while there are no own ones; else empty.
    """

    position: Position
    versions: list[Blueprint]
    may_edit: bool
    similar: list[Position]

    @property
    def number(self) -> int:
        """The number of the newest version, 0 without one."""
        return self.versions[0].number if self.versions else 0


def newest_of(uow: UnitOfWork, position: Position) -> Blueprint | None:
    """The newest version; None when there is none. For services that have permitted already."""
    return uow.session.scalar(
        select(Blueprint)
        .where(Blueprint.position_id == position.id)
        .options(selectinload(Blueprint.requirements))
        .order_by(Blueprint.number.desc())
        .limit(1)
    )


def newest(uow: UnitOfWork, position_id: str) -> Blueprint | None:
    """The newest version of a position's blueprint; None when there is none. Raises NotFound."""
    return newest_of(uow, uow.load(Position, position_id, Action.VIEW_BLUEPRINT))


def history(uow: UnitOfWork, position_id: str) -> list[Blueprint]:
    """All versions, newest first. Raises NotFound."""
    position = uow.load(Position, position_id, Action.VIEW_BLUEPRINT)
    found = uow.session.scalars(
        select(Blueprint)
        .where(Blueprint.position_id == position.id)
        .options(selectinload(Blueprint.requirements), joinedload(Blueprint.created_by))
        .order_by(Blueprint.number.desc())
    )
    return list(found)


def page(
    uow: UnitOfWork, position_id: str, action: Action = Action.VIEW_BLUEPRINT
) -> BlueprintPage:
    """Everything about a position's blueprint; with `action`, for a person who is to edit it.

    Raises NotFound, Forbidden.
    """
    position = uow.load(Position, position_id, action)
    versions = history(uow, position_id)
    may_edit = uow.may(Action.EDIT_BLUEPRINT, position)
    similar = []
    if may_edit and not versions:
        similar = [line.position for line in listing(uow) if line.blueprint is not None]
    return BlueprintPage(position, versions, may_edit, similar)


def listing(uow: UnitOfWork, action: Action = Action.VIEW_BLUEPRINT) -> list[PositionLine]:
    """Positions whose blueprint this person may see (or, with `action`, edit), by department."""
    positions = uow.session.scalars(
        select(Position)
        .where(uow.rows(action))
        .options(joinedload(Position.department))
        .order_by(Position.department_id, Position.name)
    ).all()
    numbers = newest_numbers(uow)
    rows = uow.session.scalars(
        select(Blueprint)
        .where(Blueprint.position_id.in_([position.id for position in positions]))
        .options(selectinload(Blueprint.requirements))
    )
    blueprints = {row.position_id: row for row in rows if row.number == numbers[row.position_id]}
    return [PositionLine(position, blueprints.get(position.id)) for position in positions]


def newest_numbers(uow: UnitOfWork) -> dict[int, int]:
    """The number of the newest version by the row id of its position. For other services."""
    rows = uow.session.execute(
        select(Blueprint.position_id, func.max(Blueprint.number)).group_by(Blueprint.position_id)
    )
    return {row[0]: row[1] for row in rows}


def save(
    uow: UnitOfWork, position_id: str, lines: Sequence[LineForm], note: str, based_on: int
) -> Blueprint:
    """Add a version with these lines; running cases keep theirs. Unchanged lines add nothing.

    `based_on` is the number of the version that was edited, 0 for none. Raises NotFound,
    Forbidden, InvalidInput with fields named `title-3` by line (from 0), and Refused
    (blueprint_changed) when somebody has saved a newer version meanwhile.
    """
    position = uow.load(Position, position_id, Action.EDIT_BLUEPRINT)
    current = newest_of(uow, position)
    if based_on != (current.number if current else 0):
        raise Refused("blueprint_changed")
    _check(lines, note)
    known = {line.key for line in current.requirements} if current else set()
    requirements = [_requirement(form, number, known) for number, form in enumerate(lines)]
    if current and _same(current.requirements, requirements):
        return current
    return _add(uow, position, based_on + 1, requirements, note.strip())


def copy_from(uow: UnitOfWork, position_id: str, other_id: str) -> Blueprint:
    """Give a position without blueprint the lines of a similar one.

    Raises NotFound, Forbidden, Refused (blueprint_missing, blueprint_changed).
    """
    position = uow.load(Position, position_id, Action.EDIT_BLUEPRINT)
    other = uow.load(Position, other_id, Action.VIEW_BLUEPRINT)
    if newest_of(uow, position) is not None:
        raise Refused("blueprint_changed")
    copied = copy_lines(uow, position, other)
    if copied is None:
        raise Refused("blueprint_missing")
    return copied


def copy_lines(uow: UnitOfWork, position: Position, other: Position) -> Blueprint | None:
    """Give a position the lines of another; None when that has none. For other services."""
    blueprint = newest_of(uow, other)
    if blueprint is None:
        return None
    requirements = [
        Requirement(
            key=line.key,
            ordinal=line.ordinal,
            kind=line.kind,
            title=line.title,
            criteria=line.criteria,
            required=line.required,
            responsible=line.responsible,
            due_working_days=line.due_working_days,
        )
        for line in blueprint.requirements
    ]
    return _add(uow, position, 1, requirements, "")


def _add(
    uow: UnitOfWork, position: Position, number: int, requirements: list[Requirement], note: str
) -> Blueprint:
    """Add the version after the one that was looked at.

    The number is not asked for again: a version saved meanwhile has it, and that has to be seen.
    """
    blueprint = Blueprint(
        position=position,
        number=number,
        note=note,
        created_at=uow.resources.clock(),
        created_by_id=uow.actor.id,
        requirements=requirements,
    )
    uow.session.add(blueprint)
    try:
        uow.session.flush()
    except IntegrityError as error:
        # The number is taken: two people saved at the same moment, and one has to look again.
        raise Refused("blueprint_changed") from error
    # The map shows the lines of the newest version as areas, filled or hollow.
    position.map_wanted_at = uow.resources.clock()
    uow.enqueue("build_map", position.id)
    uow.record(
        "blueprint_saved",
        subject=position,
        position=position.name,
        number=blueprint.number,
        lines=len(requirements),
        note=note,
    )
    return blueprint


def _requirement(form: LineForm, ordinal: int, known: set[str]) -> Requirement:
    # A key that is not one of this blueprint's came from a forged form; it becomes a new line.
    key = form.key if form.key in known else secrets.token_urlsafe(KEY_BYTES)
    return Requirement(
        key=key,
        ordinal=ordinal,
        kind=RequirementKind(form.kind),
        title=form.title.strip(),
        criteria=form.criteria.strip(),
        required=form.required,
        responsible=Responsible(form.responsible),
        due_working_days=form.due_working_days,
    )


def _same(old: Sequence[Requirement], new: Sequence[Requirement]) -> bool:
    def facts(lines: Sequence[Requirement]) -> list[tuple[object, ...]]:
        return [
            (
                line.key,
                line.kind,
                line.title,
                line.criteria,
                line.required,
                line.responsible,
                line.due_working_days,
            )
            for line in lines
        ]

    return facts(old) == facts(new)


def _check(lines: Sequence[LineForm], note: str) -> None:
    problems = []
    if not lines:
        problems.append(Problem("lines", "no_lines"))
    if len(lines) > MOST_LINES:
        problems.append(Problem("lines", "too_many_lines", {"limit": MOST_LINES}))
    if len(note) > NOTE_LENGTH:
        problems.append(Problem("note", "too_long", {"limit": NOTE_LENGTH}))
    seen: set[str] = set()
    for number, line in enumerate(lines):
        title = line.title.strip()
        if title and title.casefold() in seen:
            problems.append(Problem(f"title-{number}", "duplicate_line"))
        seen.add(title.casefold())
        problems += _problems_of(number, line, title)
    keys = [line.key for line in lines if line.key]
    if len(keys) != len(set(keys)):
        problems.append(Problem("lines", "duplicate_line"))
    if problems:
        raise InvalidInput(*problems)


def _problems_of(number: int, line: LineForm, title: str) -> list[Problem]:
    problems = []
    if not title:
        problems.append(Problem(f"title-{number}", "required"))
    elif len(title) > TITLE_LENGTH:
        problems.append(Problem(f"title-{number}", "too_long", {"limit": TITLE_LENGTH}))
    if len(line.criteria) > CRITERIA_LENGTH:
        problems.append(Problem(f"criteria-{number}", "too_long", {"limit": CRITERIA_LENGTH}))
    if line.kind not in set(RequirementKind):
        problems.append(Problem(f"kind-{number}", "choice_unknown"))
    if line.responsible not in set(Responsible):
        problems.append(Problem(f"responsible-{number}", "choice_unknown"))
    if not 0 <= line.due_working_days <= LONGEST_DUE:
        facts = {"least": 0, "most": LONGEST_DUE}
        problems.append(Problem(f"due-{number}", "number_invalid", facts))
    return problems
