"""Late interaction: a question and a text compared token by token.

The vector of a text is the mean of what the encoder says of its tokens, and in a mean the one name
that was asked for is lost among the others. Here every token of the question looks for the token of
the text that is nearest to it, as in ColBERT (Khattab and Zaharia 2020, arXiv:2004.12832), with the
very states the mean is made of: comparing costs no further run of the network.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from indexing.entry import FloatArray

_LEAST = np.finfo(np.float32).tiny


@dataclass(frozen=True, slots=True, eq=False)
class Detailed:
    """A text as the encoder sees it: `vector` float32 (d,), `tokens` float32 (t, d), both of unit
    length."""

    vector: FloatArray
    tokens: FloatArray


def detailed(states: FloatArray, kept: slice) -> Detailed:
    """Return the vector of all states (t, d) of a text, and the tokens kept of them."""
    tokens = states[kept] if len(states[kept]) else states
    return Detailed(unit(states.sum(axis=0)), unit(tokens))


def unit(vectors: FloatArray) -> FloatArray:
    """Return the vectors with length 1; one of zeros stays as it is."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    found: FloatArray = vectors / np.maximum(lengths, _LEAST)
    return found


def closeness(question: FloatArray, text: FloatArray) -> float:
    """Return the mean, over the tokens of the question, of the largest cosine to a token of the
    text. Both float32 (t, d), of unit length, with a token at least."""
    return float((question @ text.T).max(axis=1).mean())
