"""What a person typed, made ready for both halves of the search."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum

from indexing.tokens import normalise, runs

# Characters. The longest question of the public sets has 290; more is a pasted text, whose first
# sentences say what it is about.
LONGEST_QUERY = 1000

_QUOTED = re.compile(r'"([^"]+)"|“([^”]+)”|「([^」]+)」|『([^』]+)』')
_SPACE = re.compile(r"\s+")


class Script(StrEnum):
    """The script most of a text is written in; NONE without a letter or digit."""

    CJK = "cjk"
    ALPHABETIC = "alphabetic"
    MIXED = "mixed"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Near:
    """What is looked for as well as a word of the query, for less, and in how many passages any of
    it stands at most."""

    word: str
    others: tuple[str, ...]
    passages: int


@dataclass(frozen=True, slots=True)
class Query:
    """A query. `text` is trimmed, of bounded length and free of control characters.

    `phrases` are the quoted parts: passages that hold all of them word by word come first. `near`
    is known once it is known what may be read: see `Index.read`.
    """

    text: str
    phrases: tuple[str, ...]
    script: Script
    near: tuple[Near, ...] = ()


def parse(typed: str) -> Query:
    """Return the query for what was typed; its text is empty when nothing can be searched for."""
    printable = "".join(" " if unicodedata.category(c) in {"Cc", "Cs"} else c for c in typed)
    text = _SPACE.sub(" ", printable).strip()[:LONGEST_QUERY].strip()
    quoted = (next(filter(None, match.groups())) for match in _QUOTED.finditer(text))
    phrases = tuple(dict.fromkeys(part.strip() for part in quoted if script_of(part) != "none"))
    return Query(text, phrases, script_of(text))


def script_of(text: str) -> Script:
    """Return the script of a text.

    A text counts as mixed when the smaller share has at least a quarter of the larger: a Chinese
    sentence with one product name is Chinese. A CJK character weighs as two letters, a syllable
    against a syllable.
    """
    cjk = letters = 0
    for run, is_cjk in runs(normalise(text)):
        if is_cjk:
            cjk += 2 * len(run)
        else:
            letters += sum(map(str.isalnum, run))
    small, large = sorted((cjk, letters))
    if not large:
        return Script.NONE
    if 4 * small >= large:
        return Script.MIXED
    return Script.CJK if cjk > letters else Script.ALPHABETIC
