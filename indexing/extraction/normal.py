"""Text as it may be stored, compared and shown."""

from __future__ import annotations

import re
import unicodedata

# Control characters but tab and line feed; noncharacters; lone surrogates, which no UTF-8 database
# takes; soft hyphens and zero-width spaces, which would split a word in two for every search.
_DROPPED = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u200b\u2060\ufeff\ufdd0-\ufdef\ufffe\uffff]"
)
_SURROGATE = re.compile("[\ud800-\udfff]")
# Overrides and embeddings can make «exe.pdf» of «fdp.exe»; the marks U+200E and U+200F cannot.
_BIDI = re.compile("[\u202a-\u202e\u2066-\u2069]")
# Radicals and ligatures that fonts of PDF files use for ordinary characters. Full NFKC would turn
# «①» into «1» and full-width digits into others: that is for the index, not for the text.
_COMPATIBLE = re.compile("[\u2e80-\u2fdf\ufb00-\ufb06]")
# Radicals that Unicode itself maps to no character; text layers of Chinese PDF files are full of
# them, and nobody types them into a search.
_RADICALS = str.maketrans(
    "⺟⺠⺫⻁⻄⻅⻆⻉⻋⻓⻔⻘⻙⻚⻛⻜⻝⻢⻣⻤⻥⻦⻨⻩⻬⻮⻰⻳⻒⻌⻪⻭⻯⻲",
    "母民目虎西见角贝车长门青韦页风飞食马骨鬼鱼鸟麦黄齐齿龙龟长辶黾齒龍龜",
)
# Whether any of the above is there: most texts have none, and six searches for nothing add up.
_STRANGE = re.compile(
    f"{_DROPPED.pattern[:-1]}{_SURROGATE.pattern[1:-1]}{_BIDI.pattern[1:-1]}"
    f"{_COMPATIBLE.pattern[1:-1]}\r\u0085\u2028\u2029]"
)
_BREAK = re.compile("\r\n?|[\u0085\u2028\u2029]")
_BLANK = " \t\u00a0\u3000"
# From the first of a run only, and never given back: a long run would cost its length squared.
_TRAILING = re.compile(rf"(?<![{_BLANK}])[{_BLANK}]++(?=\n|$)")
_BLANK_LINES = re.compile(r"\n{3,}")


def normal(text: str) -> str:
    """Return the text without what no reader needs and some software trips over.

    Direction overrides are shown as ``[U+202E]``, lone surrogates as U+FFFD. Line ends become
    ``\\n``; more than one blank line becomes one.
    """
    if text.isascii() and text.isprintable():
        return text.rstrip()
    if _STRANGE.search(text):
        text = _BREAK.sub("\n", text)
        text = _SURROGATE.sub("\ufffd", _DROPPED.sub("", text))
        text = _BIDI.sub(lambda found: f"[U+{ord(found[0]):04X}]", text)
        text = _COMPATIBLE.sub(lambda found: unicodedata.normalize("NFKC", found[0]), text)
        text = text.translate(_RADICALS)
    if "\n" not in text:
        return text.rstrip(_BLANK)
    text = _TRAILING.sub("", text)
    return _BLANK_LINES.sub("\n\n", text) if "\n\n\n" in text else text


def one_line(text: str) -> str:
    """Return the normal text on one line, runs of white space as one space."""
    return " ".join(normal(text).split())
