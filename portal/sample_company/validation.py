"""Refuse a sample company whose parts do not fit together, before any of it reaches a database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

from portal.sample_company.company import (
    Decision,
    Handover,
    Item,
    ItemState,
    Outcome,
    Requirement,
    RequirementKind,
    Responsible,
    Role,
    Round,
    SampleCompany,
)

_CLOSED = (ItemState.ACCEPTED, ItemState.WAIVED)


class SampleCompanyInvalid(Exception):
    """The description contradicts itself; `problems` names every contradiction found."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


def check(sample: SampleCompany) -> None:
    """Return if everything fits. Raises SampleCompanyInvalid with all problems otherwise."""
    problems = [
        *_organisation(sample),
        *_people(sample),
        *_files(sample),
        *(f"{case.key}: {p}" for case in sample.handovers for p in _handover(sample, case)),
    ]
    if problems:
        raise SampleCompanyInvalid(problems)


def _repeated(values: list[str]) -> set[str]:
    return {value for value in values if values.count(value) > 1}


def _organisation(sample: SampleCompany) -> Iterator[str]:
    departments = [department.key for department in sample.departments]
    yield from (f"department {key} is there twice" for key in _repeated(departments))
    for number, department in enumerate(sample.departments):
        # Parents stand before their children, so they can be created in order and form no circle.
        if department.parent is not None and department.parent not in departments[:number]:
            yield f"department {department.key} stands before its parent, or has an unknown one"
    for position in sample.positions:
        keys = [line.key for line in position.blueprint]
        yield from (f"requirement {position.key}.{key} is there twice" for key in _repeated(keys))
        if position.department not in departments:
            yield f"position {position.key} is in an unknown department"
        if not any(line.required for line in position.blueprint):
            yield f"the blueprint of {position.key} requires nothing"


def _people(sample: SampleCompany) -> Iterator[str]:
    departments = {department.key for department in sample.departments}
    positions = {position.key for position in sample.positions}
    yield from (f"{email} is there twice" for email in _repeated([p.email for p in sample.people]))
    for person in sample.people:
        if not person.email.endswith("@" + sample.domain):
            yield f"{person.email} is not an address at {sample.domain}"
        if person.department not in departments:
            yield f"{person.email} is in an unknown department"
        for assignment in person.assignments:
            if assignment.position not in positions:
                yield f"{person.email} holds an unknown position"


def _files(sample: SampleCompany) -> Iterator[str]:
    documents = sample.documents
    yield from (f"file {f} is used twice" for f in _repeated([d.file for d in documents]))
    for document in documents:
        if not document.path.is_file():
            yield f"file {document.file} is missing"
        if PurePosixPath(document.file).suffix != PurePosixPath(document.filename).suffix:
            yield f"file {document.file} and its name {document.filename} are of different types"


def _handover(sample: SampleCompany, case: Handover) -> Iterator[str]:
    unknown = {case.leaver, case.head, *case.receivers} - {p.email for p in sample.people}
    if unknown:
        yield f"unknown people {sorted(unknown)}"
        return
    yield from _cast(sample, case)
    yield from _end(sample, case)
    lines = {line.key: line for line in sample.position(case.position).blueprint}
    for item in case.items:
        for problem in _item(case, item, lines[item.requirement]):
            yield f"{item.requirement}: {problem}"


def _cast(sample: SampleCompany, case: Handover) -> Iterator[str]:
    held = [a for a in sample.person(case.leaver).assignments if a.position == case.position]
    if not any(assignment.until == case.last_day for assignment in held):
        yield "the leaver's assignment does not end on the last working day"
    if not case.receivers or case.leaver in case.receivers:
        yield "somebody other than the leaver has to receive"
    for email in case.receivers:
        if case.position not in [a.position for a in sample.person(email).assignments]:
            yield f"the receiver {email} does not hold the position"
    if Role.HEAD not in sample.person(case.head).roles:
        yield f"{case.head} is no head"


def _end(sample: SampleCompany, case: Handover) -> Iterator[str]:
    if not case.start_day <= case.knowledge_day <= min(0, case.last_day):
        yield "extra knowledge comes outside the handover"
    if case.completion_day is None:
        if not case.start_day <= 0 < case.last_day:
            yield "a running handover has begun and has its last working day ahead"
        return
    if not case.start_day < case.completion_day <= min(0, case.last_day):
        yield "it is completed outside the handover"
    required = {line.key for line in sample.position(case.position).blueprint if line.required}
    for item in case.items:
        if item.requirement in required and item.state not in _CLOSED:
            yield f"completed although {item.requirement} is {item.state}"


def _item(case: Handover, item: Item, line: Requirement) -> Iterator[str]:
    latest = case.start_day
    end = 0 if case.completion_day is None else case.completion_day
    for number, turn in enumerate(item.rounds):
        days = [turn.day] if turn.decision is None else [turn.day, turn.decision.day]
        for day in days:
            if not latest <= day <= end:
                yield f"day {day} is out of order"
            latest = day
        returned = turn.decision is not None and turn.decision.outcome is Outcome.RETURNED
        if number < len(item.rounds) - 1 and not returned:
            yield "another round although nothing was returned"
        yield from _round(turn, line.kind)
        if turn.decision is not None:
            yield from _decision(case, turn, turn.decision, line.responsible)


def _round(turn: Round, kind: RequirementKind) -> Iterator[str]:
    if kind is RequirementKind.SECRET and turn.documents:
        yield "a secret is kept in no file"
    if not turn.submitted:
        return
    if kind is RequirementKind.DOCUMENT and not turn.documents:
        yield "a document is asked for and none submitted"
    if kind is RequirementKind.ENTITIES and not turn.entities:
        yield "a list is asked for and none submitted"
    if kind not in (RequirementKind.DOCUMENT, RequirementKind.ENTITIES) and not turn.statement:
        yield "submitted without a statement"


def _decision(
    case: Handover, turn: Round, decision: Decision, responsible: Responsible
) -> Iterator[str]:
    if decision.outcome is Outcome.WAIVED:
        allowed = {case.head}
    else:
        # Nobody decides about what is theirs to deliver.
        allowed = {case.head} if responsible is Responsible.RECEIVER else set(case.receivers)
        if not turn.submitted:
            yield f"{decision.outcome} without having been submitted"
    if decision.by not in allowed:
        yield f"{decision.by} may not decide this"
    if decision.outcome is not Outcome.ACCEPTED and not decision.reason:
        yield f"{decision.outcome} without a reason"
