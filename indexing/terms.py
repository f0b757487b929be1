"""What of a query is looked up in the word index, and how much each term weighs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from indexing.query import Near, Query, parse
from indexing.tokens import tokenize
from indexing.words import Term, rarity

# Share of a term's rarity that counts, by field.
_SHARES = {"words": 1.0, "grams": 0.5, "title": 0.5, "sequence": 1.0}
# What was typed comes before what may have been meant.
_NEAR = 0.6


def terms_of(query: Query) -> list[Term]:
    """Return the terms of a query, each once."""
    tokens = tokenize(query.text)
    named = [("words", word) for word in tokens.words]
    named += [("grams", gram) for gram in tokens.grams]
    named += [("title", token) for token in (*tokens.words, *tokens.grams)]
    if not named:
        # A single character: too common to look for unless it is all there is.
        named = [("sequence", token) for token in tokens.sequence]
    return list(dict.fromkeys(named))


@dataclass(frozen=True, slots=True)
class Weights:
    """What the terms of a query weigh. `known` has those that stand in any passage.

    `full` is the weight of all of them, titles apart: of what a passage could hold at best. `near`
    has the weight of any of some words looked for in the place of one.
    """

    known: Mapping[Term, float]
    full: float
    near: Mapping[tuple[str, ...], float] = field(default_factory=dict)


def weights_of(query: Query, frequencies: Sequence[int], passages: int) -> Weights:
    """Return the weights, given in how many of how many passages each of `terms_of` stands."""
    terms = terms_of(query)
    counted = list(zip(terms, frequencies, strict=True))
    weights = {term: _SHARES[term[0]] * rarity(frequency, passages) for term, frequency in counted}
    known = {term: weights[term] for term, frequency in counted if frequency}
    full = sum(each for (name, _), each in weights.items() if name != "title")
    return Weights(known, full, {near.others: _weight(near, passages) for near in query.near})


def _weight(near: Near, passages: int) -> float:
    """Return a part of what the word would weigh if it stood where the others do."""
    shares = (_SHARES[name] for name, _ in terms_of(parse(near.word)) if name != "title")
    frequency = min(near.passages, passages)
    return _NEAR * sum(shares) * rarity(frequency, passages)
