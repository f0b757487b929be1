"""What of a query is looked up in the word index, and how much each term weighs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from indexing.query import Query
from indexing.tokens import tokenize
from indexing.words import Term, rarity

# Share of a term's rarity that counts, by field.
_SHARES = {"words": 1.0, "grams": 0.5, "title": 0.5, "sequence": 1.0}


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

    `full` is the weight of all of them, titles apart: of what a passage could hold at best.
    """

    known: Mapping[Term, float]
    full: float


def weights_of(terms: Sequence[Term], frequencies: Sequence[int], passages: int) -> Weights:
    """Return the weights, given in how many of how many passages each term stands."""
    counted = list(zip(terms, frequencies, strict=True))
    weights = {term: _SHARES[term[0]] * rarity(frequency, passages) for term, frequency in counted}
    known = {term: weights[term] for term, frequency in counted if frequency}
    return Weights(known, sum(each for (name, _), each in weights.items() if name != "title"))
