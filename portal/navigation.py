"""The places a person can go to, for the side bar and the phone's bottom bar."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import g, request, url_for
from flask_babel import get_locale
from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString
from flask_login import current_user

from portal.actor import Actor
from portal.answer_endpoint import Endpoint
from portal.blueprints.context import resources, shown_actor
from portal.models import Role


@dataclass(frozen=True)
class Place:
    """One entry. `current` marks where the person is; `shortcut` is typed as two keys."""

    label: LazyString
    href: str
    icon: str
    current: bool
    shortcut: str | None = None


@dataclass(frozen=True)
class _Entry:
    """What a place is made of. `section` is the blueprint whose pages count as being there."""

    endpoint: str
    label: LazyString
    icon: str
    shortcut: str | None
    roles: frozenset[Role] = frozenset()
    heads: bool = False

    @property
    def section(self) -> str:
        return self.endpoint.partition(".")[0]

    def open_to(self, actor: Actor) -> bool:
        if not self.roles and not self.heads:
            return True
        return any(actor.has(role) for role in self.roles) or (self.heads and bool(actor.headed))


ENTRIES = (
    _Entry("home.index", _l("Home"), "home", "g h"),
    _Entry("handovers.index", _l("Handovers"), "handover", "g u"),
    _Entry("search.results", _l("Search"), "search", None),
    _Entry("maps.index", _l("Maps"), "map", "g m"),
    _Entry(
        "blueprints.index", _l("Checklists"), "checklist", "g c", frozenset({Role.HR}), heads=True
    ),
    _Entry("events.index", _l("Operations"), "history", "g o", frozenset({Role.HR, Role.AUDITOR})),
    _Entry("people.index", _l("People"), "people", "g p", frozenset({Role.ADMINISTRATOR})),
    _Entry("positions.index", _l("Positions"), "position", None, frozenset({Role.ADMINISTRATOR})),
    _Entry(
        "departments.index", _l("Departments"), "department", None, frozenset({Role.ADMINISTRATOR})
    ),
    _Entry(
        "assignments.index",
        _l("Assignments"),
        "calendar",
        None,
        frozenset({Role.ADMINISTRATOR, Role.HR}),
    ),
    _Entry("health.index", _l("Health"), "health", None, frozenset({Role.ADMINISTRATOR})),
)
# Pages that belong to a place of another name.
SECTION_OF = {
    "items": "handovers",
    "documents": "handovers",
    "versions": "search",
    "questions": "search",
    "searches": "search",
    "asked": "maps",
    "feedback": "handovers",
}


def template_values() -> dict[str, Any]:
    """What every page is given: its language and, for somebody signed in, the places to go.

    searchable: whether the question box stands above the page. sends_to: another machine text of
    documents may be sent to, None where everything stays here.
    """
    endpoint = Endpoint.of(resources().settings)
    values: dict[str, Any] = {
        "language": str(get_locale() or ""),
        "sends_to": endpoint.host if endpoint and not endpoint.here else None,
    }
    # When something of ours failed, the page that says so must not depend on anything that may.
    if not g.get("failed") and current_user.is_authenticated:
        values["navigation"] = _places()
        values["searchable"] = not shown_actor().departed
    return values


def _places() -> list[Place]:
    actor = shown_actor()
    entries = ENTRIES[:1] if actor.departed else ENTRIES
    section = SECTION_OF.get(request.blueprint or "", request.blueprint)
    return [
        Place(
            entry.label,
            url_for(entry.endpoint),
            entry.icon,
            entry.section == section,
            entry.shortcut,
        )
        for entry in entries
        if entry.open_to(actor)
    ]
