"""Importing people from a table: first a plan that shows every row, then the plan carried out.

The plan is made twice: when it is shown, and again inside the transaction that carries it out. If
somebody has changed people meanwhile and the two differ, nothing is written and the new plan is
shown: what is confirmed is what happens.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from sqlalchemy import select

from portal.errors import Problem, Refused
from portal.models import Assignment, Department, Person, Position, Role
from portal.permissions import Action
from portal.services import assignments, departments, people, people_tables, positions
from portal.services.accounts import clean_email
from portal.services.departments import DepartmentForm
from portal.services.people import PersonForm
from portal.services.people_tables import TableRow
from portal.services.positions import PositionForm
from portal.unit_of_work import UnitOfWork

DATE = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?")
ROLE_WORDS = {
    "hr": Role.HR,
    "人事": Role.HR,
    "administrator": Role.ADMINISTRATOR,
    "admin": Role.ADMINISTRATOR,
    "管理员": Role.ADMINISTRATOR,
    "auditor": Role.AUDITOR,
    "审计": Role.AUDITOR,
}
LANGUAGE_WORDS = {"zh_cn": "zh_CN", "zh": "zh_CN", "中文": "zh_CN", "en": "en", "english": "en"}
NOTHING_SAID = frozenset({"", "employee", "员工"})


class Outcome(StrEnum):
    """What a row would do."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    BAD = "bad"


@dataclass(frozen=True)
class PlannedRow:
    """One row and what it would do; `problems` say everything that is wrong with a bad one."""

    row: TableRow
    outcome: Outcome
    problems: list[Problem] = field(default_factory=list)
    form: PersonForm | None = None
    department: str = ""
    position: str = ""
    starts_on: date | None = None
    ends_on: date | None = None


@dataclass(frozen=True)
class Plan:
    """What an import would do. `digest` names it: the same file and people give the same one.

    new_departments, new_positions: what the rows name and the portal does not know yet; they are
    made with the import.
    """

    rows: list[PlannedRow]
    new_departments: list[str]
    new_positions: list[tuple[str, str]]
    digest: str

    def count(self, outcome: str) -> int:
        """How many rows have this outcome."""
        return sum(row.outcome == outcome for row in self.rows)

    @property
    def possible(self) -> bool:
        """Whether there is anything to do and nothing wrong."""
        return not self.count(Outcome.BAD) and self.count(Outcome.UNCHANGED) < len(self.rows)


def plan(uow: UnitOfWork, content: bytes) -> Plan:
    """What importing this file would do; nothing is written.

    Raises Forbidden, and InvalidInput when the file is no table of people.
    """
    uow.permit(Action.MANAGE_PEOPLE)
    known = _Known(uow)
    rows = [_planned(uow, row, known) for row in people_tables.read(content)]
    good = [row for row in rows if row.outcome is not Outcome.BAD]
    new_departments = [
        name
        for name in dict.fromkeys(row.department for row in good if row.department)
        if name not in known.departments
    ]
    new_positions = [
        pair
        for pair in dict.fromkeys((row.department, row.position) for row in good if row.position)
        if pair not in known.positions
    ]
    described = repr([(row.row, row.outcome, row.form, row.problems) for row in rows])
    digest = hashlib.sha256(content + described.encode("utf-8", "replace")).hexdigest()
    return Plan(rows, new_departments, new_positions, digest)


def carry_out(uow: UnitOfWork, content: bytes, filename: str, digest: str) -> Plan:
    """Import, if the plan is still the one that was shown. All rows or none.

    Raises Forbidden, InvalidInput, Refused (import_changed, import_impossible).
    """
    planned = plan(uow, content)
    if planned.digest != digest:
        raise Refused("import_changed")
    if not planned.possible:
        raise Refused("import_impossible")
    for name in planned.new_departments:
        departments.save(uow, None, DepartmentForm(name))
    known = _Known(uow)
    for department, name in planned.new_positions:
        positions.save(uow, None, PositionForm(name, known.departments[department].public_id))
    known = _Known(uow)
    for row in planned.rows:
        if row.outcome in (Outcome.NEW, Outcome.CHANGED):
            _import(uow, row, known)
    changed = planned.count(Outcome.NEW) + planned.count(Outcome.CHANGED)
    uow.record("people_imported", count=changed, filename=filename)
    return planned


class _Known:
    """What the portal knows already, by the names that tables use."""

    def __init__(self, uow: UnitOfWork) -> None:
        session = uow.session
        self.people = {person.email: person for person in session.scalars(select(Person))}
        self.departments = {row.name: row for row in session.scalars(select(Department))}
        self.positions = {
            (row.department.name, row.name): row for row in session.scalars(select(Position))
        }
        pairs = session.execute(select(Assignment.person_id, Assignment.position_id))
        self.held = {(row[0], row[1]) for row in pairs}
        self.seen: set[str] = set()

    def holds(self, person: Person, position: Position | None) -> bool:
        """Whether the person holds or held this position, which an import then leaves alone."""
        return position is not None and (person.id, position.id) in self.held


def _planned(uow: UnitOfWork, row: TableRow, known: _Known) -> PlannedRow:
    values = row.values
    person = known.people.get(clean_email(values["email"]))
    problems: list[Problem] = []
    form = _form(values, person, problems)
    problems += people.problems_of(form)
    if form.email in known.seen:
        problems.append(Problem("email", "duplicate_row"))
    known.seen.add(form.email)
    if person is not None and person.id == uow.actor.id and Role.ADMINISTRATOR not in form.roles:
        problems.append(Problem("roles", "own_role"))
    starts_on = _day("starts_on", values, problems)
    ends_on = _day("ends_on", values, problems)
    if starts_on and ends_on and ends_on < starts_on:
        problems.append(Problem("ends_on", "ends_before_start"))
    department, position = values.get("department", ""), values.get("position", "")
    problems += _place_problems(department, position)
    place = known.positions.get((department, position))
    settled = person is not None and (not position or known.holds(person, place))
    if person is not None and not person.active and not settled:
        problems.append(Problem("email", "switched_off"))
    if problems:
        return PlannedRow(row, Outcome.BAD, problems)
    outcome = _outcome(person, form, settled)
    return PlannedRow(row, outcome, [], form, department, position, starts_on, ends_on)


def _form(values: dict[str, str], person: Person | None, problems: list[Problem]) -> PersonForm:
    """The person the row describes; what it leaves empty stays as it is.

    A table without roles must not take them from anybody, nor switch on who was switched off.
    """
    roles = _roles(values.get("roles", ""), problems)
    language = _language(values.get("language", ""), problems)
    if person is not None:
        if not values.get("roles", "").strip():
            roles = tuple(sorted(role.value for role in person.roles))
        language = language or person.language or ""
    email = clean_email(values["email"])
    active = person is None or person.active
    return PersonForm(values["name"].strip(), email, roles, active, language)


def _place_problems(department: str, position: str) -> list[Problem]:
    problems = []
    for field_name, value, other in (
        ("department", department, position),
        ("position", position, department),
    ):
        if other and not value:
            problems.append(Problem(field_name, "required"))
        if len(value) > positions.NAME_LENGTH:
            problems.append(Problem(field_name, "too_long", {"limit": positions.NAME_LENGTH}))
    return problems


def _outcome(person: Person | None, form: PersonForm, settled: bool) -> Outcome:
    """`settled`: the row's position, if it names one, is one the person has."""
    if person is None:
        return Outcome.NEW
    same = (
        person.name == form.name
        and {role.value for role in person.roles} == set(form.roles)
        and (person.language or "") == form.language
    )
    return Outcome.UNCHANGED if same and settled else Outcome.CHANGED


def _import(uow: UnitOfWork, row: PlannedRow, known: _Known) -> None:
    assert row.form is not None
    person = known.people.get(row.form.email)
    if person is None:
        person = people.invite(uow, row.form)
    else:
        people.change(uow, person.public_id, row.form)
    position = known.positions.get((row.department, row.position))
    if position is not None and not known.holds(person, position):
        assignments.save(
            uow,
            None,
            assignments.AssignmentForm(
                person.public_id,
                position.public_id,
                row.starts_on or uow.resources.today(),
                row.ends_on,
            ),
        )


def _roles(text: str, problems: list[Problem]) -> tuple[str, ...]:
    found = []
    for part in re.split(r"[,;、，；/\s]+", text.strip().lower()):
        if part in NOTHING_SAID:
            continue
        if part not in ROLE_WORDS:
            problems.append(Problem("roles", "role_unknown", {"role": part}))
        else:
            found.append(ROLE_WORDS[part].value)
    return tuple(sorted(set(found)))


def _language(text: str, problems: list[Problem]) -> str:
    if not text.strip():
        return ""
    language = LANGUAGE_WORDS.get(text.strip().lower().replace("-", "_"))
    if language is None:
        problems.append(Problem("language", "choice_unknown"))
    return language or ""


def _day(name: str, values: dict[str, str], problems: list[Problem]) -> date | None:
    text = values.get(name, "").strip()
    if not text:
        return None
    found = DATE.fullmatch(text)
    try:
        if found is None:
            raise ValueError
        year, month, day = map(int, found.groups())
        return date(year, month, day)
    except ValueError:
        problems.append(Problem(name, "date_invalid"))
        return None
