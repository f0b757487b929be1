"""Accounts: signing in, passwords, language."""

from __future__ import annotations

import math
from datetime import timedelta

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import delete, func, select
from sqlalchemy.orm import lazyload

from portal.actor import load_actor
from portal.errors import InvalidInput, Problem, TooManyAttempts
from portal.models import Person, SignInAttempt
from portal.settings import LANGUAGES
from portal.unit_of_work import UnitOfWork

# OWASP's password storage cheat sheet: Argon2id with 19 MiB, two passes, one lane. Small enough
# that sixteen people can sign in at once on the smallest machine.
HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
PASSWORD_LENGTH = 10
LONGEST_PASSWORD = 200
# Verified against when there is no such person, so that both answers take the same time.
NOBODY = HASHER.hash("nobody has this password")


def clean_email(text: str) -> str:
    """An e-mail address as it is compared: without blanks, in lower case."""
    return text.strip().lower()


def hash_password(password: str) -> str:
    """Hash with Argon2id. Raises InvalidInput for a password too short or too long."""
    if not PASSWORD_LENGTH <= len(password) <= LONGEST_PASSWORD:
        raise InvalidInput(Problem("password", "password_length", {"least": PASSWORD_LENGTH}))
    return HASHER.hash(password)


def sign_in(uow: UnitOfWork, email: str, password: str) -> Person | None:
    """Check a password. None means it is wrong, or there is no such person, or no access.

    Raises TooManyAttempts before looking at the password. A wrong attempt is kept even so, because
    the caller commits this unit of work whatever the answer is.
    """
    email, address = clean_email(email), uow.address or ""
    _throttle(uow, email, address)
    person = uow.session.scalar(select(Person).where(Person.email == email))
    known = person is not None and person.active and person.password_hash
    if _matches(known or NOBODY, password) and known and person is not None:
        if HASHER.check_needs_rehash(known):
            person.password_hash = HASHER.hash(password)
        uow.session.execute(delete(SignInAttempt).where(SignInAttempt.email == email))
        # From here on it is this person who acts; nobody was signed in when it began.
        uow.person = load_actor(uow.session, person.id, uow.resources.today())
        uow.record("signed_in", subject=person)
        return person
    uow.session.add(SignInAttempt(email=email, address=address, at=uow.resources.clock()))
    return None


def change_password(uow: UnitOfWork, current: str, new: str) -> Person:
    """Change one's own password; every other session of the person ends.

    Raises InvalidInput when the current password is wrong or the new one cannot be used.
    """
    person = uow.session.get_one(Person, uow.actor.id)
    if not _matches(person.password_hash or NOBODY, current):
        raise InvalidInput(Problem("current", "password_wrong"))
    person.password_hash = hash_password(new)
    person.session_version += 1
    uow.record("password_changed", subject=person)
    return person


def choose_language(uow: UnitOfWork, language: str) -> None:
    """Remember the language of the person. Raises InvalidInput for one the portal lacks."""
    if language not in LANGUAGES:
        raise InvalidInput(Problem("language", "choice_unknown"))
    uow.session.get_one(Person, uow.actor.id).language = language


def session_holder(uow: UnitOfWork, person_id: int, session_version: int) -> Person | None:
    """The person a session cookie belongs to; None when it no longer counts."""
    # Who signed in, for every page; what the person may do is asked by the unit of work.
    person = uow.session.get(Person, person_id, options=[lazyload(Person.grants)])
    if person is None or not person.active or person.session_version != session_version:
        return None
    return person


def _matches(password_hash: str, password: str) -> bool:
    try:
        return HASHER.verify(password_hash, password[:LONGEST_PASSWORD])
    except (VerificationError, InvalidHashError):
        return False


def _throttle(uow: UnitOfWork, email: str, address: str) -> None:
    """Count wrong passwords for this name and from this address. Raises TooManyAttempts."""
    settings = uow.resources.settings
    window = timedelta(seconds=settings.login_window_seconds)
    since = uow.resources.clock() - window
    uow.session.execute(delete(SignInAttempt).where(SignInAttempt.at < since))
    for column, value in ((SignInAttempt.email, email), (SignInAttempt.address, address)):
        count, oldest = uow.session.execute(
            select(func.count(), func.min(SignInAttempt.at)).where(column == value)
        ).one()
        # Many people share the address of an office; it gets more patience than one name.
        limit = settings.login_attempts * (1 if column is SignInAttempt.email else 10)
        if count >= limit:
            wait = oldest + window - uow.resources.clock()
            raise TooManyAttempts(max(1, math.ceil(wait.total_seconds())))
