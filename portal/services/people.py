"""People who can sign in: names, addresses, roles, passwords."""

from __future__ import annotations

import re
import secrets
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import delete, func, or_, select
from sqlalchemy.exc import IntegrityError

from portal.errors import InvalidInput, NotFound, Problem
from portal.models import Assignment, Person, Role, RoleGrant, SignInAttempt
from portal.permissions import Action
from portal.services.accounts import clean_email, hash_password
from portal.settings import LANGUAGES
from portal.unit_of_work import UnitOfWork

PAGE = 50
NAME_LENGTH = 200
EMAIL_LENGTH = 254
# Deliberately wide: the mail server knows better. It only catches what cannot be one.
EMAIL = re.compile(r"[^@\s<>,;]+@[^@\s<>,;]+\.[^@\s<>,;.]+|[^@\s<>,;]+@localhost")
# Read out on the phone without «is that a small l»: no 0/o, 1/l/i.
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


@dataclass(frozen=True)
class PersonForm:
    """A person as typed. `roles` beside being an employee; `language` empty follows the browser."""

    name: str
    email: str
    roles: Collection[str] = ()
    active: bool = True
    language: str = ""


@dataclass(frozen=True)
class PeoplePage:
    """One page of people and how many there are in all."""

    people: list[Person]
    total: int


def listing(uow: UnitOfWork, text: str, page: int) -> PeoplePage:
    """People whose name or address holds `text`; those switched off last. Raises Forbidden."""
    uow.permit(Action.MANAGE_PEOPLE)
    fits = or_(
        Person.name.icontains(text, autoescape=True), Person.email.icontains(text, autoescape=True)
    )
    total = uow.session.scalar(select(func.count()).select_from(Person).where(fits)) or 0
    rows = uow.session.scalars(
        select(Person)
        .where(fits)
        .order_by(Person.active.desc(), Person.name, Person.id)
        .limit(PAGE)
        .offset((page - 1) * PAGE)
    )
    return PeoplePage(list(rows), total)


def load(uow: UnitOfWork, person_id: str) -> Person:
    """One person. Raises Forbidden, NotFound."""
    uow.permit(Action.MANAGE_PEOPLE)
    found = uow.session.scalar(select(Person).where(Person.public_id == person_id))
    if found is None:
        raise NotFound
    return found


def active(uow: UnitOfWork) -> list[Person]:
    """Everybody whose account is on, by name, for lists to choose from."""
    return list(uow.session.scalars(select(Person).where(Person.active).order_by(Person.name)))


def everybody(uow: UnitOfWork) -> list[Person]:
    """All people by address, for the portal itself: the console has the machine's own rights."""
    return list(uow.session.scalars(select(Person).order_by(Person.email)))


def with_email(uow: UnitOfWork, email: str) -> Person:
    """The person with this address, for the portal itself. Raises NotFound."""
    found = uow.session.scalar(select(Person).where(Person.email == clean_email(email)))
    if found is None:
        raise NotFound
    return found


def assignments_of(uow: UnitOfWork, person: Person) -> list[Assignment]:
    """What a person holds and held, newest first."""
    return list(
        uow.session.scalars(
            select(Assignment)
            .where(Assignment.person_id == person.id)
            .order_by(Assignment.starts_on.desc())
        )
    )


def create(uow: UnitOfWork, form: PersonForm, password: str | None = None) -> tuple[Person, str]:
    """Make a person who can sign in; the password to be told once (made up when None).

    Raises Forbidden, InvalidInput.
    """
    uow.permit(Action.MANAGE_PEOPLE)
    return enter(uow, form, password)


def enter(uow: UnitOfWork, form: PersonForm, password: str | None = None) -> tuple[Person, str]:
    """As `create`, for the portal itself: the very first administrator has nobody to ask."""
    password = new_password() if password is None else password
    person = Person(password_hash=hash_password(password), created_at=uow.resources.clock())
    _fill(uow, person, form)
    return person, password


def invite(uow: UnitOfWork, form: PersonForm) -> Person:
    """Make a person who cannot sign in before getting a first password by `set_password`.

    For many at once: hashing a password for each, which nobody would know, takes minutes.
    Raises Forbidden, InvalidInput.
    """
    uow.permit(Action.MANAGE_PEOPLE)
    person = Person(created_at=uow.resources.clock())
    _fill(uow, person, form)
    return person


def change(uow: UnitOfWork, person_id: str, form: PersonForm) -> Person:
    """Change a person; switching off ends every session at once.

    Raises Forbidden, NotFound, InvalidInput (own_role, own_account).
    """
    person = load(uow, person_id)
    if person.id == uow.actor.id:
        if Role.ADMINISTRATOR.value not in form.roles:
            raise InvalidInput(Problem("roles", "own_role"))
        if not form.active:
            raise InvalidInput(Problem("active", "own_account"))
    if person.active and not form.active:
        person.session_version += 1
    _fill(uow, person, form)
    return person


def set_password(uow: UnitOfWork, person_id: str, password: str | None = None) -> str:
    """Give a person a new password (made up when None); all sessions of the person end.

    Raises Forbidden, NotFound, InvalidInput.
    """
    person = load(uow, person_id)
    return renew_password(uow, person, password)


def renew_password(uow: UnitOfWork, person: Person, password: str | None = None) -> str:
    """As `set_password`, for the portal itself: the console has the machine's own rights."""
    password = new_password() if password is None else password
    person.password_hash = hash_password(password)
    person.session_version += 1
    uow.session.execute(delete(SignInAttempt).where(SignInAttempt.email == person.email))
    uow.record("password_set", subject=person, person=person.name)
    return password


def new_password() -> str:
    """Sixteen letters in four groups: 79 random bits, easy to read out."""
    groups = ("".join(secrets.choice(LETTERS) for _ in range(4)) for _ in range(4))
    return "-".join(groups)


def problems_of(form: PersonForm) -> list[Problem]:
    """What is wrong with a form by itself."""
    name, email = form.name.strip(), clean_email(form.email)
    problems = []
    if not name:
        problems.append(Problem("name", "required"))
    elif len(name) > NAME_LENGTH:
        problems.append(Problem("name", "too_long", {"limit": NAME_LENGTH}))
    if not email:
        problems.append(Problem("email", "required"))
    elif len(email) > EMAIL_LENGTH or not EMAIL.fullmatch(email):
        problems.append(Problem("email", "email_invalid"))
    if not set(form.roles) <= set(Role):
        problems.append(Problem("roles", "choice_unknown"))
    if form.language and form.language not in LANGUAGES:
        problems.append(Problem("language", "choice_unknown"))
    return problems


def _fill(uow: UnitOfWork, person: Person, form: PersonForm) -> None:
    problems = problems_of(form)
    if problems:
        raise InvalidInput(*problems)
    person.name, person.email = form.name.strip(), clean_email(form.email)
    person.active, person.language = form.active, form.language or None
    wanted = {Role(role) for role in form.roles}
    person.grants = [grant for grant in person.grants if grant.role in wanted] + [
        RoleGrant(role=role) for role in sorted(wanted - person.roles)
    ]
    uow.session.add(person)
    try:
        uow.session.flush()
    except IntegrityError as error:
        raise InvalidInput(Problem("email", "email_taken")) from error
    uow.record(
        "person_saved",
        subject=person,
        person=person.name,
        roles=sorted(role.value for role in person.roles),
        active=person.active,
    )
