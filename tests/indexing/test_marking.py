"""Marking: which words of a text are those of the question, and which part of it is shown."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexing.marking import EXCERPT, Fragment, excerpt, marked, matches
from indexing.query import parse
from indexing.tokens import tokenize

ELLIPSES = ("… ", " …")


def shown(fragments: list[Fragment]) -> str:
    return "".join(f"[{part.text}]" if part.marked else part.text for part in fragments)


@pytest.mark.parametrize(
    ("text", "query", "expected"),
    [
        # Chinese: words of the dictionary, and what was typed though it has no such word.
        ("客户管理系统每周备份。", "管理系统怎么备份？", "客户[管理系统]每周[备份]。"),
        ("把对账单寄给客户。", "对账单", "把[对账单]寄给客户。"),
        ("把对账单寄给客户。", "对账单什么时候寄出？", "把[对账单]寄给客户。"),
        ("每月对账。", "对账单", "每月[对账]。"),
        ("我们的客户管理系统", "处理系统", "我们的客户管理[系统]"),
        ("猫在家，猫粮在柜子里。", "猫", "[猫]在家，[猫]粮在柜子里。"),
        # Traditional and Simplified, full and half width.
        ("我們的數據庫每天備份。", "数据库备份", "我們的[數據庫]每天[備份]。"),
        ("数据库备份", "數據庫", "[数据库]备份"),
        ("编号ＣＲＭ－２０４１", "crm-2041", "编号[ＣＲＭ－２０４１]"),
        ("㈱会社", "株", "[㈱]会社"),
        # English: stems, case, accents, codes and their parts.
        ("The servers were restarted.", "restart the server", "The [servers] were [restarted]."),
        ("A résumé of RÉSUMÉS", "resume", "A [résumé] of [RÉSUMÉS]"),
        ("CRM-2041, CRM_2041 and crm2041", "CRM2041", "[CRM-2041], [CRM_2041] and [crm2041]"),
        ("Ticket 2041 is closed", "CRM-2041", "Ticket [2041] is closed"),
        ("C++ and C#, not C", "c++", "[C++] and C#, not C"),
        # Words that ask or join are marked only where nothing else was asked.
        ("What is the price of it?", "what is the price", "What is the [price] of it?"),
        ("What is it?", "what is it", "[What] [is] [it]?"),
        ("这是什么东西", "什么", "这是[什么]东西"),
        ("请问怎么重启服务器的", "请问怎么重启的？", "请问怎么[重启]服务器的"),
        # Nothing to mark.
        ("客户档案", "weather", "客户档案"),
        ("client file", "？！", "client file"),
        ("client file", "", "client file"),
        ("", "客户", ""),
    ],
)  # fmt: skip
def test_marks(text: str, query: str, expected: str) -> None:
    assert shown(marked(text, parse(query))) == expected


def test_an_excerpt_shows_where_most_words_stand() -> None:
    filler = "这一段与问题没有关系。" * 40
    text = f"只提到备份。{filler}数据库每天夜里两点备份到第二机房。{filler}"
    found = excerpt(text, parse("数据库夜里备份到哪里"))
    assert found[0] == Fragment("… ", False)
    assert found[-1] == Fragment(" …", False)
    assert {"数据库", "夜里", "备份"} <= {part.text for part in found if part.marked}
    # It begins with the sentence, not in the middle of one.
    assert found[1].marked or found[1].text.startswith(("数据库", "这一段"))


def test_an_excerpt_of_english_begins_with_a_word() -> None:
    text = "irrelevant words here " * 30 + "the backup runs at night " + "and nothing more " * 30
    found = excerpt(text, parse("backup night"))
    assert found[0] == Fragment("… ", False)
    assert found[1].text.split(" ")[0] in {"irrelevant", "words", "here", "the"}


def test_an_excerpt_without_a_match_is_the_beginning() -> None:
    text = "开头。" + "正文。" * 200
    found = excerpt(text, parse("weather"))
    assert found == [Fragment(text[:EXCERPT], False), Fragment(" …", False)]


def test_a_short_text_is_shown_whole() -> None:
    assert excerpt("客户。", parse("客户")) == [Fragment("客户", True), Fragment("。", False)]


# Characters that change their length when they are normalised, Chinese of both scripts, Latin.
TEXTS = st.text("ab CRM-2041 .\n客户客戶备份備份数据库數據庫的了ﬁ㈱㌔é́ß。，🙂\u200d", max_size=400)
QUERIES = st.text('ab CRM-2041"客户备份數據庫的什么ﬁé。🙂', max_size=30)


@given(TEXTS, QUERIES)
def test_nothing_is_lost_and_places_are_those_of_the_text(text: str, query: str) -> None:
    spans = matches(text, parse(query))
    assert all(0 <= start < stop <= len(text) for start, stop in spans)
    assert all(one[1] < two[0] for one, two in pairwise(spans))
    fragments = marked(text, parse(query))
    assert "".join(part.text for part in fragments) == text
    assert [part.text for part in fragments if part.marked] == [text[a:b] for a, b in spans]


@given(TEXTS, QUERIES, st.integers(20, 120))
def test_an_excerpt_is_a_stretch_of_the_text(text: str, query: str, length: int) -> None:
    fragments = excerpt(text, parse(query), length)
    inner = [part.text for part in fragments if part.text not in ELLIPSES]
    whole = "".join(inner)
    assert whole in text or "".join(part.text for part in fragments) == text
    assert len(whole) <= length or len(text) <= length
    spans = matches(text, parse(query))
    if spans and len(text) > length and len(whole) > spans[0][1] - spans[0][0]:
        assert any(part.marked for part in fragments)


@given(st.text("客户备份数据库管理系统", min_size=2, max_size=8))
def test_a_text_is_marked_by_itself(text: str) -> None:
    tokens = tokenize(text)
    if tokens.words or tokens.grams:
        assert matches(f"前面，{text}。后面", parse(text))
