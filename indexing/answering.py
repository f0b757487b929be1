"""The sentences that answer a question, taken from what was found; or the word that none does.

No language model: a few facts about each sentence (how near it is in meaning, as a whole and token
by token, how much of the question's words it holds, how far its passage stands above the others)
are weighed by two small logistic models, one that chooses the sentences and one that says how sure
the choice is. What is sure enough is another number where sentence and question are in different
languages. All of them belong to one encoder and stand in `answering.json` under its identity; for
another encoder there are none until `benchmarks/answering.py` has measured them, and then nothing
is answered.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from indexing.entry import Hit
from indexing.late import Detailed, closeness
from indexing.query import Query, Script, script_of
from indexing.sentence import sentence_spans
from indexing.terms import Weights
from indexing.tokens import tokenize

NUMBERS = Path(__file__).with_name("answering.json")
# Passages whose sentences are looked at, and sentences that are encoded: some forty milliseconds.
PASSAGES, SENTENCES = 5, 8
SHOWN = 3
# What a passage further down the list has to hold more of the question's words to be looked at.
_STEP = 0.15
# So many other documents found tell as much as any number.
_COMPANY = 10
# A sentence beside the chosen one is shown when it is this likely in comparison.
_BESIDE = 0.1

# How far a sentence can be ahead of those of other documents, token by token; it is so far ahead
# where there is no other document.
_AHEAD = 0.06
# Facts that count apart across languages, where no word is shared: the cosine of the passage, how
# far its score and its cosine stand out.
_APART = [2, 4, 5]

_ASKS = re.compile(
    r"[?？]|什么|什麼|怎|如何|哪|谁|誰|为何|為何|是否|能否|可否|多少|几|幾|何时|何時|吗|嗎|呢"
    r"|\b(?:what|when|where|which|who|whom|whose|why|how|can|does|do|is|are|should|must|may)\b",
    re.IGNORECASE,
)
# A wish without any question word is a sentence too from so many words or Chinese characters on.
_WORDS, _CHARACTERS = 5, 8
_ASKS_NUMBER = re.compile(
    r"多少|几|幾|何时|何時|哪年|哪一年|年份|什么时候|什麼時候|日期"
    r"|\bwhen\b|\bhow (?:many|much|long|often|old)\b|\bwhat (?:year|date|percent)",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"\d|[一二三四五六七八九十百千万]+[年月日人个次天名%]")

Matrix = NDArray[np.float64]
# The vectors of texts and of their tokens: `Encoder.detailed_passages`.
Encode = Callable[[Sequence[str]], Sequence[Detailed]]


@dataclass(frozen=True, slots=True)
class Source:
    """A passage found. `document` tells passages of different documents apart."""

    hit: Hit
    document: int
    text: str
    heading: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with its vectors and the weights of its words, and all hits of its search."""

    query: Query
    encoded: Detailed
    weights: Weights
    hits: Sequence[Hit]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence: its source, where it stands in the text, and its share of the words."""

    source: Source
    rank: int
    span: tuple[int, int]
    coverage: float

    @property
    def text(self) -> str:
        """The sentence itself."""
        return self.source.text[slice(*self.span)]


@dataclass(frozen=True, slots=True)
class Quote:
    """One to three sentences of a passage, in the order they stand in, as spans of its text."""

    source: Source
    spans: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """The quote that answers, perhaps one of another document, and how likely the first is right.

    Whether it is likely enough to be shown is `sure`.
    """

    quotes: tuple[Quote, ...]
    confidence: float
    sure: bool


@dataclass(frozen=True, slots=True)
class Numbers:
    """The weights of both models for one encoder, the constant last, and from when to answer:
    `threshold`, or `across` where the sentence is in another language than the question."""

    sentence: tuple[float, ...]
    confidence: tuple[float, ...]
    threshold: float
    across: float

    def sure(self, confidence: float, across: bool) -> bool:
        """Whether a quote this likely to be right is shown."""
        return confidence >= (self.across if across else self.threshold)

    @classmethod
    @lru_cache(maxsize=4)
    def of(cls, identity: str) -> Numbers | None:
        """Return the numbers measured for an encoder; None when nobody has."""
        value = json.loads(NUMBERS.read_text("utf-8")).get(identity)
        if value is None:
            return None
        weights = tuple(value["sentence"]), tuple(value["confidence"])
        return cls(*weights, value["threshold"], value["across"])


def asks(query: Query) -> bool:
    """Whether a query is a question or a sentence; a code, a name, a quotation wants only hits."""
    if query.phrases or query.script is Script.NONE:
        return False
    words = tokenize(query.text)
    letters = len(words.sequence)
    long = letters >= (_CHARACTERS if query.script is Script.CJK else _WORDS)
    return letters > 1 and (long or bool(_ASKS.search(query.text)))


def answer(
    asked: Asked, sources: Sequence[Source], encode: Encode, numbers: Numbers
) -> Answer | None:
    """Return the best answer there is; None where there is no sentence at all."""
    chosen = candidates(asked, sources)
    if not chosen:
        return None
    facts = sentence_facts(asked, chosen, encode)
    likely = probability(facts, numbers.sentence)
    sureness = confidence_facts(asked, chosen, facts, likely)
    confidence = float(probability(sureness[None, :], numbers.confidence)[0])
    found = [quote_of(chosen, likely)]
    second = _elsewhere(chosen, likely)
    if second is not None and likely[second] >= likely.max() / 2:
        same = [c.source.document == chosen[second].source.document for c in chosen]
        found.append(quote_of(chosen, np.where(same, likely, 0.0)))
    across = is_across(asked, chosen[int(likely.argmax())])
    return Answer(tuple(found), confidence, numbers.sure(confidence, across))


def is_across(asked: Asked, candidate: Candidate) -> bool:
    """Whether a sentence is in another language than the question, as far as scripts tell."""
    return script_of(candidate.text) != asked.query.script


def candidates(asked: Asked, sources: Sequence[Source]) -> list[Candidate]:
    """Return the sentences worth encoding: those with most of the words, of the first passages."""
    found = [
        Candidate(source, rank, span, _coverage(source.text[slice(*span)], asked.weights))
        for rank, source in enumerate(sources[:PASSAGES])
        for span in sentence_spans(source.text)
    ]
    found.sort(key=lambda each: each.coverage - _STEP * each.rank, reverse=True)
    return found[:SENTENCES]


def _coverage(text: str, weights: Weights) -> float:
    """Return the share of the weight of the question's words that stand in a text."""
    tokens = tokenize(text)
    held = {"words": set(tokens.words), "grams": set(tokens.grams), "sequence": tokens.sequence}
    found = sum(w for (name, token), w in weights.known.items() if token in held.get(name, ()))
    return found / (weights.full or 1.0)


def sentence_facts(asked: Asked, chosen: Sequence[Candidate], encode: Encode) -> Matrix:
    """Return a row of numbers for each sentence."""
    texts = ["\n".join(filter(None, (each.source.heading, each.text))) for each in chosen]
    encoded = encode(texts)
    question = asked.encoded
    cosines = [float(each.vector @ question.vector) for each in encoded]
    close = np.array([closeness(question.tokens, each.tokens) for each in encoded])
    around = _Surroundings(asked)
    rows = [
        [cosine, candidate.coverage, *around.of(candidate.source), *_kind(asked, candidate, cosine)]
        for candidate, cosine in zip(chosen, cosines, strict=True)
    ]
    facts = np.array(rows, np.float64)
    across = np.array([is_across(asked, each) for each in chosen], np.float64)
    tokens = _by_tokens(chosen, close, across)
    return np.concatenate([facts, tokens, facts[:, _APART] * across[:, None]], axis=1)


def _kind(asked: Asked, candidate: Candidate, cosine: float) -> list[float]:
    """Return what kind of sentence it is, for what kind of question."""
    asks = bool(_ASKS_NUMBER.search(asked.query.text))
    has = bool(_NUMBER.search(candidate.text))
    same = not is_across(asked, candidate)
    return [
        candidate.rank == 0,
        candidate.rank / PASSAGES,
        same,
        cosine * same,
        math.log1p(len(candidate.text)),
        math.log1p(len(asked.weights.known)),
        asks and has,
        asks and not has,
    ]


def _by_tokens(chosen: Sequence[Candidate], close: Matrix, across: Matrix) -> Matrix:
    """Return how close each sentence is token by token, by itself and beside the others."""
    documents = np.array([each.source.document for each in chosen])
    beside = np.array(
        [
            own - close[documents != document].max(initial=own - _AHEAD)
            for own, document in zip(close.tolist(), documents.tolist(), strict=True)
        ]
    )
    return np.stack([close, close * across, beside, beside * across, close - close.mean()], axis=1)


class _Surroundings:
    """How a passage stands among everything found."""

    def __init__(self, asked: Asked) -> None:
        self._hits = asked.hits
        self._full = asked.weights.full or 1.0
        self._nearest = max(hit.dense or 0.0 for hit in asked.hits)
        self._fullest = max(hit.lexical or 0.0 for hit in asked.hits)
        others = len({hit.reading_id for hit in asked.hits}) - 1
        self._company = min(others, _COMPANY) / _COMPANY

    def of(self, source: Source) -> list[float]:
        hit = source.hit
        others = [each for each in self._hits if each.reading_id != hit.reading_id]
        dense, lexical = hit.dense or 0.0, (hit.lexical or 0.0) / self._full
        # Among few documents the next one may be as far as one likes, and standing out says little.
        score = min(hit.score - max((o.score for o in others), default=0.0), 0.4)
        near = min(dense - max((o.dense or 0.0 for o in others), default=0.0), 0.08)
        full = min(lexical - max((o.lexical or 0.0 for o in others), default=0.0) / self._full, 0.6)
        return [
            dense,
            lexical,
            self._company * score,
            self._company * near,
            self._company * full,
            self._company * (dense >= self._nearest),
            self._company * ((hit.lexical or 0.0) >= self._fullest),
            self._company,
        ]


def confidence_facts(
    asked: Asked, chosen: Sequence[Candidate], facts: Matrix, likely: Matrix
) -> Matrix:
    """Return the numbers that say how sure the most likely sentence is."""
    best, second = int(likely.argmax()), _elsewhere(chosen, likely)
    other = float(likely[second]) if second is not None else 0.0
    return np.concatenate([[_logit(float(likely[best])), _logit(other)], facts[best]])


def _elsewhere(chosen: Sequence[Candidate], likely: Matrix) -> int | None:
    """Return the most likely sentence of another document."""
    document = chosen[int(likely.argmax())].source.document
    places = [at for at, each in enumerate(chosen) if each.source.document != document]
    return max(places, key=lambda at: float(likely[at]), default=None)


def quote_of(chosen: Sequence[Candidate], likely: Matrix) -> Quote:
    """Return the most likely sentence with the likely ones of its passage, at most three."""
    best = int(likely.argmax())
    source = chosen[best].source
    beside = [
        at
        for at in np.argsort(-likely, kind="stable").tolist()
        if chosen[at].source is source and likely[at] >= _BESIDE * likely[best]
    ]
    return Quote(source, tuple(sorted(chosen[at].span for at in beside[:SHOWN])))


def probability(facts: Matrix, weights: Sequence[float]) -> Matrix:
    """Return the logistic model's probability for each row; the last weight is the constant."""
    found: Matrix = 1 / (1 + np.exp(-(facts @ np.array(weights[:-1]) + weights[-1])))
    return found


def _logit(share: float) -> float:
    # Bounded closely: where there is no second document its share is none at all.
    bounded = min(max(share, 1e-3), 1 - 1e-3)
    return math.log(bounded / (1 - bounded))


def written(numbers: Mapping[str, Numbers]) -> str:
    """Return the file of numbers."""
    value = {
        identity: {
            "sentence": [round(each, 5) for each in one.sentence],
            "confidence": [round(each, 5) for each in one.confidence],
            "threshold": round(one.threshold, 4),
            "across": round(one.across, 4),
        }
        for identity, one in numbers.items()
    }
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"
