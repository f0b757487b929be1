"""What every view uses: the process's resources and a unit of work for the signed-in person."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

from flask import current_app, g, request
from flask_login import current_user

from portal.actor import Actor
from portal.resources import Resources
from portal.unit_of_work import UnitOfWork


def resources() -> Resources:
    """The process's resources."""
    return cast(Resources, current_app.extensions["portal"])


def person_id() -> int | None:
    """The signed-in person; None for a visitor."""
    return cast("int | None", getattr(current_user, "id", None))


@contextmanager
def reading() -> Iterator[UnitOfWork]:
    """A unit of work that only reads; render inside it."""
    with resources().read(person_id(), request.remote_addr) as uow:
        _remember(uow)
        yield uow


@contextmanager
def writing() -> Iterator[UnitOfWork]:
    """A unit of work that may change things, committed at its end."""
    with resources().write(person_id(), request.remote_addr) as uow:
        _remember(uow)
        yield uow


def shown_actor() -> Actor:
    """The acting person as this request last read them: for what is shown, never for permitting.

    The frame of a page is rendered inside its unit of work; a second one there would need a second
    connection while the first is held.
    """
    if "actor" not in g:
        with reading():
            pass
    return cast(Actor, g.actor)


def _remember(uow: UnitOfWork) -> None:
    if person_id() is not None:
        g.actor = uow.actor


def wants_json() -> bool:
    """Whether the answer is for a program or a script, not for a person's window."""
    best = request.accept_mimetypes.best_match(["text/html", "application/json"])
    return best == "application/json" or request.headers.get("X-Requested-With") == "fetch"
