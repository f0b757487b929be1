"""Naming an area that was found: in the words of its own documents.

Headings come first, because a person wrote them to name what follows; words are the last resort of
documents without any. A candidate is good when it covers much of the area and little of the rest.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field

from knowledge_map.area import JOIN, NamePart
from knowledge_map.lettering import width_of
from knowledge_map.sections import Section
from knowledge_map.stop_words import clean_heading, is_stop_word

# Headings that name their area well enough alone; below, a second one is added.
ENOUGH = 0.55
# A heading that covers less of its area than this does not stand for it.
WORTH = 0.12
# Em widths. Two lines under a circle; a longer name is cut on the picture, never in the list.
LONGEST = 22.0
LONGEST_TWO = 21.0
WORDS_IN_NAME = 3
# A second heading is added when it stands over so much of the area that the first does not.
MORE = 0.2
# What a title that is a file's name is worth beside one that was written for people.
FILE_NAME = 0.3
_FILE_NAME = re.compile(r"^[a-z0-9]+(?:[-_.][a-z0-9]+)+$", re.IGNORECASE)


@dataclass
class _Candidate:
    """A heading or title in one area. under: the passages under it there; everywhere: how many
    there are on the whole map."""

    text: str
    under: set[Hashable] = field(default_factory=set)
    everywhere: int = 0
    documents: set[str] = field(default_factory=set)

    @property
    def covers(self) -> int:
        """How many passages it stands over."""
        return len(self.under)

    def score(self, total: int) -> float:
        """Share of the area, less what it names elsewhere too. Long ones are less of a name."""
        share, purity = self.covers / max(total, 1), self.covers / max(self.everywhere, 1)
        length = width_of(self.text)
        shortness = 1.0 if length <= LONGEST else LONGEST / length
        return float(share * purity**1.5 * shortness)


def names(
    found: Sequence[Sequence[Section]], others: Sequence[Section], taken: Iterable[str]
) -> list[tuple[NamePart, ...]]:
    """Return a name for each group of sections, each different from the others and from `taken`.

    others: sections of the areas that have a name already; their words are not rare either.
    """
    everywhere = _weights(section for group in (*found, others) for section in group)
    frequencies = [_frequencies(group) for group in (*found, others)]
    used = {name.casefold() for name in taken}
    made = []
    for number, group in enumerate(found):
        name = _name(group, everywhere, _terms(number, frequencies), used)
        used.add(JOIN.join(part.text for part in name).casefold())
        made.append(name)
    return made


def _name(
    group: Sequence[Section], everywhere: Counter[str], terms: list[str], used: set[str]
) -> tuple[NamePart, ...]:
    total = sum(section.weight for section in group)
    ranked = _ranked(group, everywhere, total)
    options: list[tuple[NamePart, ...]] = []
    if ranked:
        best = _part(ranked[0])
        if ranked[0].covers < ENOUGH * total:
            options += [
                (best, _part(other)) for other in ranked[1:] if _adds(ranked[0], other, total)
            ][:1]
        options += [(_part(each),) for each in ranked]
    options.append(_of_words(group, terms))
    options.append((NamePart(group[0].title, frozenset({group[0].document})),))
    for option in options:
        title = JOIN.join(part.text for part in option).casefold()
        if title and title not in used:
            return option
    return _numbered(options[-1], used)


def _numbered(option: tuple[NamePart, ...], used: set[str]) -> tuple[NamePart, ...]:
    """The last resort of documents that are all called the same."""
    last, number = option[-1], 2
    while f"{last.text} {number}".casefold() in used:
        number += 1
    return (NamePart(f"{last.text} {number}", last.documents),)


def _part(candidate: _Candidate) -> NamePart:
    return NamePart(candidate.text, frozenset(candidate.documents))


def _adds(best: _Candidate, other: _Candidate, total: int) -> bool:
    one, two = best.text.casefold(), other.text.casefold()
    fits = width_of(best.text) + width_of(other.text) <= LONGEST_TWO
    new = len(other.under - best.under)
    beside = new >= MORE * total and new >= 0.7 * other.covers
    return fits and beside and one not in two and two not in one


def _ranked(group: Sequence[Section], everywhere: Counter[str], total: int) -> list[_Candidate]:
    """Headings and titles good enough to be a name, the best first."""
    found: dict[str, _Candidate] = {}
    for section in group:
        for text, under in _headings(section).items():
            candidate = found.setdefault(text.casefold(), _Candidate(text))
            candidate.under |= under
            candidate.documents.add(section.document)
    for key, candidate in found.items():
        candidate.everywhere = everywhere[key]
    scored = [(each.score(total), each) for each in found.values()]
    good = [(score, each) for score, each in scored if each.covers >= WORTH * total]
    # Stable: of equals, the one that stands first in the documents.
    good.sort(key=lambda pair: -round(pair[0], 6))
    return [each for _, each in good]


def _headings(section: Section) -> dict[str, set[Hashable]]:
    """What names this section, and which of its passages; itself when it has none."""
    found: dict[str, set[Hashable]] = {}
    title = clean_heading(section.title)
    if title:
        found[title] = {piece.id for piece in section.pieces} or {section.name}
    for piece in section.pieces:
        for heading in map(clean_heading, piece.headings):
            if heading:
                found.setdefault(heading, set()).add(piece.id)
    return found


def _weights(sections: Iterable[Section]) -> Counter[str]:
    found: Counter[str] = Counter()
    for section in sections:
        for text, under in _headings(section).items():
            found[text.casefold()] += len(under)
    return found


def _frequencies(group: Sequence[Section]) -> Counter[str]:
    found: Counter[str] = Counter()
    for section in group:
        for word, count in section.words.items():
            if not is_stop_word(word):
                found[word] += count
    return found


def _terms(number: int, frequencies: Sequence[Counter[str]]) -> list[str]:
    """The words of one area that stand out from the others (TF-IDF with areas as documents)."""
    own = frequencies[number]
    total = sum(own.values()) or 1
    mean = sum(sum(each.values()) for each in frequencies) / max(len(frequencies), 1)
    everywhere: dict[str, int] = defaultdict(int)
    for each in frequencies:
        for word in own.keys() & each.keys():
            everywhere[word] += each[word]
    scores = {
        word: count / total * math.log1p(mean / everywhere[word]) for word, count in own.items()
    }
    best = sorted(scores, key=lambda word: (-round(scores[word], 9), word))
    chosen: list[str] = []
    for word in best:
        known = [each.casefold() for each in chosen]
        if not any(word.casefold() in each or each in word.casefold() for each in known):
            chosen.append(word)
        if len(chosen) == WORDS_IN_NAME:
            break
    return chosen


def _of_words(group: Sequence[Section], terms: Sequence[str]) -> tuple[NamePart, ...]:
    return tuple(
        NamePart(term, frozenset(each.document for each in group if term in each.words))
        for term in terms
    )
