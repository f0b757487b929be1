"""Working days: public holidays, weekends worked in exchange, years nobody has decided on yet."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from portal.working_days import after, before, is_working_day, left

DAYS = (
    ("an ordinary Monday", date(2026, 3, 2), True),
    ("an ordinary Sunday", date(2026, 3, 1), False),
    ("National Day, a Thursday", date(2026, 10, 1), False),
    ("Spring Festival, a Tuesday", date(2026, 2, 17), False),
    ("a Saturday worked for the Spring Festival", date(2026, 2, 14), True),
    ("a Sunday worked for National Day", date(2026, 9, 20), True),
    ("National Day of a year that is not decided", date(2035, 10, 1), False),
    ("a Saturday of that year", date(2035, 9, 8), False),
    ("a Tuesday of that year", date(2035, 9, 4), True),
    ("a weekday long ago", date(1990, 3, 6), True),
)


@pytest.mark.parametrize(("what", "day", "worked"), DAYS, ids=[case[0] for case in DAYS])
def test_is_working_day(what: str, day: date, worked: bool) -> None:
    assert is_working_day(day) is worked, what


BACK = (
    ("the day itself", date(2026, 3, 31), 0, date(2026, 3, 31)),
    ("the day itself, though a Sunday", date(2026, 3, 1), 0, date(2026, 3, 1)),
    ("over weekends", date(2026, 3, 31), 15, date(2026, 3, 10)),
    ("over National Day, worked Sunday counted", date(2026, 10, 9), 2, date(2026, 9, 30)),
    ("over the Spring Festival", date(2026, 2, 25), 3, date(2026, 2, 13)),
    ("out of a year that is not decided", date(2031, 1, 2), 2, date(2030, 12, 30)),
)


@pytest.mark.parametrize(("what", "last_day", "count", "expected"), BACK, ids=[c[0] for c in BACK])
def test_before(what: str, last_day: date, count: int, expected: date) -> None:
    assert before(last_day, count) == expected, what


def test_after_undoes_before() -> None:
    start = date(2026, 1, 5)
    for day in (start + timedelta(number) for number in range(120)):
        if is_working_day(day):
            assert after(before(day, 10), 10) == day


LEFT = (
    ("on the last day", date(2026, 3, 31), date(2026, 3, 31), 0),
    ("tomorrow is the last day", date(2026, 3, 30), date(2026, 3, 31), 1),
    ("a weekend between", date(2026, 3, 27), date(2026, 3, 31), 2),
    ("ends on a Sunday", date(2026, 3, 6), date(2026, 3, 8), 0),
    ("yesterday was the last day", date(2026, 4, 1), date(2026, 3, 31), -1),
    ("over since before a worked Saturday", date(2026, 3, 31), date(2026, 2, 27), -23),
)


@pytest.mark.parametrize(("what", "today", "last_day", "expected"), LEFT, ids=[c[0] for c in LEFT])
def test_left(what: str, today: date, last_day: date, expected: int) -> None:
    assert left(today, last_day) == expected, what


@pytest.mark.parametrize("walk", [before, after])
def test_nobody_counts_below_zero(walk: object) -> None:
    with pytest.raises(ValueError, match="counted from 0"):
        walk(date(2026, 3, 31), -1)  # type: ignore[operator]
