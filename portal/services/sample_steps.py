"""What the sample's people do, step by step, in the order of the days.

A step finds what it needs by name in the database and keeps nothing in memory from the step before,
so that a filling can be interrupted after any of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from operator import attrgetter

from sqlalchemy import select

from portal.models import Assignment, Document, Handover, Item, Person, Position, Requirement
from portal.sample_company import Decision, Entity, Outcome, Responsible, Role, SampleCompany, Text
from portal.sample_company import Document as SampleDocument
from portal.sample_company import Handover as SampleHandover
from portal.sample_company import Position as SamplePosition
from portal.sample_company import Round as SampleRound
from portal.services import blueprints, documents, handovers, items, uploads
from portal.unit_of_work import UnitOfWork
from storage import StoredBlob

Act = Callable[[UnitOfWork, StoredBlob | None], object]

_DECIDE: dict[Outcome, Callable[[UnitOfWork, str, str], Item]] = {
    Outcome.ACCEPTED: items.accept,
    Outcome.RETURNED: items.send_back,
    Outcome.WAIVED: items.waive,
}


@dataclass(frozen=True)
class Upload:
    """A file to receive before the step, and where it goes."""

    document: SampleDocument
    target: Callable[[UnitOfWork], uploads.Target]


@dataclass(frozen=True)
class Step:
    """What `by` (a login) does on `day` in one transaction; `act` gets the bytes of `upload`."""

    day: int
    by: str
    act: Act
    upload: Upload | None = None


@dataclass(frozen=True)
class Names:
    """What things of the sample are called; `language` None is that of each department."""

    sample: SampleCompany
    language: str | None = None

    def department(self, key: str) -> str:
        """Return the name of a department."""
        department = {each.key: each for each in self.sample.departments}[key]
        return department.name.in_language(self.language or department.language)

    def position(self, key: str) -> str:
        """Return the name of a position."""
        position = self.sample.position(key)
        return self.words(position, position.name)

    def requirement(self, position_key: str, key: str) -> str:
        """Return the title of a line of a position's blueprint."""
        position = self.sample.position(position_key)
        titles = {line.key: line.title for line in position.blueprint}
        return self.words(position, titles[key])

    def words(self, position: SamplePosition, text: Text) -> str:
        """Return a text as the people of this position read it."""
        return text.in_language(self.language or position.language)


def person(uow: UnitOfWork, email: str) -> Person:
    """Return who signs in as `email`."""
    return uow.session.scalars(select(Person).where(Person.email == email)).one()


def timeline(names: Names) -> list[Step]:
    """Return every step of every case, in the order of the days."""
    first = min(case.start_day for case in names.sample.handovers) - 1
    hr = next(each.email for each in names.sample.people if Role.HR in each.roles)
    steps = [Step(first, hr, _save_blueprint(names, each)) for each in names.sample.positions]
    for described in names.sample.handovers:
        steps += _Case(names, described).steps(hr)
    # Sorting keeps the order of what happens on the same day.
    return sorted(steps, key=attrgetter("day"))


def _save_blueprint(names: Names, position: SamplePosition) -> Act:
    lines = [
        blueprints.LineForm(
            key=None,
            kind=line.kind.value,
            title=names.words(position, line.title),
            criteria=names.words(position, line.acceptance),
            required=line.required,
            responsible=line.responsible.value,
            due_working_days=line.due,
        )
        for line in position.blueprint
    ]

    def act(uow: UnitOfWork, _: StoredBlob | None) -> object:
        found = _position(uow, names, position.key)
        return blueprints.save(uow, found.public_id, lines, note="", based_on=0)

    return act


def _position(uow: UnitOfWork, names: Names, key: str) -> Position:
    name = names.position(key)
    return uow.session.scalars(select(Position).where(Position.name == name)).one()


@dataclass(frozen=True)
class _Case:
    """The steps of one handover."""

    names: Names
    described: SampleHandover

    def steps(self, hr: str) -> Iterator[Step]:
        """Yield them in an order that holds on days on which several happen."""
        case = self.described
        yield Step(case.start_day, hr, self._start)
        for item in case.items:
            for turn in item.rounds:
                yield from self._round(item.requirement, turn)
        for document in case.knowledge:
            yield self._upload(case.knowledge_day, case.leaver, None, document)
            yield Step(case.knowledge_day, case.leaver, self._submit_extra(document))
        if case.completion_day is not None:
            yield Step(case.completion_day, case.head, self._complete)

    def _round(self, requirement: str, turn: SampleRound) -> Iterator[Step]:
        by = self._deliverer(requirement)
        for document in turn.documents:
            yield self._upload(turn.day, by, requirement, document)
        if turn.submitted:
            yield Step(turn.day, by, self._submit(requirement, turn))
        if turn.decision is not None:
            yield Step(
                turn.decision.day, turn.decision.by, self._decide(requirement, turn.decision)
            )

    def _deliverer(self, requirement: str) -> str:
        case = self.described
        lines = {line.key: line for line in self.names.sample.position(case.position).blueprint}
        return {
            Responsible.LEAVER: case.leaver,
            Responsible.RECEIVER: case.receivers[0],
            Responsible.HEAD: case.head,
        }[lines[requirement].responsible]

    def _start(self, uow: UnitOfWork, _: StoredBlob | None) -> object:
        case = self.described
        leaver, position = person(uow, case.leaver), _position(uow, self.names, case.position)
        # The last working day is the day on which the assignment ends.
        last_day = uow.session.scalars(
            select(Assignment.ends_on).where(
                Assignment.person_id == leaver.id, Assignment.position_id == position.id
            )
        ).one()
        assert last_day is not None  # the description has been checked
        form = handovers.StartForm(
            leaver=leaver.public_id,
            position=position.public_id,
            receivers=tuple(person(uow, email).public_id for email in case.receivers),
            head=person(uow, case.head).public_id,
            last_day=last_day,
        )
        return handovers.start(uow, form)

    def _upload(self, day: int, by: str, requirement: str | None, document: SampleDocument) -> Step:
        def target(uow: UnitOfWork) -> uploads.Target:
            earlier = self._document(uow, document.title)
            if earlier is not None:
                return uploads.ToDocument(earlier.public_id)
            if requirement is None:
                return uploads.ToHandover(self._handover(uow).public_id)
            return uploads.ToItem(self._item(uow, requirement).public_id)

        def act(uow: UnitOfWork, blob: StoredBlob | None) -> object:
            assert blob is not None  # an upload was announced
            arrival = uploads.Arrival(blob, document.filename, f"sample {document.file}")
            version = uploads.add(uow, target(uow), arrival)
            if version.number > 1:
                return version  # what was chosen for the document holds for all its versions
            item = self._item(uow, requirement).public_id if requirement else None
            form = documents.ChangeForm(document.title, document.visibility.value, item)
            return documents.change(uow, version.document.public_id, form)

        return Step(day, by, act, Upload(document, target))

    def _submit(self, requirement: str, turn: SampleRound) -> Act:
        statement = "\n".join([turn.statement, *map(_line, turn.entities)])

        def act(uow: UnitOfWork, _: StoredBlob | None) -> object:
            return items.submit(uow, self._item(uow, requirement).public_id, statement)

        return act

    def _decide(self, requirement: str, decision: Decision) -> Act:
        decide = _DECIDE[decision.outcome]

        def act(uow: UnitOfWork, _: StoredBlob | None) -> object:
            return decide(uow, self._item(uow, requirement).public_id, decision.reason)

        return act

    def _submit_extra(self, document: SampleDocument) -> Act:
        def act(uow: UnitOfWork, _: StoredBlob | None) -> object:
            found = self._document(uow, document.title)
            assert found is not None  # uploaded in the step before
            return documents.submit_extra(uow, found.public_id)

        return act

    def _complete(self, uow: UnitOfWork, _: StoredBlob | None) -> object:
        return handovers.complete(uow, self._handover(uow).public_id)

    def _handover(self, uow: UnitOfWork) -> Handover:
        leaver = person(uow, self.described.leaver)
        return uow.session.scalars(select(Handover).where(Handover.leaver_id == leaver.id)).one()

    def _item(self, uow: UnitOfWork, requirement: str) -> Item:
        title = self.names.requirement(self.described.position, requirement)
        return uow.session.scalars(
            select(Item)
            .join(Requirement, Item.requirement_id == Requirement.id)
            .where(Item.handover_id == self._handover(uow).id, Requirement.title == title)
        ).one()

    def _document(self, uow: UnitOfWork, title: str) -> Document | None:
        """Return the document with this title; None before its first upload."""
        return uow.session.scalars(
            select(Document).where(
                Document.handover_id == self._handover(uow).id, Document.title == title
            )
        ).one_or_none()


def _line(entity: Entity) -> str:
    mark = "✓" if entity.done else "○"
    return f"{mark} {entity.name}: {entity.note}" if entity.note else f"{mark} {entity.name}"
