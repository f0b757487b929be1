"""What the sample company consists of, as plain values.

A *day* is a number of working days counted from today: 0 today, -3 three working days ago, 9 in
nine working days. Days are relative because the running handover must always be half-way, whenever
the sample is loaded; the portal's own calendar turns them into dates.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from pathlib import Path


class RequirementKind(StrEnum):
    """What a requirement asks for."""

    DOCUMENT = "document"
    TASK = "task"
    ENTITIES = "entities"
    ACCESS = "access"
    SECRET = "secret"
    EXTERNAL = "external"


class Responsible(StrEnum):
    """Who of the people of a handover has to deliver a requirement."""

    LEAVER = "leaver"
    RECEIVER = "receiver"
    HEAD = "head"


class Role(StrEnum):
    """A role a person has in the portal. Everybody is an employee."""

    EMPLOYEE = "employee"
    HEAD = "head"
    HR = "hr"
    ADMINISTRATOR = "administrator"


class Visibility(StrEnum):
    """Who may see a sealed document, from narrow to wide."""

    RECEIVERS = "receivers"
    POSITION = "position"
    DEPARTMENT = "department"
    COMPANY = "company"


class Outcome(StrEnum):
    """What was decided about an item."""

    ACCEPTED = "accepted"
    RETURNED = "returned"
    WAIVED = "waived"


class ItemState(StrEnum):
    """How far an item is; follows from its rounds."""

    OPEN = "open"
    DRAFT = "draft"
    SUBMITTED = "submitted"
    RETURNED = "returned"
    ACCEPTED = "accepted"
    WAIVED = "waived"


@dataclass(frozen=True, slots=True)
class Text:
    """The same words in both languages of the portal."""

    zh: str
    en: str

    def in_language(self, language: str) -> str:
        """Return the words in `language`, "zh" or "en"."""
        return self.en if language == "en" else self.zh


@dataclass(frozen=True, slots=True)
class Department:
    """A department; `parent` is the key of the one above it, None for the company itself.

    `language` ("zh" or "en") is the one its people work in.
    """

    key: str
    name: Text
    parent: str | None
    language: str


@dataclass(frozen=True, slots=True)
class Requirement:
    """One line of a blueprint. `due` is in working days before the last working day."""

    key: str
    kind: RequirementKind
    title: Text
    required: bool
    responsible: Responsible
    due: int
    acceptance: Text


@dataclass(frozen=True, slots=True)
class Position:
    """A position of a department, with version 1 of its blueprint in the order of the list.

    `language` ("zh" or "en") is the one its blueprint is written in.
    """

    key: str
    name: Text
    department: str
    language: str
    blueprint: tuple[Requirement, ...]


@dataclass(frozen=True, slots=True)
class Assignment:
    """A person holds a position from `since` (a date, or a day) to `until` (None: no end known)."""

    position: str
    since: date | int
    until: int | None


@dataclass(frozen=True, slots=True)
class Person:
    """A person who can sign in by `email`. The password is chosen by whoever loads the sample.

    `language` is a locale name of the portal. `shows` says what signing in as this person lets one
    see, None for people who only fill the scene.
    """

    email: str
    name: str
    language: str
    department: str
    roles: frozenset[Role]
    assignments: tuple[Assignment, ...]
    shows: Text | None


@dataclass(frozen=True, slots=True)
class Document:
    """A file to upload: `file` names it within `documents/`, `filename` is its owner's name for it.

    Documents of one item with the same `title` are versions of one document, in order.
    """

    file: str
    path: Path
    filename: str
    title: str
    visibility: Visibility


@dataclass(frozen=True, slots=True)
class Entity:
    """One thing that an item of kind «entities» lists, such as a client; `done` when confirmed."""

    name: str
    done: bool
    note: str


@dataclass(frozen=True, slots=True)
class Decision:
    """What `by` (a login) decided on `day`; `reason` is empty only for an acceptance."""

    outcome: Outcome
    by: str
    day: int
    reason: str


@dataclass(frozen=True, slots=True)
class Round:
    """One attempt at an item: what was put there on `day`, whether submitted, what was decided.

    A waived item may have a round with nothing in it. `decision` is None while nobody has decided.
    """

    day: int
    submitted: bool
    statement: str
    documents: tuple[Document, ...]
    entities: tuple[Entity, ...]
    decision: Decision | None


_STATE_OF = {
    Outcome.ACCEPTED: ItemState.ACCEPTED,
    Outcome.RETURNED: ItemState.RETURNED,
    Outcome.WAIVED: ItemState.WAIVED,
}


@dataclass(frozen=True, slots=True)
class Item:
    """A requirement inside a handover, with its rounds in time order; none: nothing was done."""

    requirement: str
    rounds: tuple[Round, ...]

    @property
    def state(self) -> ItemState:
        """Return how far the item is after its last round."""
        if not self.rounds:
            return ItemState.OPEN
        last = self.rounds[-1]
        if last.decision is not None:
            return _STATE_OF[last.decision.outcome]
        return ItemState.SUBMITTED if last.submitted else ItemState.DRAFT


@dataclass(frozen=True, slots=True)
class Handover:
    """One case. `items` has one entry for each requirement of the position, in blueprint order.

    `completion_day` is None while the case runs. `knowledge` holds documents beyond the checklist;
    they are sealed on `knowledge_day`.
    """

    key: str
    leaver: str
    position: str
    receivers: tuple[str, ...]
    head: str
    start_day: int
    last_day: int
    completion_day: int | None
    items: tuple[Item, ...]
    knowledge: tuple[Document, ...]
    knowledge_day: int

    @property
    def documents(self) -> tuple[Document, ...]:
        """Return every document of the case, those of the items first."""
        of_items = (d for item in self.items for turn in item.rounds for d in turn.documents)
        return (*of_items, *self.knowledge)


@dataclass(frozen=True, slots=True)
class SampleCompany:
    """The whole company. `notice` says plainly that all of it is invented."""

    name: Text
    domain: str
    notice: Text
    departments: tuple[Department, ...]
    positions: tuple[Position, ...]
    people: tuple[Person, ...]
    handovers: tuple[Handover, ...]
    folder: Path = field(compare=False)

    def person(self, email: str) -> Person:
        """Return who signs in as `email`. Raises KeyError if nobody does."""
        return {person.email: person for person in self.people}[email]

    def position(self, key: str) -> Position:
        """Return the position `key`. Raises KeyError if there is none."""
        return {position.key: position for position in self.positions}[key]

    @property
    def documents(self) -> tuple[Document, ...]:
        """Return every document of every handover, in the order they are uploaded."""
        return tuple(document for case in self.handovers for document in case.documents)


@dataclass(frozen=True, slots=True)
class Question:
    """A question for tests of search.

    `file` names the document that answers (as `Document.file`), None if nothing does. `passage` is
    text to be found in it, spaces aside. `page` is 1-based and only given for PDF; `heading` is the
    nearest heading above the passage, for the other formats that have headings.
    """

    text: str
    language: str
    file: str | None
    passage: str
    page: int | None
    heading: str | None
