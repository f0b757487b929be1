"""Personal numbers: resident identity numbers, bank cards, mobile numbers of the mainland.

Sources: GB 11643-1999 (identity numbers: place, day of birth, check character by ISO 7064
MOD 11-2), GB/T 2260 (their first two digits: provinces), ISO/IEC 7812 (cards: issuer and Luhn's
check digit), and the ranges the ministry of industry has given to mobile operators.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime

from indexing.sensitive.finding import Finding, Kind

_CODES = """11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54
    61 62 63 64 65 71 81 82 83"""
_PROVINCES = frozenset(_CODES.split())
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"
_OLDEST = 1900
# What optical recognition takes for a digit. The check character keeps this from finding words.
_MISREAD = str.maketrans({"O": "0", "o": "0", "l": "1", "I": "1", "x": "X"})
_MOST_MISREAD = 3
_IDENTITY = re.compile(r"(?<![0-9A-Za-z])(?:[0-9OolI][ -]?){17}[0-9OolIXx](?![0-9A-Za-z])")

# Issuers by the beginning of their numbers, with the lengths they use. The last line: cards that
# banks of the mainland gave out before they all began with 62.
_ISSUERS: tuple[tuple[re.Pattern[str], frozenset[int]], ...] = (
    (re.compile(r"62|81"), frozenset({16, 17, 18, 19})),
    (re.compile(r"4"), frozenset({16, 19})),
    (re.compile(r"5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720"), frozenset({16})),
    (re.compile(r"3[47]"), frozenset({15})),
    (re.compile(r"35(?:2[89]|[3-8])"), frozenset({16})),
    (re.compile(r"30[0-5]|3[689]"), frozenset({14})),
    (re.compile(r"6011|64[4-9]|65"), frozenset({16})),
    (re.compile(r"9558|9559|60"), frozenset({19})),
)
_CARD = re.compile(
    r"(?<![0-9A-Za-z])(?<!\d\.)(?:\d{13,19}"
    r"|\d{4}(?P<a>[ -])\d{4}(?P=a)\d{4}(?P=a)(?:\d{4}(?P=a)\d{1,3}|\d{1,7})"
    r"|\d{6}[ -]\d{7,13}|\d{4}[ -]\d{6}[ -]\d{4,5})(?![0-9A-Za-z])(?!\.\d)"
)
_MOBILE = re.compile(
    r"(?<![0-9A-Za-z])(?<![\d][.-])(?<![¥￥$])"
    r"(?:\(?(?:\+|00)?86\)?[ -]?)?"
    r"(?P<number>1(?:3\d|4[0-9]|5[0-35-9]|6[2567]|7[0-8]|8\d|9[0-35-9])"
    r"(?P<gap>[ -]?)\d{4}(?P=gap)\d{4})(?![0-9A-Za-z])(?![.-]\d)(?! ?[元万亿股吨件份])"
)
# A number with such a word before it is the number of a thing, whatever its digits say.
_OF_A_THING = re.compile(
    r"(?:订单|單號|单号|运单|快递|流水|编号|序列|发票|税号|合同|工单|批号|货号|条码|QQ|IMEI|ISBN"
    r"|order|invoice|tracking|serial|ticket|batch|part)(?:号|号码|no\.?|number|id)?"
    r"\s{0,2}[:#.]?\s{0,2}$",
    re.IGNORECASE,
)
_BEFORE = 24
# So is one in an address: of an article, of a picture.
_IN_ADDRESS = re.compile(r"://[^\s\u2e80-\uffff]{1,400}$")
_ADDRESS = 420
_SEPARATORS = re.compile(r"[ -]")


def numbers(text: str) -> Iterator[Finding]:
    """Yield the personal numbers of a text in its plain form, those of each kind in their order."""
    yield from _checked(text, _IDENTITY, Kind.IDENTITY_NUMBER, _is_identity)
    yield from _checked(text, _CARD, Kind.BANK_CARD, is_card)
    for match in _MOBILE.finditer(text):
        if not _is_of_a_thing(text, match.start()):
            yield Finding(Kind.MOBILE_NUMBER, *match.span("number"))


def is_identity_number(number: str) -> bool:
    """Whether this is a resident identity number: place, day of birth, check character."""
    if not re.fullmatch(r"[0-9]{17}[0-9X]", number) or number[:2] not in _PROVINCES:
        return False
    try:
        born = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return False
    if born.year < _OLDEST or born > datetime.now(UTC).date():
        return False
    total = sum(int(digit) * weight for digit, weight in zip(number, _WEIGHTS, strict=False))
    return number[17] == _CHECKS[total % 11]


def is_card(number: str) -> bool:
    """Whether digits are the number of a payment card: issuer, length, Luhn's check digit."""
    known = any(issuer.match(number) and len(number) in lengths for issuer, lengths in _ISSUERS)
    return known and len(set(number)) > 1 and luhn(number)


def luhn(digits: str) -> bool:
    """Whether the last digit is Luhn's check digit of the others."""
    doubled = (2 * int(digit) for digit in digits[-2::-2])
    return (sum(map(int, digits[::-2])) + sum(n - 9 if n > 9 else n for n in doubled)) % 10 == 0


def _checked(
    text: str, pattern: re.Pattern[str], kind: Kind, is_one: Callable[[str], bool]
) -> Iterator[Finding]:
    """Yield what matches and passes the check.

    After what does not pass, the next search begins one character on, not behind it: a number may
    stand before the one that counts with only a blank between.
    """
    begin = 0
    while match := pattern.search(text, begin):
        begin = match.start() + 1
        found = _SEPARATORS.sub("", match[0])
        if is_one(found) and not _is_of_a_thing(text, match.start()):
            yield Finding(kind, *match.span())
            begin = match.end()


def _is_identity(found: str) -> bool:
    misread = sum(not char.isdigit() for char in found[:17]) + (found[17] in "OolI")
    return misread <= _MOST_MISREAD and is_identity_number(found.translate(_MISREAD))


def _is_of_a_thing(text: str, start: int) -> bool:
    named = _OF_A_THING.search(text, max(0, start - _BEFORE), start)
    return bool(named or _IN_ADDRESS.search(text, max(0, start - _ADDRESS), start))
