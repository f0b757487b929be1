"""Words near those of a query: a slip of the keys, another character of the same sound, pinyin.

Whatever is found here stands in a passage the person may read; of the others it says nothing, not
even by leaving a word out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice, product
from string import ascii_lowercase
from typing import TypeAlias

from indexing.query import Near, Query
from indexing.scope import Scope
from indexing.segment import Segment
from indexing.silent import silent
from indexing.sounds import ENGLISH, SURNAMES, homophones, surnames_of, syllables_of, written_as
from indexing.tokens import latin_words, normalise, runs, stem
from indexing.words import Term

Scoped: TypeAlias = tuple[Segment, Scope]

# Shorter words have too many neighbours that are words of their own.
_LONG_ENOUGH = 5
# A name has two to four characters; what is one character off is looked for where there are three.
_NAME = range(2, 5)
_OFF_BY_ONE = 3
# Words and names looked at, so that a pasted page costs no more than a sentence.
_MOST = 24
# What stands beside a name and in none.
_BESIDE = frozenset("的了吗呢吧么啊是和与在及或有")


def nearby(query: Query, within: Sequence[Scoped]) -> tuple[Near, ...]:
    """Return what else to look for in the passages of the scopes."""
    passages = _Passages(within)
    found: dict[str, Near] = {}
    for run, is_cjk in runs(normalise(query.text)):
        if is_cjk:
            found.update((near.word, near) for near in _misspelled_names(run, passages))
            continue
        words = [match.group() for match in latin_words(run)]
        for near in (*_in_pinyin(words, passages), *_mistyped(words, passages)):
            # A word may be both, zhangsna as much as lisi.
            found[near.word] = near if near.word not in found else _both(found[near.word], near)
    return tuple(found.values())


def _both(one: Near, two: Near) -> Near:
    if one.others == two.others:
        return one
    others = tuple(dict.fromkeys(one.others + two.others))
    return Near(one.word, others, one.passages + two.passages)


class _Passages:
    """What stands in the passages of the scopes."""

    def __init__(self, within: Sequence[Scoped]) -> None:
        self._within = within

    def anywhere(self, terms: Sequence[Term]) -> list[int]:
        """In how many passages each term stands, those of no scope included: quick to tell."""
        counts = [segment.words.frequencies(terms) for segment, _ in self._within]
        return [sum(column) for column in zip(*counts, strict=True)]

    def holds(self, text: str) -> bool:
        return any(segment.words.with_phrases([text], s, 1).size for segment, s in self._within)

    def holds_stem(self, word: str) -> bool:
        terms = {(name, stem(word)): 1.0 for name in ("words", "title")}
        return any(_holds(segment, scope, terms) for segment, scope in self._within)

    def near(self, word: str, others: dict[str, int]) -> Near | None:
        """Those of the others that stand there, in how many passages at most."""
        held = {other: count for other, count in others.items() if self.holds(other)}
        return Near(word, tuple(sorted(held)), sum(held.values())) if held else None


def _holds(segment: Segment, scope: Scope, terms: dict[Term, float]) -> bool:
    """Whether one of the terms stands in a passage of the scope.

    Looking costs a visit to every passage with the term, so it is done only where counting does not
    tell: more passages hold it than lie outside of the scope.
    """
    most = max(segment.words.frequencies([*terms]))
    if not most or most > segment.passages - scope.count:
        return most > 0
    return bool(segment.words.search(terms, scope, 1).ordinals.size)


def _mistyped(words: Sequence[str], passages: _Passages) -> Iterator[Near]:
    """Latin words of no passage that are one slip away from one that is."""
    letters = (word.casefold() for word in words if word.isascii() and word.isalpha())
    telling = (word for word in letters if len(word) >= _LONG_ENOUGH and word not in silent())
    for word in islice(dict.fromkeys(telling), _MOST):
        if passages.holds_stem(word):
            continue
        slips = _slips(word)
        counts = passages.anywhere([("sequence", slip) for slip in slips])
        near = passages.near(word, {s: n for s, n in zip(slips, counts, strict=True) if n})
        if near:
            yield near


def _slips(word: str) -> list[str]:
    """Every word one letter less, more or different, or with two neighbours exchanged."""
    cuts = [(word[:at], word[at:]) for at in range(len(word) + 1)]
    found = {left + right[1:] for left, right in cuts if right}
    found |= {left + right[1] + right[0] + right[2:] for left, right in cuts if len(right) > 1}
    found |= {left + one + right[1:] for left, right in cuts if right for one in ascii_lowercase}
    found |= {left + one + right for left, right in cuts for one in ascii_lowercase}
    return sorted(found - {word})


def _misspelled_names(run: str, passages: _Passages) -> Iterator[Near]:
    """Names of no passage that sound like one that is and differ in one character."""
    windows = (run[at : at + _OFF_BY_ONE] for at in range(len(run) - _OFF_BY_ONE + 1))
    likely = dict.fromkeys(each for each in windows if _could_be_name(each))
    for name in islice(likely, _MOST):
        if passages.holds(name):
            continue
        others = [
            name[:at] + other + name[at + 1 :]
            for at, character in enumerate(name)
            for other in homophones(character)
        ]
        near = passages.near(name, _known(others, passages))
        if near:
            yield near


def _could_be_name(text: str) -> bool:
    return bool(SURNAMES & {text[0], text[:2]}) and not _BESIDE.intersection(text)


def _in_pinyin(words: Sequence[str], passages: _Passages) -> Iterator[Near]:
    """Names written with Latin letters: zhangsan, Zhang San, Xiaoming Zhang."""
    for parts, spelled in islice(_spelled(words), _MOST):
        others = {name for each in spelled for name in _names(each, passages)}
        # As it was typed: ZhangSan is three terms, and the name weighs what they do.
        near = passages.near(" ".join(parts), _known(sorted(others), passages))
        if near:
            yield near


def _spelled(words: Sequence[str]) -> Iterator[tuple[Sequence[str], list[tuple[str, ...]]]]:
    """Yield one to three words that may be a name together, and how it may be read."""
    small = [word.casefold() for word in words]
    seen: set[tuple[str, ...]] = set()
    for at in range(len(small)):
        for length in (1, 2, 3):
            parts = tuple(small[at : at + length])
            if len(parts) < length or silent().intersection(parts):
                break
            if parts in seen:
                continue
            seen.add(parts)
            if length == 1 and parts[0] in ENGLISH:
                continue
            read = [_joined(parts)]
            if length == 2:
                # As it is written in English, the surname last.
                read.append(_joined(parts[::-1]))
            spelled = [each for ways in read for each in ways if len(each) in _NAME]
            if spelled:
                yield words[at : at + length], spelled


def _joined(parts: Sequence[str]) -> list[tuple[str, ...]]:
    ways = product(*(syllables_of(part) for part in parts))
    return [tuple(syllable for word in way for syllable in word) for way in ways]


def _names(syllables: tuple[str, ...], passages: _Passages) -> list[str]:
    """Return the names so read of which every two neighbours stand together in some passage."""
    names: list[str] = []
    for surname in surnames_of(syllables):
        begun = [surname]
        for syllable in syllables[len(surname) :]:
            others = [name + one for name in begun for one in written_as(syllable)]
            others = [name for name in others if name[-1] not in _BESIDE]
            counts = passages.anywhere([("grams", name[-2:]) for name in others])
            begun = [name for name, count in zip(others, counts, strict=True) if count]
        names += [name for name in begun if len(name) > len(surname)]
    return names


def _known(names: Sequence[str], passages: _Passages) -> dict[str, int]:
    """Return those of which every two neighbours stand together, in how many passages at most."""
    pairs = [[name[at : at + 2] for at in range(len(name) - 1)] for name in names]
    flat = [("grams", pair) for each in pairs for pair in each]
    counts = iter(passages.anywhere(flat))
    least = [min(next(counts) for _ in each) for each in pairs]
    return {name: count for name, count in zip(names, least, strict=True) if count}
