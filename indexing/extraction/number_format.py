"""Numbers of a spreadsheet as people see them: dates, percentages, amounts."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from functools import lru_cache

# The formats that are known by number alone (ECMA-376, 18.8.30), with those of Chinese editions.
# 14 follows the reader's own habits; here it is the one form that nobody misreads.
BUILT_IN = {
    1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 9: "0%", 10: "0.00%", 14: "yyyy-mm-dd",
    15: "d-mmm-yy", 16: "d-mmm", 17: "mmm-yy", 18: "h:mm AM/PM", 19: "h:mm:ss AM/PM", 20: "h:mm",
    21: "h:mm:ss", 22: "yyyy-mm-dd h:mm", 27: 'yyyy"年"m"月"', 28: 'm"月"d"日"', 29: 'm"月"d"日"',
    30: "m-d-yy", 31: 'yyyy"年"m"月"d"日"', 32: 'h"时"mm"分"', 33: 'h"时"mm"分"ss"秒"',
    34: '上午/下午h"时"mm"分"', 35: '上午/下午h"时"mm"分"ss"秒"', 36: 'yyyy"年"m"月"', 37: "#,##0",
    38: "#,##0", 39: "#,##0.00", 40: "#,##0.00", 45: "mm:ss", 46: "[h]:mm:ss", 47: "mm:ss",
    50: 'yyyy"年"m"月"', 51: 'm"月"d"日"', 52: 'yyyy"年"m"月"', 53: 'm"月"d"日"', 54: 'm"月"d"日"',
    55: '上午/下午h"时"mm"分"', 56: '上午/下午h"时"mm"分"ss"秒"', 57: 'yyyy"年"m"月"',
    58: 'm"月"d"日"',
}  # fmt: skip
_TOKEN = re.compile(
    r'"[^"]*"|\\.|\[[^\]]*\]|_.|\*.|AM/PM|A/P|上午/下午|y+|m+|d+|h+|s+(?:\.0+)?|a{3,4}|e+|.',
    re.IGNORECASE | re.DOTALL,
)
_LITERAL = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]|_.|\*.')
_ELAPSED = re.compile(r"\[(h+|m+|s+)\]", re.IGNORECASE)
_DIGITS = re.compile(r"[0#?][0#?,]*(?:\.[0#?]*)?|\.[0#?]+")
_MONTHS = "January February March April May June July August September October November December"
_WEEKDAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday"
_CHINESE_WEEKDAYS = "一二三四五六日"
# Days from the year 0 of each calendar; the first counts a 29 February 1900 that never was.
_EPOCH_1900 = datetime(1899, 12, 30)  # noqa: DTZ001 (a date on paper has no time zone)
_EPOCH_1904 = datetime(1904, 1, 1)  # noqa: DTZ001
_LAST_DAY = 2_958_466
# Excel writes none longer; to look for dates in one costs the square of its length.
_LONGEST = 255


def shown(value: float, code: str, *, from_1904: bool = False) -> str:
    """Return a cell's number as a format code shows it; codes not understood give the number."""
    if len(code) > _LONGEST:
        return plain(value)
    section, value = _section(code, value)
    if not section or section.lower() == "general":
        return plain(value)
    if is_date(section):
        return _date(value, section, from_1904) if 0 <= value < _LAST_DAY else plain(value)
    return _figure(value, section)


def plain(value: float) -> str:
    """Return a number without format, without the noise of binary fractions."""
    if value == int(value) and abs(value) < 1e15:
        return str(int(value))
    return f"{value:.12g}"


@lru_cache(1024)
def is_date(code: str) -> bool:
    """True if a format code shows a date, a time or a duration."""
    if _ELAPSED.search(code):
        return True
    letters = _LITERAL.sub("", code).lower().replace("general", "")
    return re.search(r"[ymdhs]|a{3}", letters) is not None and re.search(r"[0#?]", letters) is None


def _section(code: str, value: float) -> tuple[str, float]:
    """Return the section of a code for a number, and the number as that section shows it."""
    sections = re.findall(r'(?:"[^"]*"|\\.|[^;])+', code)
    if value < 0 and len(sections) > 1:
        return sections[1], -value
    if value == 0 and len(sections) > 2:
        return sections[2], value
    return (sections[0] if sections else ""), value


def _figure(value: float, code: str) -> str:
    bare = _LITERAL.sub(lambda found: " " * len(found[0]), code)
    digits = _DIGITS.search(bare)
    if digits is None:
        # A text in place of the number, such as "-" for zero.
        return _words(code)
    if re.search(r"[eE][+-]|/|@", bare):
        return plain(value)
    whole, _, fraction = digits[0].partition(".")
    if "%" in bare:
        value *= 100
    text = f"{abs(value):,.{len(fraction)}f}"
    optional = len(fraction) - len(fraction.rstrip("#?"))
    for _ in range(optional):
        text = text[:-1] if text.endswith("0") else text
    text = text.rstrip(".")
    if "," not in whole.rstrip(","):
        text = text.replace(",", "").zfill(whole.count("0") + (len(text) - len(text.split(".")[0])))
    sign = "-" if value < 0 else ""
    return f"{_words(code[: digits.start()])}{sign}{text}{_words(code[digits.end() :])}".strip()


def _words(code: str) -> str:
    """Return what stands in a code literally; of ``[$¥-804]`` the sign."""
    text = ""
    for token in _TOKEN.findall(code):
        if token.startswith('"'):
            text += token[1:-1]
        elif token.startswith("\\"):
            text += token[1:]
        elif token.startswith("[$"):
            text += token[2:-1].partition("-")[0]
        elif token[0] in "[_*#?0,.":
            continue
        else:
            text += token
    return text


def _date(value: float, code: str, from_1904: bool) -> str:
    moment = (_EPOCH_1904 if from_1904 else _EPOCH_1900) + timedelta(days=value)
    # To the nearest second, unless the code shows parts of one: 11:59:59.9997 is noon.
    moment = (
        (moment + timedelta(milliseconds=0.5)).replace(microsecond=0)
        if (moment.microsecond < 500_000)
        else (moment + timedelta(seconds=1)).replace(microsecond=0)
    )
    tokens = _TOKEN.findall(code)
    half = any(token.upper() in ("AM/PM", "A/P") or token == "上午/下午" for token in tokens)
    text = ""
    for number, token in enumerate(tokens):
        if _ELAPSED.fullmatch(token):
            text += _elapsed(value, token[1])
        elif token[0] in '"\\[_*':
            text += _words(token)
        else:
            text += _part(moment, token, half=half, minutes=_means_minutes(tokens, number))
    return text.strip()


def _means_minutes(tokens: list[str], at: int) -> bool:
    """True if an ``m`` stands for minutes: after hours, or before seconds."""
    before = [token[0].lower() for token in tokens[:at] if token[0].lower() in "hsymd["]
    after = [token[0].lower() for token in tokens[at + 1 :] if token[0].lower() in "hsymd"]
    return (bool(before) and before[-1] in "h[") or (bool(after) and after[0] == "s")


def _elapsed(value: float, unit: str) -> str:
    size = {"h": 24, "m": 1440, "s": 86400}[unit.lower()]
    return str(int(value * size + 1e-6))


def _part(moment: datetime, token: str, *, half: bool, minutes: bool) -> str:
    kind, length = token[0].lower(), len(token)
    hour = (moment.hour % 12 or 12) if half else moment.hour
    if token.upper() in ("AM/PM", "A/P"):
        return "AM" if moment.hour < 12 else "PM"
    if token == "上午/下午":
        return token[:2] if moment.hour < 12 else token[3:]
    if kind in "ye":
        return f"{moment.year % 100:02}" if kind == "y" and length <= 2 else str(moment.year)
    if kind == "m" and not minutes:
        return _named(moment.month, length, _MONTHS)
    if kind == "d" and length > 2:
        name = _WEEKDAYS.split()[moment.weekday()]
        return name if length > 3 else name[:3]
    if kind == "a" and length > 2:
        return ("星期" if length > 3 else "") + _CHINESE_WEEKDAYS[moment.weekday()]
    numbers = {"m": moment.minute, "d": moment.day, "h": hour, "s": moment.second}
    if kind not in numbers:
        return token
    return f"{numbers[kind]:02}" if length > 1 else str(numbers[kind])


def _named(month: int, length: int, names: str) -> str:
    name = names.split()[month - 1]
    return {1: str(month), 2: f"{month:02}", 3: name[:3], 5: name[0]}.get(length, name)
