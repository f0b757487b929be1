"""The unit of work: one transaction, one acting person, jobs that leave only after the commit."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import ColumnElement, False_, True_, exists, select
from sqlalchemy.orm import Session

from portal.actor import Actor, load_actor
from portal.errors import Forbidden, NotFound
from portal.models import Event, Handover, Version
from portal.models.base import Public
from portal.permissions import POLICY, VISIBLE_BY, Action, rows

if TYPE_CHECKING:
    from portal.resources import Resources

log = logging.getLogger(__name__)
Row = TypeVar("Row", bound=Public)


class SendFailed(Exception):
    """The broker did not take a job."""


@dataclass(frozen=True)
class Job:
    """A background job: its name in `portal/tasks.py` and the id of its row, nothing else."""

    name: str
    row_id: int | None = None


@dataclass
class UnitOfWork:
    """What a service needs. `actor` None is the portal itself, which only jobs are."""

    session: Session
    resources: Resources
    person: Actor | None
    address: str | None
    jobs: list[Job] = field(default_factory=list)

    @classmethod
    def begin(
        cls, session: Session, resources: Resources, person_id: int | None, address: str | None
    ) -> UnitOfWork:
        """Start, reading the acting person in the same transaction.

        Raises NotFound when the account is gone or switched off.
        """
        person = None
        if person_id is not None:
            person = load_actor(session, person_id, resources.today())
            if person is None:
                raise NotFound
        return cls(session, resources, person, address)

    @property
    def actor(self) -> Actor:
        """The acting person. Raises Forbidden for the portal itself: jobs have services of their
        own and never act as somebody."""
        if self.person is None:
            raise Forbidden
        return self.person

    def ping(self) -> None:
        """Ask the database for nothing. Raises sqlalchemy.exc.OperationalError without answer."""
        self.session.execute(select(1))

    def rows(self, action: Action) -> ColumnElement[bool]:
        """The clause of the rows this person may do `action` on."""
        return rows(action, self.actor)

    def permit(self, action: Action, row: Any = None) -> None:
        """Raises Forbidden, or NotFound when the person may not even know of the row."""
        if not self.may(action, row):
            raise self._refusal(row)

    def may(self, action: Action, row: Any = None) -> bool:
        """Whether this person may do `action` on `row` (None: on the portal as a whole)."""
        model = POLICY[action][0]
        clause = self.rows(action)
        if isinstance(clause, True_ | False_):
            return isinstance(clause, True_)
        if model is None:
            return bool(self.session.scalar(select(clause)))
        return bool(self.session.scalar(select(exists().where(model.id == row.id, clause))))

    def load(self, model: type[Row], public_id: str, action: Action) -> Row:
        """The row with this public id, if `action` is allowed on it.

        Raises NotFound, or Forbidden when the person may see the row but not do this.
        """
        if "\x00" in public_id:
            # PostgreSQL refuses such a text instead of finding nothing.
            raise NotFound
        found: Row | None = self.session.scalar(select(model).where(model.public_id == public_id))
        if found is None:
            raise NotFound
        self.permit(action, found)
        return found

    def lock(self, handover_id: int) -> Handover:
        """Lock the case until the end of the transaction and read it afresh.

        The first thing every change inside a case does, so that changes of one case happen one
        after the other: a return and a completion cannot pass each other. SQLite locks the whole
        database at BEGIN IMMEDIATE and ignores FOR UPDATE.
        """
        statement = (
            select(Handover)
            .where(Handover.id == handover_id)
            .with_for_update(of=Handover)
            .execution_options(populate_existing=True)
        )
        return self.session.scalars(statement).one()

    def lock_version(self, version_id: int) -> Version:
        """Lock the version until the end of the transaction and read it afresh.

        So sealing and publishing do not pass each other unseen: whichever comes second sees the
        first.
        """
        statement = (
            select(Version)
            .where(Version.id == version_id)
            .with_for_update(of=Version, key_share=True)
            .execution_options(populate_existing=True)
        )
        return self.session.scalars(statement).one()

    def record(
        self, kind: str, handover: Handover | None = None, subject: Any = None, **facts: Any
    ) -> None:
        """Write an event. It is part of the transaction: no change without its line, no line
        without its change."""
        self.session.add(
            Event(
                at=self.resources.clock(),
                actor_id=self.person.id if self.person else None,
                kind=kind,
                handover_id=handover.id if handover else None,
                subject=getattr(subject, "public_id", None),
                address=self.address,
                facts=facts,
            )
        )

    def enqueue(self, name: str, row_id: int | None = None) -> None:
        """Send the job after the commit."""
        self.jobs.append(Job(name, row_id))

    def commit(self) -> None:
        """Commit, then send the jobs.

        A kill or a broker that fails between the two loses no work: the rows say what is to be
        done, and the reconciler sends the jobs again.
        """
        self.session.commit()
        jobs, self.jobs = self.jobs, []
        for job in dict.fromkeys(jobs):
            try:
                self.resources.send(job)
            except SendFailed:
                log.warning("%s %s waits for the reconciler", job.name, job.row_id, exc_info=True)

    def _refusal(self, row: Any) -> Exception:
        if row is None:
            return Forbidden()
        visible = VISIBLE_BY.get(type(row))
        if visible is not None and self.may(visible, row):
            return Forbidden()
        return NotFound()
