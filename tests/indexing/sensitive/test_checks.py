"""The checks of personal numbers, against rules written down another way."""

from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from indexing.sensitive import find
from indexing.sensitive.numbers import is_card, is_identity_number, luhn

DAYS = st.dates(date(1900, 1, 1), date(2025, 12, 31))


def identity(day: date, serial: int) -> str:
    """A number as GB 11643 makes it: weights are powers of 2, the whole leaves 1 by 11."""
    body = f"310115{day:%Y%m%d}{serial:03}"
    for check, value in zip("0123456789X", range(11), strict=True):
        total = sum(int(digit) * 2 ** (17 - place) for place, digit in enumerate(body)) + value
        if total % 11 == 1:
            return body + check
    raise AssertionError("one of eleven always fits")


def card(body: str) -> str:
    """A card with its check digit, doubling by a table."""
    doubled = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)
    total = sum(doubled[int(d)] if n % 2 == 0 else int(d) for n, d in enumerate(reversed(body)))
    return f"{body}{-total % 10}"


@given(DAYS, st.integers(0, 999))
def test_every_made_identity_number_is_found(day: date, serial: int) -> None:
    number = identity(day, serial)
    assert is_identity_number(number)
    text = f"员工{number}入职"
    assert [text[one.start : one.end] for one in find(text)] == [number]


@given(DAYS, st.integers(0, 999), st.integers(0, 17), st.integers(1, 9))
def test_one_wrong_digit_makes_it_none(day: date, serial: int, place: int, more: int) -> None:
    number = identity(day, serial)
    if number[place] == "X":
        wrong = number[:place] + str(more)
    else:
        wrong = number[:place] + str((int(number[place]) + more) % 10) + number[place + 1 :]
    assert not is_identity_number(wrong)


@given(st.from_regex(r"62[0-9]{13,16}", fullmatch=True))
def test_every_made_card_is_found(body: str) -> None:
    number = card(body)
    if len(set(number)) == 1:
        return
    assert is_card(number)
    grouped = " ".join(number[at : at + 4] for at in range(0, len(number), 4))
    for text in (f"卡号：{number}", f"卡号：{grouped}"):
        assert [one.kind.value for one in find(text)] == ["bank_card"]


@given(st.from_regex(r"[0-9]{12,18}", fullmatch=True), st.data())
def test_luhn_sees_one_wrong_digit(body: str, data: st.DataObject) -> None:
    number = card(body)
    place = data.draw(st.integers(0, len(number) - 1))
    more = data.draw(st.integers(1, 9))
    wrong = number[:place] + str((int(number[place]) + more) % 10) + number[place + 1 :]
    assert luhn(number)
    assert not luhn(wrong)


@given(st.text(max_size=200))
def test_any_text_gives_places_inside_it(text: str) -> None:
    end = 0
    for one in find(text):
        assert end <= one.start < one.end <= len(text)
        end = one.end
