"""What a value looks like: a secret, or something that only stands where one could."""

from __future__ import annotations

import math
import re
from collections import Counter

LONGEST = 128
_SHORTEST = 4
_TOKEN_SHORTEST = 16
_TOKEN_ENTROPY = 2.75

# Words in the place of a secret: blanks to fill in, names of variables, ways to a vault.
_PLACEHOLDER = re.compile(
    r"""[^0-9A-Za-z]*                                   # **** .... ____
    | .*(?:\*{3}|x{4,}|X{3,}|•{2}|\.{3}|…|example|placeholder|redacted|change[_-]?me|dummy).*
    | [<\[{%].*                                         # <password> [password] {{ password }} %PW%
    | \$[A-Z_{(].*                                      # $DB_PASSWORD ${…} $(…)
    | [A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+                     # DB_PASSWORD
    | (?:[a-z]+[_-])*(?:password|passwd|pwd|passphrase|secret|token|key|pass)s?(?:[_-]?here|\d?)
    | (?:your|my|the|some|new|old)[_-].*
    """,
    re.VERBOSE | re.DOTALL,
)
_POINTER = re.compile(
    r"(?:https?://|\.{0,2}/|~/|[A-Za-z]:\\|vault|secrets?[/.]|kv[/:]|op://|keepass|1password|bitwarden"
    r"|os\.|process\.|self\.|this\.|config\.|settings\.|env\.|env\(|getenv|input\(|files?/).*"
    r"|.*\w\(.*\).*|[a-z_]+\.[a-z_]+(?:\.[a-z_]+)*",
    re.IGNORECASE | re.DOTALL,
)
_DATE_OR_RANGE = re.compile(
    r"(?:19|20)\d\d[-/.]\d{1,2}(?:[-/.]\d{1,2})?|\d{1,3}[-~]\d{1,3}|\d{1,2}:\d\d(?::\d\d)?"
)
_TECHNICAL = re.compile(
    r"(?:sha|md|aes|des|3des|base|utf|rsa|pbkdf|bcrypt|argon|scrypt|oauth|saml|ipv|http|tls|ssl|totp"
    r"|iso|gb/?t?|rfc|nist|iec|pkcs|x\.?|v|fido|sso|ldap|2fa|mfa|win|windows|office|wpa|wep)"
    r"[-_/. ]?\d*(?:[-_./]?\d+)*(?:psk)?",
    re.IGNORECASE,
)
_EXAMPLE = re.compile(r"example|(.)\1{5}|x{4}|\*{3}|\.{3}|0123456789|12345678")
_NO_VALUES = """none null nil true false empty blank optional required string text varchar char
    bool boolean int integer number hidden masked encrypted hashed unknown invalid valid
    wrong incorrect correct
    expired expires expiry reset changed change forgot forgotten lost missing unset default same
    above below policy rules rule settings manager field input prompt type enter must should will
    not see ask tbd todo yes undefined secret password username user name login email attempt
    attempts history length complexity protected protection strength strong weak good bad plain
    once never always please contact stored kept needed here there with from this that your
    """
_WORDS = frozenset(_NO_VALUES.split())
_LIMIT_AFTER = re.compile(
    r"[-~至到]?\d* ?(?:位|个|字|天|次|年|月|小时|分钟|秒|characters?|chars?|digits?|letters?|days?|"
    r"months?|minutes?|times|attempts?|bits?|bytes?|or more|至|以上)",
    re.IGNORECASE,
)


def is_password(
    value: str, after: str = "", *, labelled: bool = True, chinese: bool = False
) -> bool:
    """Whether the value after a word for «password» can be one.

    after: what follows on the line. labelled: a colon, an equals sign or «is» stands between;
    without it only what mixes letters with digits counts. chinese: the word for it is Chinese, so a
    plain English word after it is no sentence that goes on.
    """
    if not _SHORTEST <= len(value) <= LONGEST or _is_blank(value):
        return False
    if _DATE_OR_RANGE.fullmatch(value) or _TECHNICAL.fullmatch(value):
        return False
    if value.isdigit():
        return labelled and _LIMIT_AFTER.match(after) is None
    letters, digits = _has_letter(value), any(map(str.isdigit, value))
    if not labelled:
        return letters and digits and len(value) >= 6 and "://" not in value
    if value.isalpha():
        return _is_word_alone(value, after, chinese) or _changes_case(value)
    return letters or digits


def is_token(value: str) -> bool:
    """Whether the value after a word for «key» or «token» is random enough to be one."""
    if not _TOKEN_SHORTEST <= len(value) <= 4 * LONGEST or _is_blank(value):
        return False
    return entropy(value) >= _TOKEN_ENTROPY and _has_letter(value) and not _reads_as_words(value)


def entropy(value: str) -> float:
    """Bits a character carries, by how often each stands in the value."""
    counts = Counter(value).values()
    return -sum(n / len(value) * math.log2(n / len(value)) for n in counts)


def is_example(value: str) -> bool:
    """Whether a token of a known form is one of those that stand in manuals."""
    return _EXAMPLE.search(value.lower()) is not None


def _is_blank(value: str) -> bool:
    lower = value.lower()
    return (
        lower in _WORDS
        or _PLACEHOLDER.fullmatch(value) is not None
        or _PLACEHOLDER.fullmatch(lower) is not None
        or _POINTER.fullmatch(value) is not None
    )


def _is_word_alone(value: str, after: str, chinese: bool) -> bool:
    """A single word: a weak password, when no sentence goes on behind it."""
    goes_on = re.match(r"[ -]?[A-Za-z]|[ ]?[一-鿿]" if not chinese else r" [A-Za-z]", after)
    return goes_on is None and value.islower() and len(value) >= (_SHORTEST if chinese else 5)


def _changes_case(value: str) -> bool:
    return re.search(r"[a-z][A-Z]", value) is not None and len(value) >= 6


def _has_letter(value: str) -> bool:
    return any(char.isascii() and char.isalpha() for char in value)


def _reads_as_words(value: str) -> bool:
    """`refresh_token_lifetime`, `my.service.name`: words joined, no digit among them."""
    if any(map(str.isdigit, value)):
        return False
    return (
        re.search(r"[_./-]", value) is not None
        or value.isupper()
        or (value[1:].islower() and len(value) != 16)
    )
