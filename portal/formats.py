"""How values look on screen: sizes, moments, dates, in the language of the request."""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache

from babel.numbers import format_decimal as localised
from flask import current_app, has_app_context
from flask_babel import (
    format_date,
    format_datetime,
    format_decimal,
    get_locale,
    gettext,
    ngettext,
)

UNITS = ("B", "KB", "MB", "GB", "TB")


def file_size(size: int) -> str:
    """Bytes as people know them from their file manager, in steps of 1,024."""
    value, unit = float(size), 0
    while value >= 1024 and unit < len(UNITS) - 1:
        value, unit = value / 1024, unit + 1
    digits = "#,##0" if unit == 0 or value >= 100 else "#,##0.#"
    shown = format_decimal(value, format=digits) if has_app_context() else f"{value:.4g}"
    return f"{shown} {UNITS[unit]}"


def number(value: int) -> str:
    """A whole number with its thousands apart; a page of search filters has hundreds of them."""
    return _number(value, str(get_locale()))


@lru_cache(maxsize=10_000)
def _number(value: int, locale: str) -> str:
    return localised(value, locale=locale)


def moment(value: datetime | None) -> str:
    """A moment in the company's time zone; empty for None."""
    if value is None:
        return ""
    zone = current_app.extensions["portal"].settings.zone
    return format_datetime(value.astimezone(zone), "medium", rebase=False)


def day(value: date | None) -> str:
    """A date; empty for None."""
    return "" if value is None else format_date(value, "medium", rebase=False)


def about(seconds: float | None) -> str:
    """How long something will take, roughly; empty for None."""
    if seconds is None:
        return ""
    minutes = max(1, round(seconds / 60))
    if minutes < 120:
        return str(ngettext("about %(num)s minute", "about %(num)s minutes", minutes))
    return str(gettext("about %(hours)s hours", hours=round(minutes / 60)))
