"""The editor of a checklist as a form: its lines as typed, and the steps that move them about.

Every step sends the whole form and gets it back, so the editor works without scripts and nothing
typed is lost. A line is `title-3`, `kind-3` …, counted from 0, as the service names its problems.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from werkzeug.datastructures import MultiDict

from portal.models import Blueprint, RequirementKind, Responsible
from portal.services.blueprints import MOST_LINES, LineForm

STEP = re.compile(r"(add|remove|up|down)(?:-(\d{1,4}))?")
# A few more than a checklist may have, so that «too many» is told and no form is without bound.
MOST_READ = MOST_LINES + 10
NO_NUMBER = -1


@dataclass(frozen=True)
class Line:
    """One line as typed; `due` is text, because a person may have typed anything."""

    key: str = ""
    kind: str = RequirementKind.DOCUMENT.value
    title: str = ""
    criteria: str = ""
    required: bool = True
    responsible: str = Responsible.LEAVER.value
    due: str = "5"

    def form(self) -> LineForm:
        """For the service; what is no number becomes one that it refuses."""
        due = self.due.strip()
        days = int(due) if re.fullmatch(r"\d{1,4}", due, re.ASCII) else NO_NUMBER
        return LineForm(
            self.key or None,
            self.kind,
            self.title,
            self.criteria,
            self.required,
            self.responsible,
            days,
        )


@dataclass(frozen=True)
class Draft:
    """The whole form. `based_on` is the number of the version it began from, 0 for none.

    focus: the id of the field or button that a step leads to; empty for none.
    """

    lines: list[Line] = field(default_factory=list)
    note: str = ""
    based_on: int = 0
    focus: str = ""

    def forms(self) -> list[LineForm]:
        """The lines for the service."""
        return [line.form() for line in self.lines]


def draft_of(blueprint: Blueprint | None) -> Draft:
    """The form of a version; one empty line for a position that has none yet."""
    if blueprint is None:
        return Draft([Line()])
    lines = [
        Line(
            line.key,
            line.kind.value,
            line.title,
            line.criteria,
            line.required,
            line.responsible.value,
            str(line.due_working_days),
        )
        for line in blueprint.requirements
    ]
    return Draft(lines, based_on=blueprint.number)


def sent(form: MultiDict[str, str]) -> Draft:
    """The form as it came from the browser."""

    def text(name: str) -> str:
        # Browsers end lines with CR LF, the service compares with what is stored.
        return form.get(name, "").replace("\x00", "").replace("\r\n", "\n")

    count = min(max(form.get("count", 0, type=int), 0), MOST_READ)
    lines = [
        Line(
            text(f"key-{at}"),
            text(f"kind-{at}"),
            text(f"title-{at}"),
            text(f"criteria-{at}"),
            f"required-{at}" in form,
            text(f"responsible-{at}"),
            text(f"due-{at}"),
        )
        for at in range(count)
    ]
    return Draft(lines, text("note"), max(form.get("based_on", 0, type=int), 0))


def stepped(draft: Draft, step: str) -> Draft:
    """The form after a button other than «save»; unchanged for one that makes no sense."""
    found = STEP.fullmatch(step)
    if found is None:
        return draft
    verb, at = found[1], int(found[2] or 0)
    lines = list(draft.lines)
    if verb == "add":
        if len(lines) >= MOST_LINES:
            return draft
        lines.append(Line())
        return replace(draft, lines=lines, focus=f"title-{len(lines) - 1}")
    if at >= len(lines):
        return draft
    if verb == "remove":
        del lines[at]
        focus = f"title-{min(at, len(lines) - 1)}" if lines else "add"
        return replace(draft, lines=lines, focus=focus)
    other = at - 1 if verb == "up" else at + 1
    if not 0 <= other < len(lines):
        return draft
    lines[at], lines[other] = lines[other], lines[at]
    return replace(draft, lines=lines, focus=f"title-{other}")
