"""The seal inside Python: the session refuses what the database's triggers refuse too.

Three guards stand in a row: the services check states, this listener sees what a service forgot,
the triggers see everything else. This one exists for its clear error at the line that is wrong.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import event, inspect
from sqlalchemy.orm import Session

from portal.models import Blob, Blueprint, Event, Requirement, Version

NEVER_CHANGED = (Blob, Blueprint, Requirement, Event)


class SealBroken(Exception):
    """Code tried to change or delete what is sealed. A fault of the portal, not of a person."""


class SealedSession(Session):
    """A session that never flushes a change of what is sealed: the only kind the portal opens."""


# Once for all of them: a listener for each session cost every request a tenth of a millisecond.
@event.listens_for(SealedSession, "before_flush")
def _check(session: Session, *_: Any) -> None:
    for row in session.deleted:
        if isinstance(row, NEVER_CHANGED) or _was_sealed(row):
            raise SealBroken(f"deleting {row!r}")
    for row in session.dirty:
        if not session.is_modified(row):
            continue
        if isinstance(row, NEVER_CHANGED) or _was_sealed(row):
            raise SealBroken(f"changing {row!r}")


def _was_sealed(row: object) -> bool:
    """Whether the row in the database is sealed; the act of sealing itself is not a breach."""
    if not isinstance(row, Version):
        return False
    history = inspect(row).attrs.sealed_at.history
    before = history.deleted[0] if history.deleted else (None if history.added else row.sealed_at)
    return before is not None
