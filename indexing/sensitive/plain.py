"""One form for what looks alike: full-width letters and digits, every kind of dash and blank."""

from __future__ import annotations

_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF10, 0xFF5B) if chr(code).isalnum()}
_MARKS = {"：": ":", "＝": "=", "＠": "@", "＋": "+", "．": ".", "＊": "*", "＿": "_", "×": "X"}
_DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\uff0d"
_BLANKS = "\u00a0\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u3000\t"
_TABLE = (
    _FULL_WIDTH
    | {ord(mark): ord(plain) for mark, plain in _MARKS.items()}
    | {ord(dash): ord("-") for dash in _DASHES}
    | {ord(blank): ord(" ") for blank in _BLANKS}
)


def plain(text: str) -> str:
    """Return the text with one character for each of its own, so that places stay the same.

    Chinese commas, stops and brackets stay what they are: a value ends there.
    """
    return text.translate(_TABLE)
