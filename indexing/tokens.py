"""Words of a text, the same way for passages and for queries."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

import opencc
import rjieba
import tantivy

# Raised whenever the same text gives other tokens than before: sealed segments of another version
# are not searched but rebuilt from rows.
TOKENS_VERSION = 1

# Longer «words» are encoded data; nobody types them whole.
_LONGEST = 64

# Han with its extensions, kana and hangul: written without spaces, or with spaces that do not
# separate what people look for.
_CJK = "々〇\u3040-\u30ff\u31f0-\u31ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
_CJK_RUN = re.compile(f"([{_CJK}]+)")
# A word, or words joined into a code: CRM-2041, li.wei@example.com, /etc/hosts, 1,000, C++, C#.
_LATIN_RUN = re.compile(r"[^\W_]+(?:(?:[._\-@/+:#&'’\\]|,(?=\d{3}))+[^\W_]+)*(?:\+\+|#)?")
_SEPARATOR = re.compile(r"[\W_]+")
# Where a code without separators breaks: CRM2041, NullPointerException.
_JOINT = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])")
_POSSESSIVE = re.compile(r"['’]s\b", re.IGNORECASE)
_ACCENTS = dict.fromkeys(range(768, 880))


@dataclass(slots=True)
class Tokens:
    """The tokens of one text, each list in the order of the text, repetitions kept.

    `words` are words of Chinese as a dictionary cuts them (two characters or more) and stems, codes
    and parts of codes of the alphabetic scripts; `grams` pairs of neighbouring CJK characters, so
    that what the dictionary cuts differently is found as well; `sequence` single CJK characters and
    unstemmed words, for phrases and for queries of one character.
    """

    words: list[str] = field(default_factory=list)
    grams: list[str] = field(default_factory=list)
    sequence: list[str] = field(default_factory=list)


def tokenize(text: str) -> Tokens:
    """Return the tokens of a text, empty lists when it holds none."""
    tokens = Tokens()
    for run, is_cjk in runs(normalise(text)):
        if is_cjk:
            tokens.words += [word for word in rjieba.cut_for_search(run) if len(word) > 1]
            tokens.grams += [run[at : at + 2] for at in range(len(run) - 1)]
            tokens.sequence += run
            continue
        for match in _LATIN_RUN.finditer(run):
            tokens.words += forms(match.group())
            tokens.sequence += plain_parts(match.group())
    return tokens


def runs(normal: str) -> Iterator[tuple[str, bool]]:
    """Yield the normalised text in pieces, each with whether it is CJK."""
    for number, run in enumerate(_CJK_RUN.split(normal)):
        if run:
            yield run, number % 2 == 1


def normalise(text: str) -> str:
    """Return the text with one width, one script (Simplified) and no accents; case is kept.

    Characters are simplified one by one, not phrase by phrase: 乾 becomes 干 in 乾隆 too, but it
    does so in query and passage alike, whatever stands around it, and no length changes.
    """
    if text.isascii():
        return text
    bare = unicodedata.normalize("NFKD", text).translate(_ACCENTS)
    return unicodedata.normalize("NFKC", bare).translate(_simplified())


def latin_words(run: str) -> Iterator[re.Match[str]]:
    """Yield the words and codes of a piece that is not CJK."""
    return _LATIN_RUN.finditer(run)


def plain_parts(code: str) -> list[str]:
    """Return the parts of a word or code between its separators, lower-case, unstemmed."""
    bare = _POSSESSIVE.sub("", code).casefold()
    return [part[:_LONGEST] for part in _SEPARATOR.split(bare) if part]


@lru_cache(maxsize=100_000)
def forms(code: str) -> tuple[str, ...]:
    """Return what a word or code is found by: its stem; of a code the whole and the parts.

    The whole is written without separators, so CRM-2041, CRM_2041 and CRM2041 find one another.
    """
    code = _POSSESSIVE.sub("", code)
    parts = [part for piece in _SEPARATOR.split(code) for part in _JOINT.split(piece) if part]
    whole = _SEPARATOR.sub("", code)
    if code.endswith(("++", "#")):
        whole += code[len(code.rstrip("+#")) :]
    elif len(parts) == 1:
        return (stem(parts[0].casefold()[:_LONGEST]),)
    # One letter of a code (the x of 0x8007) finds everything and means nothing.
    small = [stem(part.casefold()[:_LONGEST]) for part in parts if len(part) > 1 or part.isdigit()]
    # Stemmed too: typed in small letters NullPointerException is one word, and words are stemmed.
    return (stem(whole.casefold()[:_LONGEST]), *small)


@lru_cache(maxsize=100_000)
def stem(word: str) -> str:
    """Return the stem of a lower-case English word; what is not plain Latin letters stays."""
    if len(word) < 4 or not (word.isascii() and word.isalpha()):
        return word
    found = _english().analyze(word)
    return found[0] if found else word


@lru_cache(maxsize=1)
def _english() -> tantivy.TextAnalyzer:
    raw = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.raw())
    return raw.filter(tantivy.Filter.stemmer("english")).build()


@lru_cache(maxsize=1)
def _simplified() -> dict[int, str]:
    """Return the table of characters whose Simplified form differs."""
    planes = (range(0x3400, 0xA000), range(0xF900, 0xFB00), range(0x20000, 0x32000))
    every = [chr(code) for plane in planes for code in plane]
    converted = opencc.OpenCC("t2s").convert("\n".join(every)).split("\n")
    pairs = zip(every, converted, strict=True)
    return {ord(old): new for old, new in pairs if old != new and len(new) == 1}
