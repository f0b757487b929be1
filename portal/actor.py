"""The acting person with everything a permission may depend on, read in the same transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Select, bindparam, exists, or_, select
from sqlalchemy.orm import Session

from portal.models import Assignment, Department, Person, Position, Role, RoleGrant


@dataclass(frozen=True)
class Actor:
    """A snapshot for one transaction. It is never kept longer, so a right removed is gone at once.

    headed: departments this person heads, with all below them. positions, departments: of today's
    assignments. departed: all assignments have ended; such a person sees own receipts only.
    today: the company's date when the transaction began.
    """

    id: int
    name: str
    roles: frozenset[Role]
    headed: frozenset[int]
    positions: frozenset[int]
    departments: frozenset[int]
    departed: bool
    today: date

    def has(self, role: Role) -> bool:
        """Whether the person holds the role and still works here."""
        return role in self.roles and not self.departed


def load_actor(session: Session, person_id: int, today: date) -> Actor | None:
    """Read the person; None when there is none or the account is switched off."""
    granted = session.execute(_GRANTED, {"person": person_id}).all()
    if not granted:
        return None
    rows = session.execute(_BEGUN, {"person": person_id, "today": today}).all()
    current = [row for row in rows if row.ends_on is None or row.ends_on >= today]
    departed = bool(rows) and not current and not _is_ahead(session, person_id, today)
    return Actor(
        id=person_id,
        name=granted[0].name,
        roles=frozenset(row.role for row in granted if row.role is not None),
        headed=frozenset() if departed else headed_departments(session, person_id),
        positions=frozenset(row.position_id for row in current),
        departments=frozenset(row.department_id for row in current),
        departed=departed,
        today=today,
    )


def _is_ahead(session: Session, person_id: int, today: date) -> bool:
    """Whether the person begins somewhere later."""
    own = Assignment.person_id == person_id
    lasting = or_(Assignment.ends_on.is_(None), Assignment.ends_on >= today)
    return session.scalar(select(Assignment.id).where(own, lasting).limit(1)) is not None


def able(today: date) -> Select[int]:
    """Row ids of the people who can act today: the account is on, and they have not left.

    A person without any assignment yet has not left. The same as `Actor.departed`, for everybody.
    """
    own = Assignment.person_id == Person.id
    begun = exists().where(own, Assignment.starts_on <= today)
    lasting = exists().where(own, or_(Assignment.ends_on.is_(None), Assignment.ends_on >= today))
    return select(Person.id).where(Person.active, or_(lasting, ~begun))


def headed_departments(session: Session, person_id: int) -> frozenset[int]:
    """Departments the person heads and all below them."""
    return frozenset(session.scalars(_HEADED, {"person": person_id}))


def _headed() -> Select[int]:
    top = select(Department.id).where(Department.head_id == bindparam("person"))
    tree = top.cte("headed", recursive=True)
    # UNION, not UNION ALL: a circle in the tree, however it came about, ends instead of looping.
    below = tree.union(select(Department.id).join(tree, Department.parent_id == tree.c.id))
    return select(below.c.id)


# Asked by every request, so they are put together once: that takes as long as asking them.
_GRANTED = (
    select(Person.name, RoleGrant.role)
    .outerjoin(RoleGrant, RoleGrant.person_id == Person.id)
    .where(Person.id == bindparam("person"), Person.active)
)
_BEGUN = (
    select(Assignment.position_id, Position.department_id, Assignment.ends_on)
    .join(Position)
    .where(Assignment.person_id == bindparam("person"), Assignment.starts_on <= bindparam("today"))
)
_HEADED = _headed()
