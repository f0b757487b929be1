"""Departments: the tree of the company and who heads each part of it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import joinedload

from portal.errors import InvalidInput, NotFound, Problem
from portal.models import Department, Person
from portal.permissions import Action
from portal.unit_of_work import UnitOfWork

NAME_LENGTH = 200


@dataclass(frozen=True)
class DepartmentForm:
    """A department as it was typed; parent and head by public id, empty for none."""

    name: str
    parent: str = ""
    head: str = ""


@dataclass(frozen=True)
class DepartmentLine:
    """One department in the tree; `depth` 0 stands at the top."""

    department: Department
    depth: int


def tree(uow: UnitOfWork) -> list[DepartmentLine]:
    """All departments, each below the one it belongs to. Raises Forbidden."""
    uow.permit(Action.MANAGE_DEPARTMENTS)
    rows = uow.session.scalars(
        select(Department).options(joinedload(Department.head)).order_by(Department.name)
    ).all()
    below: dict[int | None, list[Department]] = {}
    for row in rows:
        below.setdefault(row.parent_id, []).append(row)
    found: list[DepartmentLine] = []

    def walk(parent: int | None, depth: int) -> None:
        for row in below.pop(parent, []):
            found.append(DepartmentLine(row, depth))
            walk(row.id, depth + 1)

    walk(None, 0)
    # What hangs in a circle, however it came about, must be seen to be mended.
    found += [DepartmentLine(row, 0) for rows_ in below.values() for row in rows_]
    return found


def load(uow: UnitOfWork, department_id: str) -> Department:
    """One department. Raises Forbidden, NotFound."""
    uow.permit(Action.MANAGE_DEPARTMENTS)
    found = uow.session.scalar(select(Department).where(Department.public_id == department_id))
    if found is None:
        raise NotFound
    return found


def save(uow: UnitOfWork, department_id: str | None, form: DepartmentForm) -> Department:
    """Make a department, or change one (`department_id` not None).

    Raises Forbidden, NotFound, InvalidInput (name_taken, department_circle, choice_unknown …).
    """
    uow.permit(Action.MANAGE_DEPARTMENTS)
    department = load(uow, department_id) if department_id else Department()
    name = form.name.strip()
    problems = []
    if not name:
        problems.append(Problem("name", "required"))
    elif len(name) > NAME_LENGTH:
        problems.append(Problem("name", "too_long", {"limit": NAME_LENGTH}))
    parent = _parent(uow, department, form.parent, problems)
    head = _head(uow, form.head, problems)
    if problems:
        raise InvalidInput(*problems)
    department.name = name
    department.parent_id = parent.id if parent else None
    department.head_id = head.id if head else None
    uow.session.add(department)
    try:
        uow.session.flush()
    except IntegrityError as error:
        raise InvalidInput(Problem("name", "name_taken")) from error
    uow.session.refresh(department, ["parent", "head"])
    uow.record(
        "department_saved",
        subject=department,
        department=name,
        parent=parent.name if parent else None,
        head=head.name if head else None,
    )
    return department


def _parent(
    uow: UnitOfWork, department: Department, parent_id: str, problems: list[Problem]
) -> Department | None:
    if not parent_id:
        return None
    parent = uow.session.scalar(select(Department).where(Department.public_id == parent_id))
    if parent is None:
        problems.append(Problem("parent", "choice_unknown"))
        return None
    above: Department | None = parent
    seen: set[int] = set()
    while above is not None and above.id not in seen:
        if department.id is not None and above.id == department.id:
            problems.append(Problem("parent", "department_circle"))
            return None
        seen.add(above.id)
        above = above.parent
    return parent


def _head(uow: UnitOfWork, head_id: str, problems: list[Problem]) -> Person | None:
    if not head_id:
        return None
    head = uow.session.scalar(select(Person).where(Person.public_id == head_id, Person.active))
    if head is None:
        problems.append(Problem("head", "choice_unknown"))
    return head
