"""Words of a text, the same way for passages and for queries."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexing.query import LONGEST_QUERY, Script, parse, script_of
from indexing.tokens import forms, normalise, runs, stem, tokenize


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("plain ascii", "plain ascii"),
        ("ＡＢＣ１２３", "ABC123"),
        ("合約 規範", "合约 规范"),
        ("Crème brûlée", "Creme brulee"),
        ("が", "が"),
        ("한글", "한글"),
        ("ﬁle №5", "file No5"),
    ],
)
def test_one_width_one_script_no_accents(text: str, normal: str) -> None:
    assert normalise(text) == normal
    assert normalise(normal) == normal


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("server", ["server"]),
        ("servers", ["server"]),
        ("server's", ["server"]),
        ("CRM-2041", ["crm2041", "crm", "2041"]),
        ("CRM2041", ["crm2041", "crm", "2041"]),
        ("C++", ["c++"]),
        ("C#", ["c#"]),
        ("1,200", ["1200", "1", "200"]),
        ("0x8007", ["0x8007", "0", "8007"]),
        ("NullPointerException", ["nullpointerexcept", "null", "pointer", "except"]),
    ],
)
def test_forms_of_words_and_codes(code: str, expected: list[str]) -> None:
    assert list(forms(code)) == expected


def test_words_of_chinese_are_cut_for_search_and_paired() -> None:
    tokens = tokenize("客户管理系统")
    assert {"客户", "管理", "系统"} <= set(tokens.words)
    assert tokens.grams == ["客户", "户管", "管理", "理系", "系统"]
    assert tokens.sequence == list("客户管理系统")


def test_a_single_character_is_in_the_sequence_alone() -> None:
    tokens = tokenize("章")
    assert (tokens.words, tokens.grams, tokens.sequence) == ([], [], ["章"])


def test_only_plain_latin_words_are_stemmed() -> None:
    assert stem("reporting") == "report"
    assert stem("été") == "été"
    assert stem("abc") == "abc"


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=200))
def test_any_text_gives_tokens_that_can_be_written_and_found_again(text: str) -> None:
    tokens = tokenize(text)
    for token in (*tokens.words, *tokens.grams, *tokens.sequence):
        assert token
        assert not any(character.isspace() for character in token)
        assert len(token) <= 64 or not token.isascii()
    assert "".join(run for run, _ in runs(normalise(text))) == normalise(text)
    assert tokenize(normalise(text)) == tokens


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("", Script.NONE),
        ("？！ …", Script.NONE),
        ("客户合同", Script.CJK),
        ("客户管理系统的 CRM 账号", Script.CJK),
        ("customer contract", Script.ALPHABETIC),
        ("the word 合 in a long English sentence", Script.ALPHABETIC),
        ("客户 contract", Script.MIXED),
        ("２０４１", Script.ALPHABETIC),
    ],
)
def test_the_script_of_a_text(text: str, script: Script) -> None:
    assert script_of(text) == script


@pytest.mark.parametrize(
    ("typed", "text", "phrases"),
    [
        ("  two   words\n", "two words", ()),
        ("a\0b\x1bc", "a b c", ()),
        (
            'find "this one" and “那个 短语”',
            'find "this one" and “那个 短语”',
            ("this one", "那个 短语"),
        ),
        ('"same" "same"', '"same" "same"', ("same",)),
        ('"?!" "', '"?!" "', ()),
        ("「交接」『清单』", "「交接」『清单』", ("交接", "清单")),
        ("\ud800x", "x", ()),
    ],
)
def test_what_was_typed_becomes_a_query(typed: str, text: str, phrases: tuple[str, ...]) -> None:
    query = parse(typed)
    assert (query.text, query.phrases) == (text, phrases)


def test_a_pasted_text_is_cut() -> None:
    assert len(parse("词" * 50_000).text) == LONGEST_QUERY
