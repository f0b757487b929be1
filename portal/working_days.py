"""Working days of mainland China: public holidays and the weekends worked in exchange for them.

The State Council decides each year in November about the next one. For years it has decided,
`chinese_calendar` knows every day; for later ones the holidays fixed by law (from `holidays`) and
ordinary weekends are the best guess there is, and due dates are worked out again whenever the last
working day of a case is changed.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

import chinese_calendar
import holidays

DAY = timedelta(days=1)


@lru_cache(maxsize=4096)
def is_working_day(day: date) -> bool:
    """Whether people work on this day."""
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        # A year that is not decided yet, or long past.
        return day.weekday() < 5 and day not in _fixed_holidays(day.year)


@lru_cache(maxsize=64)
def _fixed_holidays(year: int) -> frozenset[date]:
    return frozenset(holidays.country_holidays("CN", years=year))


def before(last_day: date, count: int) -> date:
    """The day `count` working days before `last_day`; `last_day` itself for 0.

    Raises ValueError for a negative count.
    """
    return _walk(last_day, count, -DAY)


def after(day: date, count: int) -> date:
    """The day `count` working days after `day`; `day` itself for 0. Raises ValueError below 0."""
    return _walk(day, count, DAY)


def left(today: date, last_day: date) -> int:
    """Working days after today up to and including `last_day`.

    0 on the last day itself; negative when it is over, counted the same way back.
    """
    if last_day < today:
        return -_between(last_day, today)
    return _between(today, last_day)


def _walk(day: date, count: int, step: timedelta) -> date:
    if count < 0:
        raise ValueError("working days are counted from 0")
    while count:
        day += step
        count -= is_working_day(day)
    return day


def _between(first: date, last: date) -> int:
    """Working days after `first` up to and including `last`."""
    days = (first + DAY * number for number in range(1, (last - first).days + 1))
    return sum(map(is_working_day, days))
