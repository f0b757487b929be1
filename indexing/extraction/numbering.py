"""Numbers of lists and headings in Word documents, counted the way Word shows them."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass

from indexing.extraction.package import Element, attribute, child, local

_BULLET = "•"
_PLACE = re.compile(r"%([1-9])")
_DIGITS = "零一二三四五六七八九"
_ROMAN = (
    (1000, "m"),
    (900, "cm"),
    (500, "d"),
    (400, "cd"),
    (100, "c"),
    (90, "xc"),
    (50, "l"),
    (40, "xl"),
    (10, "x"),
    (9, "ix"),
    (5, "v"),
    (4, "iv"),
    (1, "i"),
)
_MOST = 9999


@dataclass(frozen=True, slots=True)
class _Level:
    form: str
    text: str
    start: int


class Numbering:
    """Counts the paragraphs of each list."""

    def __init__(self, root: Element | None) -> None:
        self._abstract: dict[str, dict[int, _Level]] = {}
        self._lists: dict[str, str] = {}
        self._counts: dict[str, dict[int, int]] = defaultdict(dict)
        for element in [] if root is None else root:
            if local(element) == "abstractNum":
                levels = dict(_level(inner) for inner in element if local(inner) == "lvl")
                self._abstract[attribute(element, "abstractNumId") or ""] = levels
            elif local(element) == "num":
                number = attribute(element, "numId") or ""
                self._lists[number] = attribute(child(element, "abstractNumId"), "val") or ""

    def next(self, list_id: str, level: int) -> str:
        """Count one paragraph and return its mark, ``""`` if it has none."""
        key = self._lists.get(list_id)
        levels = self._abstract.get(key, {}) if key is not None else {}
        mine = levels.get(level)
        if mine is None or mine.form == "none":
            return ""
        if mine.form == "bullet":
            return _BULLET
        counts = self._counts[key or ""]
        counts[level] = counts.get(level, mine.start - 1) + 1
        for deeper in [other for other in counts if other > level]:
            del counts[deeper]

        def number(found: re.Match[str]) -> str:
            at = int(found[1]) - 1
            other = levels.get(at, mine)
            # A level that was never counted stands at its start.
            return _formatted(counts.setdefault(at, other.start), other.form)

        return _PLACE.sub(number, mine.text).strip()


def _level(element: Element) -> tuple[int, _Level]:
    level = _whole(attribute(element, "ilvl"))
    form = attribute(child(element, "numFmt"), "val") or "decimal"
    text = attribute(child(element, "lvlText"), "val") or ""
    return level, _Level(form, text, _whole(attribute(child(element, "start"), "val"), 1))


def _whole(text: str | None, default: int = 0) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 7 else default


def _formatted(number: int, form: str) -> str:
    if not 0 <= number <= _MOST:
        return str(number)
    if form in ("lowerLetter", "upperLetter"):
        letters = chr(ord("a") + (number - 1) % 26) * ((number - 1) // 26 + 1) if number else ""
        return letters if form == "lowerLetter" else letters.upper()
    if form in ("lowerRoman", "upperRoman"):
        roman = _roman(number)
        return roman if form == "lowerRoman" else roman.upper()
    if form in (
        "chineseCounting",
        "chineseCountingThousand",
        "ideographDigital",
        "japaneseCounting",
    ):
        return _chinese(number)
    if form == "decimalEnclosedCircleChinese" or form == "decimalEnclosedCircle":
        return chr(0x245F + number) if 1 <= number <= 20 else str(number)
    return f"{number:02}" if form == "decimalZero" else str(number)


def _roman(number: int) -> str:
    text = ""
    for value, letters in _ROMAN:
        text += letters * (number // value)
        number %= value
    return text


def _chinese(number: int) -> str:
    if number < 10:
        return _DIGITS[number]
    if number < 20:
        return "十" + (_DIGITS[number - 10] if number > 10 else "")
    if number < 100:
        return _DIGITS[number // 10] + "十" + (_DIGITS[number % 10] if number % 10 else "")
    return "".join(_DIGITS[int(digit)] for digit in str(number))
