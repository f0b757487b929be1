"""Marking: where the words of a query stand in a text, and the part of it that shows them best."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import rjieba

from indexing.query import Near, Query
from indexing.silent import CHINESE, silent
from indexing.tokens import forms, latin_words, normalise, plain_parts, runs, tokenize

# Characters of an excerpt: about three lines.
EXCERPT = 240
_SENTENCE_ENDS = "。！？；\n.!?"
_PARTICLES = frozenset("的了吗呢吧么啊")
_PART = re.compile(r"[^\W_]+")
_WORD = re.compile(r"[a-zA-Z\u00c0-\u024f']+\Z")


@dataclass(frozen=True, slots=True)
class Fragment:
    """A piece of a text; `marked` where it matches the query."""

    text: str
    marked: bool


def excerpt(text: str, query: Query, length: int = EXCERPT) -> list[Fragment]:
    """Return the part of the text with most of the query's words, in fragments.

    What was left out before or after is an ellipsis. Without a match it is the beginning.
    """
    spans = matches(text, query)
    begin, end = _window(text, spans, length)
    inside = [(max(start, begin), min(stop, end)) for start, stop in spans]
    found = list(_fragments(text, [span for span in inside if span[0] < span[1]], begin, end))
    if begin > 0:
        found.insert(0, Fragment("… ", False))
    if end < len(text):
        found.append(Fragment(" …", False))
    return found


def marked(text: str, query: Query) -> list[Fragment]:
    """Return the whole text in fragments."""
    return list(_fragments(text, matches(text, query), 0, len(text)))


def matches(text: str, query: Query) -> list[tuple[int, int]]:
    """Return where words of the query stand, as (start, end), ascending, not overlapping.

    The same words as the index finds: Chinese as a dictionary cuts it or else by pairs of
    characters, Traditional like Simplified, stems of English words, parts of codes. And what stands
    in the text as it was typed, though the dictionary has no such word.
    """
    wanted = _wanted(query.text).and_near(query.near)
    if not wanted:
        return []
    plain, places = _aligned(text)
    spans = list(_found(plain, wanted))
    return _merged([(places[start], places[stop - 1] + 1) for start, stop in spans])


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What to mark: words and stems, pairs of characters, single ones, Chinese as it was typed."""

    words: frozenset[str] = frozenset()
    pairs: frozenset[str] = frozenset()
    single: frozenset[str] = frozenset()
    typed: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.words or self.pairs or self.single or self.typed)

    def and_near(self, near: Sequence[Near]) -> _Wanted:
        """The same with what is looked for as well."""
        others = frozenset(other for each in near for other in each.others)
        latin = frozenset(other for other in others if other.isascii())
        return replace(self, single=self.single | latin, typed=self.typed | (others - latin))


@lru_cache(maxsize=64)
def _wanted(text: str) -> _Wanted:
    """Return what to mark for a query: what says something, or all there is."""
    tokens = tokenize(text)
    words, pairs = frozenset(tokens.words), frozenset(tokens.grams)
    if not (words or pairs):
        return _Wanted(single=frozenset(tokens.sequence))
    telling = words - silent()
    others = frozenset(pair for pair in pairs - silent() if not _PARTICLES.intersection(pair))
    if not (telling or others):
        return _Wanted(words, pairs)
    cjk = [run for run, is_cjk in runs(normalise(text)) if is_cjk]
    typed = frozenset(part for run in cjk for part in _between().split(run) if len(part) > 1)
    return _Wanted(telling, others, typed=typed)


@lru_cache(maxsize=1)
def _between() -> re.Pattern[str]:
    longest_first = sorted((*CHINESE, *_PARTICLES), key=lambda word: (-len(word), word))
    return re.compile("|".join(longest_first))


def _aligned(text: str) -> tuple[str, Sequence[int]]:
    """Return the normalised text and, for each of its characters, where it came from."""
    if text.isascii():
        return text, range(len(text))
    normal = [_NORMAL[char] for char in text]
    plain = "".join(normal)
    # Nearly always: no accent is written apart, no sign stands for two characters.
    if len(plain) == len(text) and "" not in normal:
        return plain, range(len(text))
    return plain, [at for at, each in enumerate(normal) for _ in each]


class _Normal(dict[str, str]):
    """Characters as they are normalised alone: every character of a hit is looked up in it."""

    def __missing__(self, char: str) -> str:
        # More than any library of texts has; all of Unicode would be a hundred megabytes.
        if len(self) > 100_000:
            self.clear()
        found = self[char] = normalise(char)
        return found


_NORMAL = _Normal()


def _found(plain: str, wanted: _Wanted) -> Iterator[tuple[int, int]]:
    at = 0
    for run, is_cjk in runs(plain):
        find = _found_cjk if is_cjk else _found_latin
        for start, stop in find(run, wanted):
            yield at + start, at + stop
        at += len(run)


def _found_cjk(run: str, wanted: _Wanted) -> Iterator[tuple[int, int]]:
    sure = [*_dictionary_words(run, wanted.words)]
    for typed in wanted.typed:
        sure += [match.span() for match in re.finditer(re.escape(typed), run)]
    sure += [(at, at + 1) for at, char in enumerate(run) if char in wanted.single]
    # A pair alone marks only what the dictionary missed: «理系» of «管理系统» is no word.
    return iter(sure or _pairs(run, wanted.pairs))


def _dictionary_words(run: str, words: frozenset[str]) -> Iterator[tuple[int, int]]:
    at = 0
    for word in rjieba.cut(run):
        if word in words:
            yield at, at + len(word)
        at += len(word)
    # Short words inside of long ones, which the index knows too.
    yield from _pairs(run, words)


def _pairs(run: str, wanted: frozenset[str]) -> Iterator[tuple[int, int]]:
    for at in range(len(run) - 1):
        if run[at : at + 2] in wanted:
            yield at, at + 2


def _found_latin(run: str, wanted: _Wanted) -> Iterator[tuple[int, int]]:
    for match in latin_words(run):
        if not _fits(match.group(), wanted):
            continue
        parts = [part for part in _PART.finditer(match.group()) if _fits(part.group(), wanted)]
        code = forms(match.group())[0]
        if code in wanted.words or not parts:
            yield match.span()
            continue
        # Of a path or an address only what was asked for.
        for part in parts:
            yield match.start() + part.start(), match.start() + part.end()


def _fits(code: str, wanted: _Wanted) -> bool:
    if not wanted.words.isdisjoint(forms(code)):
        return True
    return bool(wanted.single) and not wanted.single.isdisjoint(plain_parts(code))


def _merged(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, stop in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(stop, merged[-1][1]))
        else:
            merged.append((start, stop))
    return merged


def _window(text: str, spans: list[tuple[int, int]], length: int) -> tuple[int, int]:
    """Return the stretch of about `length` that covers most marked characters."""
    if len(text) <= length:
        return 0, len(text)
    if not spans:
        return 0, _word_end(text, 0, length)
    best, best_start = -1, 0
    for start, _ in spans:
        covered = sum(stop - begin for begin, stop in spans if start <= begin <= start + length)
        if covered > best:
            best, best_start = covered, start
    begin = _sentence_start(text, max(0, best_start - length // 4), best_start)
    return begin, _word_end(text, begin, begin + length)


def _sentence_start(text: str, earliest: int, match: int) -> int:
    """Return the start of the sentence before the match, if it is near; else where words begin."""
    for at in range(earliest, match):
        if at == 0 or text[at - 1] in _SENTENCE_ENDS:
            return at + (len(text[at:match]) - len(text[at:match].lstrip()))
    space = text.find(" ", earliest, match)
    return space + 1 if 0 <= space < match and text[earliest:match].isascii() else earliest


def _word_end(text: str, begin: int, end: int) -> int:
    """Return the end of the last whole word before `end`, unless a word is as long as that."""
    if end >= len(text) or not text[end].isalnum():
        return min(end, len(text))
    cut = _WORD.search(text, begin, end)
    return cut.start() if cut and cut.start() > begin + (end - begin) // 2 else end


def _fragments(text: str, spans: list[tuple[int, int]], begin: int, end: int) -> Iterator[Fragment]:
    at = begin
    for start, stop in spans:
        if start > at:
            yield Fragment(text[at:start], False)
        yield Fragment(text[start:stop], True)
        at = stop
    if at < end:
        yield Fragment(text[at:end], False)
