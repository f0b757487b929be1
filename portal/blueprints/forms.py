"""Reading forms: plain values out of a request, problems beside their fields."""

from __future__ import annotations

from datetime import date
from urllib.parse import urlsplit

from flask import request, url_for

from portal.error_words import problem_words
from portal.errors import InvalidInput, Problem

LONGEST_WORD = 100


def problems_of(error: InvalidInput) -> dict[str, str]:
    """Sentences by field, for the form to be shown again."""
    return {problem.field: problem_words(problem.code, problem.facts) for problem in error.problems}


def plain(name: str) -> str:
    """A field as it was typed, for a service to judge; without NUL, which PostgreSQL refuses."""
    return request.form.get(name, "").replace("\x00", "")


def searched(name: str = "text") -> str:
    """A word of the address bar to narrow a list by: without NUL and blanks, of bounded length."""
    return request.args.get(name, "").replace("\x00", "").strip()[:LONGEST_WORD]


def text(name: str, limit: int = 200, required: bool = True) -> str:
    """A field without blanks around it. Raises InvalidInput when missing or too long."""
    value = plain(name).strip()
    if required and not value:
        raise InvalidInput(Problem(name, "required"))
    if len(value) > limit:
        raise InvalidInput(Problem(name, "too_long", {"limit": limit}))
    return value


def day(name: str, required: bool = True) -> date | None:
    """A date as browsers send it. Raises InvalidInput when it is none."""
    value = request.form.get(name, "").strip()
    if not value and not required:
        return None
    try:
        return date.fromisoformat(value)
    except ValueError as error:
        raise InvalidInput(Problem(name, "date_invalid")) from error


def required_day(name: str) -> date:
    """A date that has to be there. Raises InvalidInput."""
    value = day(name)
    if value is None:
        raise InvalidInput(Problem(name, "required"))
    return value


def inside(target: str) -> str:
    """An address of this portal to go on to; never another site's, whatever the link said."""
    local = target.startswith("/") and not target.startswith("//") and "\\" not in target
    if local:
        parts = urlsplit(target)
        if not parts.scheme and not parts.netloc:
            return target
    return url_for("home.index")
