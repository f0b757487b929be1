"""What can go wrong, as facts. `portal/error_words.py` turns them into a status and a sentence."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any


class PortalError(Exception):
    """Something a person can understand and act on. `code` names it, `facts` fill its words."""

    def __init__(self, code: str, **facts: Any) -> None:
        super().__init__(code)
        self.code = code
        self.facts = facts


class NotFound(PortalError):
    """There is nothing here, or nothing this person may know of. Both look the same."""

    def __init__(self) -> None:
        super().__init__("not_found")


class Forbidden(PortalError):
    """The person may see the thing, but not do this to it."""

    def __init__(self) -> None:
        super().__init__("forbidden")


class Refused(PortalError):
    """Not in this state: the case is closed, the item submitted, the version sealed."""


class FileRefused(PortalError):
    """The file cannot be taken: empty, too large, no room for it, a name that cannot be used."""


class TooManyAttempts(PortalError):
    """Signing in is paused; `seconds` until it is worth trying again."""

    def __init__(self, seconds: int) -> None:
        super().__init__("too_many_attempts", seconds=seconds)


class NotReady(PortalError):
    """A part of the portal is not there yet or damaged: model, index, store."""


@dataclass(frozen=True)
class Problem:
    """One thing wrong with one field of a form."""

    field: str
    code: str
    facts: dict[str, Any] = dataclasses.field(default_factory=dict)


class InvalidInput(PortalError):
    """A form with problems; nothing was changed."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__("invalid_input")
        self.problems = list(problems)


@dataclass(frozen=True)
class CanAct:
    """Somebody who can bring a missing item forward.

    part: leaver, receiver, head or hr. act: submit, review, waive, or
    change: give the case a head who can act.
    """

    name: str
    part: str
    act: str


@dataclass(frozen=True)
class MissingItem:
    """A required item that keeps a handover open, and who can do something about it."""

    public_id: str
    title: str
    state: str
    who: tuple[CanAct, ...]

    @property
    def actors(self) -> tuple[str, ...]:
        """The names alone, each once."""
        return tuple(dict.fromkeys(each.name for each in self.who))


class HandoverIncomplete(Refused):
    """The gate is closed; `missing` says why."""

    def __init__(self, missing: list[MissingItem]) -> None:
        super().__init__("handover_incomplete", count=len(missing))
        self.missing = missing
