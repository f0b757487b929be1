"""Inserting rows that may be there already, on both databases."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from portal.models import Base

_INSERT: dict[str, Callable[..., Any]] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


def insert_missing(session: Session, table: type[Base], rows: Sequence[dict[str, Any]]) -> None:
    """Insert the rows whose keys are new; those of the others stay as they are.

    Looking first and inserting then would fail when two transactions do it at once: both see
    nothing.
    """
    if rows:
        insert = inserting(session.get_bind().dialect.name, table)
        session.execute(insert.on_conflict_do_nothing(), rows)


def inserting(dialect: str, table: Any) -> Any:
    """An INSERT that may say what happens to a row that is there: ON CONFLICT is in no standard,
    and both databases spell it alike. `table` is a model, or its table."""
    return _INSERT[dialect](table)
