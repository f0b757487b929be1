"""Sentences that answer: which are looked at, how they are chosen, and when nothing is said."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from indexing import answering
from indexing.answering import Asked, Numbers, Source
from indexing.bundled_model import identity
from indexing.entry import Hit
from indexing.late import Detailed
from indexing.place import boxes_within
from indexing.query import parse
from indexing.sentence import sentence_spans
from indexing.terms import Weights

BEES = "蜂箱每两周检查一次。冬天给蜂群喂糖水。蜂王的情况记在本子上。检查后锁门。"
SEALS = "印章在保险柜里。检查印章要登记。"
# The cosine alone decides: it is the first fact of a sentence; the facts are 26 and a constant.
BY_COSINE = Numbers((20.0, *[0.0] * 25, -10.0), (1.0, 0.0, *[0.0] * 26, 0.0), 0.5, 0.5)
ONE = np.ones(1, np.float32)


def encode(texts: Sequence[str]) -> list[Detailed]:
    """Vectors of one number: how near each sentence is."""
    near = {"每两周": 0.9, "冬天": 0.2, "登记": 0.8}
    found = [max((v for k, v in near.items() if k in text), default=0.1) for text in texts]
    return [Detailed(np.full(1, each, np.float32), np.full((1, 1), each)) for each in found]


def asked(text: str = "蜂箱多久检查一次？") -> Asked:
    hits = [Hit(1, 10, 1.4, 0.9, 5.0), Hit(2, 20, 0.9, 0.8, 2.0)]
    weights = Weights({("words", "蜂箱"): 2.0, ("words", "检查"): 1.0, ("title", "蜂箱"): 9.0}, 4.0)
    return Asked(parse(text), Detailed(ONE, ONE[None, :]), weights, hits)


def sources(question: Asked) -> list[Source]:
    first, second = question.hits
    return [Source(first, 1, BEES, "养蜂"), Source(second, 2, SEALS, "")]


def quoted(quote: answering.Quote) -> list[str]:
    return [quote.source.text[slice(*span)] for span in quote.spans]


def test_sentences_with_the_words_of_the_best_passages_come_first() -> None:
    question = asked()
    found = answering.candidates(question, sources(question))
    assert (found[0].text, found[0].coverage) == ("蜂箱每两周检查一次。", 0.75)
    assert {each.rank for each in found} == {0, 1}
    long = Source(question.hits[0], 1, "检查。" * 50, "")
    assert len(answering.candidates(question, [long])) == answering.SENTENCES


def test_the_likeliest_sentences_are_quoted_with_a_second_source() -> None:
    question = asked()
    best = answering.answer(question, sources(question), encode, BY_COSINE)
    assert best is not None
    assert best.sure
    assert [quoted(quote) for quote in best.quotes] == [
        ["蜂箱每两周检查一次。"],
        ["检查印章要登记。"],
    ]


def test_what_is_not_likely_enough_is_not_sure() -> None:
    question = asked()
    shy = replace(BY_COSINE, threshold=0.9999)
    best = answering.answer(question, sources(question), encode, shy)
    assert best is not None
    assert not best.sure
    assert answering.answer(question, [], encode, BY_COSINE) is None


def test_across_languages_another_number_says_what_is_sure_enough() -> None:
    question = asked("How often are the hives of the bees inspected?")
    shy, bold = replace(BY_COSINE, threshold=0.9999), replace(BY_COSINE, across=0.9999)
    for numbers, sure in ((shy, True), (bold, False)):
        best = answering.answer(question, sources(question), encode, numbers)
        assert best is not None
        assert best.sure is sure


def test_how_close_a_sentence_is_token_by_token_counts_beside_other_documents() -> None:
    question = asked("How often are the hives of the bees inspected?")
    chosen = answering.candidates(question, sources(question))
    facts = answering.sentence_facts(question, chosen, encode)
    close, apart, ahead, ahead_apart, above = facts[:, 18:23].T
    at = next(n for n, each in enumerate(chosen) if "每两周" in each.text)
    assert close[at] == apart[at] == pytest.approx(0.9)
    # Further ahead than counts: the best sentence of the other document has 0.8.
    assert ahead[at] == ahead_apart[at] == pytest.approx(0.06)
    assert above.sum() == pytest.approx(0)
    # What is apart counts across languages only.
    same = asked()
    rows = answering.sentence_facts(same, answering.candidates(same, sources(same)), encode)
    assert not rows[:, [19, 21, 23, 24, 25]].any()
    assert facts[:, [19, 23]].all()


def test_sentences_of_a_quote_stand_in_their_order_and_are_three_at_most() -> None:
    question = asked()
    chosen = answering.candidates(question, sources(question))
    likely = np.array([0.5 if each.rank == 0 else 0.1 for each in chosen])
    quote = answering.quote_of(chosen, likely)
    assert len(quote.spans) == answering.SHOWN
    assert list(quote.spans) == sorted(quote.spans)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("蜂箱多久检查一次", True),
        ("怎么对账", True),
        ("Where is the seal kept", True),
        ("mail server restart steps after midnight", True),
        ("CRM-2041", False),
        ("对账单", False),
        ("mail server", False),
        ('"每月五日前把对账单寄给客户财务部"', False),
        ("？", False),
    ],
)
def test_only_questions_and_sentences_are_answered(text: str, expected: bool) -> None:
    assert answering.asks(parse(text)) is expected


def test_numbers_belong_to_one_encoder() -> None:
    numbers = Numbers.of(identity())
    assert numbers is not None
    assert 0 < numbers.threshold < 1
    question = asked()
    facts = answering.sentence_facts(
        question, answering.candidates(question, sources(question)), encode
    )
    assert len(numbers.sentence) == facts.shape[1] + 1
    assert len(numbers.confidence) == facts.shape[1] + 3
    assert Numbers.of("another model 0123") is None
    written = json.loads(answering.written({"one": numbers}))
    assert written["one"]["threshold"] == numbers.threshold
    assert written["one"]["across"] == numbers.across


def test_spans_and_boxes_of_sentences() -> None:
    text = " One. Two!\n三。四 "
    assert [text[slice(*span)] for span in sentence_spans(text)] == ["One.", "Two!", "三。", "四"]
    lines = ((0.0, 0.0, 100.0, 10.0), (0.0, 12.0, 100.0, 22.0))
    assert boxes_within(lines, 0.0, 0.4) == [lines[0]]
    assert boxes_within(lines, 0.4, 0.8) == list(lines)
    assert boxes_within((), 0.0, 1.0) == []
