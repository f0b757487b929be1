"""What people type finds what they mean, by words alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from indexing.folding import fold
from indexing.index import Index
from tests.indexing.rows import DIMENSION, MODEL, Rows, entry

TEXTS = {
    1: ("客户合同", "与张女士签订的合同已归档，合同编号 CRM-2041。"),
    2: ("客戶拜訪", "每季度拜訪重點客戶，記錄客戶訴求與設備狀況。"),
    3: ("固定资产盘点", "钥匙、门禁卡和打印机须于离职前归还。"),
    4: ("Deployment", "Run the deployment job after the tests; errors go to NullPointerException."),
    5: ("Invoices", "Unpaid invoices are sent again on the 5th; mail li.wei@example.com first."),
    6: ("乾燥设备", "烘干机每月清理一次，防止干燥不均。"),
    7: ("Café", "The naïve résumé parser fails on C++ and C# projects; see /etc/hosts, v2.10.3."),
    8: ("财务制度", "差旅费报销标准：一线城市每晚 1,200 元。"),
    9: ("Server", "Restart the server. Then wait for the report."),
    10: ("Report", "The server report is written before the restart."),
}


@pytest.fixture(scope="module", params=["growing", "folded"])
def index(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Index:
    rows = Rows()
    for number, (title, text) in TEXTS.items():
        rows.publish(entry(number, number, text, title))
    folder: Path = tmp_path_factory.mktemp("words") / "index"
    if request.param == "folded":
        fold(folder, MODEL, DIMENSION, rows)
    made = Index.open(folder, MODEL, DIMENSION)
    made.catch_up(rows)
    return made


def found(index: Index, query: str) -> list[int]:
    hits = index.search(query, None, np.arange(1, 11), 10)
    return [hit.passage_id for hit in hits]


@pytest.mark.parametrize(
    ("query", "first"),
    [
        # One and two characters of Chinese.
        ("合", 1),
        ("钥", 3),
        ("卡", 3),
        ("合同", 1),
        ("盘点", 3),
        ("门禁", 3),
        # Not a word of any dictionary, but neighbours in the text.
        ("女士签", 1),
        # Traditional and Simplified find each other.
        ("钥匙", 3),
        ("鑰匙", 3),
        ("门禁卡", 3),
        ("門禁卡", 3),
        ("设备状况", 2),
        ("拜访重点客户", 2),
        ("干燥", 6),
        ("乾燥", 6),
        # Codes as they are written, or as people remember them.
        ("CRM-2041", 1),
        ("crm2041", 1),
        ("CRM 2041", 1),
        ("crm_2041", 1),
        ("2041", 1),
        ("nullpointerexception", 4),
        ("NullPointer", 4),
        ("pointer exception", 4),
        ("li.wei@example.com", 5),
        ("/etc/hosts", 7),
        ("v2.10.3", 7),
        ("C++", 7),
        ("c#", 7),
        ("1200", 8),
        ("1,200", 8),
        # Full width, accents, endings, capitals.
        ("ＣＲＭ－２０４１", 1),
        ("cafe", 7),
        ("resume", 7),
        ("deployments", 4),
        ("deployed", 4),
        ("INVOICE", 5),
        # Two languages in one query.
        ("张女士 contract CRM-2041", 1),
    ],
)
def test_a_query_finds_its_passage_first(index: Index, query: str, first: int) -> None:
    hits = found(index, query)
    assert hits[:1] == [first]


@pytest.mark.parametrize("query", ["", "   ", "？！", "\0\0", '""', "“”", "—", "🙂", "\ud800"])
def test_what_holds_no_word_finds_nothing(index: Index, query: str) -> None:
    assert found(index, query) == []


@pytest.mark.parametrize(
    "query",
    ['"', "a AND b", "title:x", "(((", "*", "合同~2", "-合同", "[1 TO 2]", "\\", "'s", "+" * 999],
)
def test_nothing_typed_is_an_operator_or_an_error(index: Index, query: str) -> None:
    assert isinstance(found(index, query), list)


def test_a_quoted_phrase_comes_first_word_by_word(index: Index) -> None:
    assert found(index, '"server report"')[0] == 10
    assert found(index, '"Restart the server"')[0] == 9
    assert found(index, "“重点客户”")[0] == 2
    assert found(index, "「重點客戶」")[0] == 2
    # The words are there, the phrase is not: found all the same, but after it.
    assert 9 in found(index, '"server report"')


def test_a_phrase_does_not_run_from_the_title_into_the_text(index: Index) -> None:
    assert found(index, '"Server restart"') == found(index, "Server restart")


def test_words_of_the_title_find_the_passage(index: Index) -> None:
    assert found(index, "财务制度")[0] == 8
    assert found(index, "固定资产")[0] == 3


def test_the_same_scores_growing_and_folded(tmp_path: Path) -> None:
    rows = Rows()
    for number, (title, text) in TEXTS.items():
        rows.publish(entry(number, number, text, title))
    growing = Index.open(tmp_path / "none", MODEL, DIMENSION)
    growing.catch_up(rows)
    fold(tmp_path / "index", MODEL, DIMENSION, rows)
    folded = Index.open(tmp_path / "index", MODEL, DIMENSION)
    for query in ("合同", "server report", "客户 restart", "CRM-2041"):
        for vector in (None, rows.published[3][0].vector):
            pair = [
                index.search(query, vector, np.arange(1, 11), 10) for index in (growing, folded)
            ]
            assert [hit.passage_id for hit in pair[0]] == [hit.passage_id for hit in pair[1]]
            scores = [[hit.score for hit in hits] for hits in pair]
            assert scores[0] == pytest.approx(scores[1], abs=1e-5)
