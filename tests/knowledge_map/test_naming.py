"""Names: whose words they are, and what is never one."""

from __future__ import annotations

import pytest

from knowledge_map import build
from knowledge_map.lettering import width_of, wrap
from knowledge_map.stop_words import clean_heading, is_stop_word
from tests.knowledge_map.corpus import document, titles


@pytest.mark.parametrize(
    ("heading", "clean"),
    [
        ("1. Backups", "Backups"),
        ("2.3.1 Restoring a database", "Restoring a database"),
        ("Chapter 4: Payment", "Payment"),
        ("Section A – Access", "Access"),
        ("第三章　对账", "对账"),
        ("第12条 保密", "保密"),
        ("一、客户沟通", "客户沟通"),
        ("（二）报价规则", "报价规则"),
        ("3、开票", "开票"),
        ("  Invoices:  ", "Invoices"),
        ("2024 annual review", "2024 annual review"),
        ("24/7 support", "24/7 support"),
        ("一次性费用", "一次性费用"),
        ("三方协议", "三方协议"),
        ("Introduction", ""),
        ("概述", ""),
        ("1 附录", ""),
        ("2024年5月", ""),
        ("2024-05-01", ""),
        ("a", ""),
        ("", ""),
        ("…", ""),
    ],
)
def test_headings_without_their_numbers(heading: str, clean: str) -> None:
    assert clean_heading(heading) == clean


@pytest.mark.parametrize("word", ["the", "The", "我们", "进行", "a", "7", "2024", "", "的"])
def test_words_that_name_nothing(word: str) -> None:
    assert is_stop_word(word)


@pytest.mark.parametrize("word", ["server", "对账", "CRM-2041", "VPN"])
def test_words_that_name_something(word: str) -> None:
    assert not is_stop_word(word)


def test_a_heading_of_two_languages_stays_as_it_was_written() -> None:
    sources = [
        document("a", 1, headings=("第一章 客户沟通",)),
        document("b", 1, headings=("客户沟通",)),
        document("c", 9, headings=("2. On-call rota",)),
        document("d", 9, headings=("On-call rota",)),
    ]
    assert sorted(titles(build([], sources))) == ["On-call rota", "客户沟通"]


def test_a_heading_that_stands_everywhere_names_nothing() -> None:
    sources = [
        document(f"{topic}{n}", topic, topic, headings=("Rules", f"Topic {topic}"))
        for topic in (1, 3, 5, 8)
        for n in "abc"
    ]
    assert sorted(titles(build([], sources))) == [f"Topic {topic}" for topic in (1, 3, 5, 8)]


def test_without_headings_the_title_names_and_else_the_words() -> None:
    whole = [document(name, 1, headings=("",), title="发票流程") for name in "ab"]
    other = [
        document(name, 9, headings=("",), title="2024", words="the server mail mail queue 的")
        for name in "cd"
    ]
    found = titles(build([], [*whole, *other]))
    assert found[0] == "发票流程"
    assert found[1] == "mail · queue · server"


def test_two_headings_name_what_one_does_not_cover() -> None:
    sources = [document("a", 1, each=9, headings=("Backups",), title="2024")]
    sources += [document("b", 1, each=9, headings=("Restore",), title="2025")]
    sources += [document("c", 9, headings=("Holidays",), title="2026")]
    assert "Backups · Restore" in titles(build([], sources))


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("客户档案", 10, ["客户档案"]),
        ("固定资产（钥匙与门禁卡）", 11, ["固定资产（钥", "匙与门禁卡）"]),
        ("集群管理常见问题", 7, ["集群管理", "常见问题"]),
        ("history-and-values", 10, ["history-and-", "values"]),
        ("projects-in-distress", 14.5, ["projects-in-distress"]),
        ("发票。", 2, ["发", "票。"]),
        ("", 10, []),
        ("Backups · Restore", 7, ["Backups", "Restore"]),
        ("Deployment and operations", 12, ["Deployment", "and operations"]),
    ],
)
def test_lines_break_where_a_reader_expects(text: str, width: float, lines: list[str]) -> None:
    assert wrap(text, width, 3) == lines


def test_no_line_is_wider_than_it_may_be() -> None:
    for text in ("W" * 90, "客" * 90, "many words " * 12, "C++/C# 与 JavaScript 的 接口 " * 4):
        lines = wrap(text, 9, 3)
        assert len(lines) == 3
        assert lines[-1].endswith("…")
        assert all(width_of(line) <= 9 for line in lines)
