"""A small company in the database, made of rows, for tests of everything above the tables."""

from __future__ import annotations

import pickle
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date

from argon2 import PasswordHasher
from sqlalchemy import select

from portal.models import (
    Assignment,
    Blueprint,
    Department,
    Handover,
    HandoverReceiver,
    Item,
    Person,
    Position,
    Requirement,
    RequirementKind,
    Responsible,
    Role,
    RoleGrant,
)
from portal.resources import Resources
from portal.settings import Settings
from portal.unit_of_work import UnitOfWork

PASSWORD = "correct horse battery"
# One cheap hash for everybody: the strength of hashes has tests of its own.
PASSWORD_HASH = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
LAST_DAY = date(2026, 3, 31)
LONG_AGO = date(2020, 1, 1)

# key, kind, title, required, responsible, due in working days before the last day
LINES = (
    ("clients", RequirementKind.DOCUMENT, "客户档案", True, Responsible.LEAVER, 15),
    ("orders", RequirementKind.DOCUMENT, "未完成订单", True, Responsible.LEAVER, 5),
    ("tips", RequirementKind.DOCUMENT, "Tips for the next person", False, Responsible.LEAVER, 2),
    ("confirm", RequirementKind.EXTERNAL, "客户联系确认", True, Responsible.LEAVER, 3),
    ("crm", RequirementKind.SECRET, "CRM 账号", True, Responsible.LEAVER, 1),
    ("desk", RequirementKind.TASK, "Desk and badge returned", True, Responsible.HEAD, 0),
    ("intro", RequirementKind.TASK, "Introduced to the clients", False, Responsible.RECEIVER, 0),
)


@dataclass
class Company:
    """People by the part they play, as row ids and public ids; every name says what it is for.

    leaver, receiver: of the handover; colleague: holds the same position; neighbour: same
    department, other position; head of the department; chief: head of the department above;
    outsider: another department; departed: has left; hr, administrator, auditor: roles alone.
    """

    resources: Resources
    people: dict[str, Person] = field(default_factory=dict)
    positions: dict[str, Position] = field(default_factory=dict)
    departments: dict[str, Department] = field(default_factory=dict)

    def __getattr__(self, name: str) -> Person:
        try:
            return self.__dict__["people"][name]
        except KeyError:
            raise AttributeError(name) from None

    @classmethod
    def of_copy(cls, resources: Resources, founded: bytes) -> Company:
        """The company of a database that is a copy of the one `founded_at` wrote to."""
        return cls(resources, *pickle.loads(founded))

    def acting(self, name: str) -> AbstractContextManager[UnitOfWork]:
        """A writing unit of work of this person."""
        return self.resources.write(self.people[name].id, "203.0.113.7")

    def looking(self, name: str) -> AbstractContextManager[UnitOfWork]:
        """A reading unit of work of this person."""
        return self.resources.read(self.people[name].id, "203.0.113.7")

    def handover(
        self,
        leaver: str = "leaver",
        receivers: tuple[str, ...] = ("receiver",),
        position: str = "sales",
        last_day: date = LAST_DAY,
    ) -> str:
        """Start a case by rows; the public id. Its items are those of `LINES`, all open."""
        with self.resources.write() as uow:
            place = self.positions[position]
            blueprint = uow.session.scalars(
                select(Blueprint)
                .where(Blueprint.position_id == place.id)
                .order_by(Blueprint.number.desc())
            ).first()
            assert blueprint is not None
            case = Handover(
                leaver_id=self.people[leaver].id,
                position_id=place.id,
                head_id=self.people["head"].id,
                blueprint_id=blueprint.id,
                last_day=last_day,
                started_by_id=self.people["hr"].id,
            )
            uow.session.add(case)
            uow.session.flush()
            for receiver in receivers:
                uow.session.add(
                    HandoverReceiver(handover_id=case.id, person_id=self.people[receiver].id)
                )
            for line in blueprint.requirements:
                uow.session.add(Item(handover_id=case.id, requirement_id=line.id, due_on=last_day))
            return case.public_id

    def item(self, handover_id: str, key: str) -> str:
        """The public id of the item of a requirement."""
        with self.resources.read() as uow:
            found = uow.session.scalar(
                select(Item.public_id)
                .join(Requirement, Item.requirement_id == Requirement.id)
                .join(Handover, Item.handover_id == Handover.id)
                .where(Handover.public_id == handover_id, Requirement.key == key)
            )
        assert found is not None
        return found


def found_company(resources: Resources) -> Company:
    """Make the company."""
    company = Company(resources)
    with resources.write() as uow:
        session = uow.session

        def department(key: str, name: str, parent: Department | None = None) -> Department:
            made = Department(name=name, parent_id=parent.id if parent else None)
            session.add(made)
            session.flush()
            company.departments[key] = made
            return made

        def position(key: str, name: str, place: Department) -> Position:
            made = Position(name=name, department_id=place.id)
            session.add(made)
            session.flush()
            company.positions[key] = made
            return made

        def person(key: str, name: str, held: Position | None, *roles: Role) -> Person:
            made = Person(email=f"{key}@company.example", name=name, password_hash=PASSWORD_HASH)
            made.grants = [RoleGrant(role=role) for role in roles]
            session.add(made)
            session.flush()
            if held is not None:
                session.add(Assignment(person_id=made.id, position_id=held.id, starts_on=LONG_AGO))
            company.people[key] = made
            return made

        whole = department("company", "示例公司")
        selling = department("sales", "销售部", whole)
        building = department("engineering", "Engineering", whole)
        office = department("office", "行政部", whole)
        sales = position("sales", "销售经理", selling)
        support = position("support", "销售支持", selling)
        engineer = position("engineer", "Backend engineer", building)
        clerk = position("clerk", "人事专员", office)
        person("leaver", "李 离职", sales)
        person("receiver", "王 接收", sales)
        person("colleague", "赵 同岗", sales)
        person("neighbour", "钱 邻岗", support)
        person("outsider", "Olga Outside", engineer)
        person("hr", "何 人事", clerk, Role.HR)
        person("administrator", "Ada Admin", None, Role.ADMINISTRATOR)
        person("auditor", "审 计", None, Role.AUDITOR)
        selling.head_id = person("head", "陈 主管", support).id
        whole.head_id = person("chief", "总 经理", clerk).id
        gone = person("departed", "Don Departed", None)
        session.add(
            Assignment(
                person_id=gone.id,
                position_id=sales.id,
                starts_on=LONG_AGO,
                ends_on=date(2021, 1, 1),
            )
        )
        blueprint = Blueprint(position_id=sales.id, number=1, created_by_id=company.hr.id)
        session.add(blueprint)
        session.flush()
        for number, (key, kind, title, required, responsible, due) in enumerate(LINES):
            session.add(
                Requirement(
                    blueprint_id=blueprint.id,
                    key=key,
                    ordinal=number,
                    kind=kind,
                    title=title,
                    criteria=f"what makes «{title}» acceptable",
                    required=required,
                    responsible=responsible,
                    due_working_days=due,
                )
            )
    return company


def founded_at(url: str) -> bytes:
    """Make the company in the database at this address; who and what is in it, as bytes."""
    resources = Resources(Settings(database_url=url), lambda job: None)
    company = found_company(resources)
    resources.close()
    return pickle.dumps((company.people, company.positions, company.departments))
