"""The encoding of a text file, found from its bytes."""

from __future__ import annotations

import codecs
import re

# The most frequent characters of running Chinese in both scripts; together about a quarter of it.
_FREQUENT = frozenset(
    "的一是不了在有人我他这中大来上国个到说们为子和你地出道也时年得就那要下以生会自着去之过家学对可"
    "這來個們為時說國會後過對發經與於還無關務產業單價戶將樣體現電話給開處問題請客公司日月合同"
)
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Pairs of the frequent level of each standard: GB 2312 level 1 (3,755 characters) and signs; Big5
# level 1 (5,401) and signs. The other encoding's text falls outside for a third of its pairs.
_GB_PAIR = re.compile(rb"[\xa1-\xa3\xb0-\xd7][\xa1-\xfe]")
_BIG5_PAIR = re.compile(rb"[\xa1-\xc6][\x40-\x7e\xa1-\xfe]")
_PAIR = re.compile(rb"[\x81-\xfe][\x40-\x7e\x80-\xfe]|[\x80-\xff]")
_WESTERN = frozenset(
    "ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÕÖØÙÚÛÜßàáâãäåæçèéêëìíîïñòóôõöøùúûüÿœŒ‘’“”–—…•«»€£§©®°±²½¼·¿¡™\xa0"
)
_SAMPLE = 1 << 16


def encoding_of(data: bytes) -> tuple[str, bool]:
    """Return the encoding of the bytes and whether it is certain (a mark, or valid UTF-8).

    The name is one that `bytes.decode` knows; decode with ``errors="replace"``, as a file may be
    damaged. Bytes without any high bit are UTF-8 (ASCII is a part of it).
    """
    for mark, name in _BOMS:
        if data.startswith(mark):
            return name, True
    if wide := _wide(data[:_SAMPLE]):
        return wide, True
    try:
        codecs.getincrementaldecoder("utf-8")("strict").decode(data)
    except UnicodeDecodeError as error:
        # One damaged byte in a megabyte of UTF-8 does not make it something else.
        if error.start > 1000 and _mostly_utf8(data):
            return "utf-8", False
    else:
        return "utf-8", True
    return _chinese(data[:_SAMPLE]) or _western(data[:_SAMPLE]), False


def decoded(data: bytes) -> tuple[str, str, bool]:
    """Return the text, its encoding and whether that is certain; wrong bytes become U+FFFD."""
    encoding, certain = encoding_of(data)
    return data.decode(encoding, errors="replace"), encoding, certain


def _wide(sample: bytes) -> str | None:
    """UTF-16 without a mark: zeros at every other place where the text has ASCII."""
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    least = len(sample) // 20
    if odd > least and even * 20 < odd:
        return "utf-16-le"
    if even > least and odd * 20 < even:
        return "utf-16-be"
    return None


def _mostly_utf8(data: bytes) -> bool:
    text = data.decode("utf-8", errors="replace")
    return text.count("\ufffd") * 100 < sum(char > "\x7f" for char in text)


def _chinese(sample: bytes) -> str | None:
    pairs = _PAIR.findall(sample)
    if not pairs:
        return None
    best, best_share = None, 0.0
    for name, level in (("gb18030", _GB_PAIR), ("big5hkscs", _BIG5_PAIR)):
        text = sample.decode(name, errors="replace")
        # The sample may end inside a pair; more than a few broken ones mean another encoding.
        if text.count("\ufffd") > 1 + len(pairs) // 200:
            continue
        common = sum(level.fullmatch(pair) is not None for pair in pairs) / len(pairs)
        share = common + 2 * sum(char in _FREQUENT for char in text) / len(pairs)
        if common >= 0.7 and share > best_share and _reads_chinese(text, len(pairs)):
            best, best_share = name, share
    return best


def _reads_chinese(text: str, pairs: int) -> bool:
    """Korean and Japanese bytes decode as rare Chinese characters; French ones as single ones."""
    frequent = sum(char in _FREQUENT for char in text)
    return pairs < 30 or frequent * 20 >= pairs


def _is_western(sample: bytes) -> bool:
    """True if the few high bytes are the accents and quotes of Western Europe.

    Of a letter or two a statistical guess makes Baltic or Turkish; in Cyrillic and Greek text
    most letters are high, and Central European ones fall on signs here.
    """
    text = sample.decode("cp1252", errors="replace")
    high = [char for char in text if char > "\x7f"]
    letters = sum(char.isalpha() for char in text)
    return len(high) * 4 <= letters and all(char in _WESTERN for char in high)


def _western(sample: bytes) -> str:
    if _is_western(sample):
        return "cp1252"
    # Imported here: most files are UTF-8 or Chinese and need no table of seventy encodings.
    from charset_normalizer import from_bytes

    best = from_bytes(sample).best()
    if best is None or best.encoding == "ascii":
        return "cp1252"
    return str(best.encoding)
