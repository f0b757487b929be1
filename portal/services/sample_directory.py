"""The sample company's departments, people, positions and assignments, made as rows.

Nobody is there yet who could make them through the pages; the log names the portal itself.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from portal.models import Assignment, Department, Person, Position, Role, RoleGrant
from portal.sample_company import PASSWORD
from portal.sample_company import Person as SamplePerson
from portal.sample_company import Role as SampleRole
from portal.services.accounts import hash_password
from portal.services.sample_steps import Names
from portal.unit_of_work import UnitOfWork

DayOf = Callable[[int], date]
_ROLES = {SampleRole.HR: Role.HR, SampleRole.ADMINISTRATOR: Role.ADMINISTRATOR}


def add_directory(uow: UnitOfWork, names: Names, day_of: DayOf) -> None:
    """Add everybody and everything people belong to. `day_of` gives the date of a sample's day."""
    departments = _departments(uow, names)
    positions = _positions(uow, names, departments)
    # One hash for all: the password is printed, and hashing it for each takes a second.
    password_hash = hash_password(PASSWORD)
    for described in names.sample.people:
        person = _person(uow, described, password_hash)
        if SampleRole.HEAD in described.roles:
            departments[described.department].head_id = person.id
        for held in described.assignments:
            position = positions[held.position]
            since = held.since if isinstance(held.since, date) else day_of(held.since)
            until = None if held.until is None else day_of(held.until)
            assignment = Assignment(
                person_id=person.id, position_id=position.id, starts_on=since, ends_on=until
            )
            uow.session.add(assignment)
            uow.session.flush()
            uow.record(
                "assignment_saved",
                subject=assignment,
                person=person.name,
                position=position.name,
                starts_on=since.isoformat(),
                ends_on=until.isoformat() if until else None,
            )


def _departments(uow: UnitOfWork, names: Names) -> dict[str, Department]:
    made: dict[str, Department] = {}
    for described in names.sample.departments:
        heads = (
            person.name
            for person in names.sample.people
            if person.department == described.key and SampleRole.HEAD in person.roles
        )
        parent = made[described.parent].id if described.parent else None
        department = Department(name=names.department(described.key), parent_id=parent)
        uow.session.add(department)
        uow.session.flush()
        uow.record(
            "department_saved",
            subject=department,
            department=department.name,
            parent=names.department(described.parent) if described.parent else None,
            head=next(heads, None),
        )
        made[described.key] = department
    return made


def _positions(
    uow: UnitOfWork, names: Names, departments: dict[str, Department]
) -> dict[str, Position]:
    made: dict[str, Position] = {}
    for described in names.sample.positions:
        department = departments[described.department]
        position = Position(name=names.position(described.key), department_id=department.id)
        uow.session.add(position)
        uow.session.flush()
        uow.record(
            "position_saved",
            subject=position,
            position=position.name,
            department=department.name,
        )
        made[described.key] = position
    return made


def _person(uow: UnitOfWork, described: SamplePerson, password_hash: str) -> Person:
    roles = [_ROLES[role] for role in sorted(described.roles) if role in _ROLES]
    person = Person(
        email=described.email,
        name=described.name,
        language=described.language,
        password_hash=password_hash,
        created_at=uow.resources.clock(),
        grants=[RoleGrant(role=role) for role in roles],
    )
    uow.session.add(person)
    uow.session.flush()
    uow.record(
        "person_saved",
        subject=person,
        person=person.name,
        roles=sorted(role.value for role in roles),
        active=True,
    )
    return person
