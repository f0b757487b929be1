"""Short and hard queries: what people type when they know only a piece of what they look for.

Words alone answer here, so that it is known which half finds what.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest

from indexing.folding import fold
from indexing.index import Index
from indexing.marking import matches
from tests.indexing.rows import DIMENSION, MODEL, Rows, entry

TEXTS = {
    1: ("客户合同", "合同编号写在首页右上角，CRM-2041 是宏达公司的续签合同。"),
    2: ("缓存故障", "Redis 缓存雪崩时先限流，再逐台重启；报警码 E1017。"),
    3: ("工资发放", "张三每月十日核对工资表，交给财务部的李娜。"),
    4: ("供应商", "供应商联系人：张小明，邮箱 zhang.xm@hongda.example.cn，电话 13800001111。"),
    5: ("Deployment", "Kubernetes rolls back by itself. Ask Alexander before a release on Friday."),
    6: ("Travel", "We can change the booking; women and men share the lake house in June."),
    7: ("编号规则", "合同的编号由法务部给出，编号不重复。"),
    8: ("印章", "公章在保险柜，用章须登记。"),
    9: ("数据库", "ORA-01555 表示快照过旧；HTTP 502 多半是网关超时，见 /opt/app/conf.d/db.yml。"),
    10: ("产品", "型号 XJ-300B/2 已停产，由 XJ-310 代替。"),
    11: (
        "Invoices",
        "Invoice INV2024-0007 was paid by Ouyang Trading; contact billing@acme.example.",
    ),
    12: ("巡检", "欧阳锋与吕布轮流值班，司机老周送件。"),
    13: ("账号", "登录名与邮箱相同，忘记密码请找王建国。"),
    14: ("马克", "马克杯放在茶水间，李克强调过要洗干净。"),
    15: ("会议", "章三负责会议记录。我们每周一例会。"),
}
# Only somebody else may read it.
HIDDEN = (16, "机密", "Kubernetez and Alexandre; 张晓明的机密，zhangsan, 王健国。")
MINE = tuple(TEXTS)


@pytest.fixture(scope="module", params=["growing", "folded"])
def index(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Index:
    rows = Rows()
    for number, (title, text) in TEXTS.items():
        rows.publish(entry(number, number, text, title))
    rows.publish(entry(HIDDEN[0], HIDDEN[0], HIDDEN[2], HIDDEN[1]))
    folder: Path = tmp_path_factory.mktemp("hard") / "index"
    if request.param == "folded":
        fold(folder, MODEL, DIMENSION, rows)
    made = Index.open(folder, MODEL, DIMENSION)
    made.catch_up(rows)
    return made


def found(index: Index, query: str, mine: Iterable[int] = MINE) -> list[int]:
    hits = index.search(query, None, np.array([*mine], np.int64), 20)
    return [hit.passage_id for hit in hits]


@pytest.mark.parametrize(
    ("query", "first", "never"),
    [
        # One Chinese character.
        ("章", {8, 15}, {1, 2, 3}),
        ("柜", {8}, {1, 7}),
        ("码", {2, 13}, {8}),
        # Two-character words, and neighbours no dictionary has.
        ("雪崩", {2}, {8}),
        ("公章", {8}, {15, 3}),
        ("限流", {2}, {7}),
        ("过旧", {9}, {8}),
        # Product codes, ticket numbers, error codes, however they are written.
        ("CRM-2041", {1}, {2, 9}),
        ("crm2041", {1}, {2}),
        ("CRM 2041", {1}, {2}),
        ("ＣＲＭ—２０４１", {1}, {2}),
        ("XJ-300B/2", {10}, {9}),
        ("xj300b", {10}, {9}),
        ("XJ310", {10}, {9}),
        ("E1017", {2}, {9}),
        ("ORA-01555", {9}, {2}),
        ("ora01555", {9}, {2}),
        ("HTTP 502", {9}, {2}),
        ("INV2024-0007", {11}, {1}),
        ("inv 2024 0007", {11}, {1}),
        ("13800001111", {4}, {11}),
        # Addresses and paths, whole or in part.
        ("zhang.xm@hongda.example.cn", {4}, {8}),
        ("billing@acme.example", {11}, {8}),
        ("acme", {11}, {4}),
        ("conf.d/db.yml", {9}, {8}),
        # Quoted phrases: in this order and without anything between.
        ('"合同 编号"', {1}, {8}),
        ("“合同的编号”", {7}, {8}),
        ('"rolls back by itself"', {5}, {6}),
        # Two languages in one query.
        ("Redis 缓存 雪崩", {2}, {8}),
        ("redis缓存雪崩怎么办", {2}, {8}),
        ("Kubernetes 回滚", {5}, {6}),
        # One slip of the keys.
        ("Kuberntes", {5}, {6}),
        ("kubernetees", {5}, {6}),
        ("kubrenetes", {5}, {6}),
        ("Alexandar", {5}, {6}),
        ("bilinng contact", {11}, {6}),
        ("公章 invioce", {8, 11}, {6}),
        # Another character of the same sound in a name.
        ("张晓明", {4}, {3, 15}),
        ("章小明", {4}, {3}),
        ("张晓明的电话是多少", {4}, {3}),
        ("王健国", {13}, {8}),
        # Names in pinyin.
        ("zhangsan", {3, 15}, {4, 6}),
        ("zhang san", {3, 15}, {6}),
        ("ZhangSan", {3}, {6}),
        ("San Zhang", {3, 15}, {6}),
        ("Zhang Xiaoming", {4}, {3}),
        ("xiaoming zhang", {4}, {3}),
        ("zhang xiao ming", {4}, {3}),
        ("lina", {3}, {4}),
        ("ouyangfeng", {12}, {11}),
        ("lvbu", {12}, {8}),
        ("Lü Bu", {12}, {8}),
        ("zhangsan 工资", {3}, {6}),
        # Words of English that could be pinyin are words of English.
        ("women", {6}, {15}),
        ("can", {6}, {15}),
        ("change", {6}, {3, 14}),
        ("house", {6}, {8}),
    ],
)
def test_a_hard_query_finds_its_passage_first(
    index: Index, query: str, first: set[int], never: set[int]
) -> None:
    hits = found(index, query)
    assert set(hits[: len(first)]) == first
    assert not never & set(hits)


@pytest.mark.parametrize("query", ["make", "like", "bang", "xyzzy", "张", "赵六", "zz", "shi"])
def test_what_is_near_nothing_finds_no_more_than_its_words(index: Index, query: str) -> None:
    seen = np.array(MINE, np.int64)
    assert index.read(query, seen).near == ()


def test_what_was_typed_comes_before_what_is_near(index: Index) -> None:
    everything = (*MINE, HIDDEN[0])
    assert found(index, "zhangsan", everything)[0] == HIDDEN[0]
    assert found(index, "张晓明", everything) == [HIDDEN[0]]
    assert found(index, "Kubernetez", everything) == [HIDDEN[0]]


@pytest.mark.parametrize("query", ["Kubernetez", "Alexandre", "张晓明", "zhangsan", "王健国"])
def test_a_word_of_somebody_elses_document_is_no_word(index: Index, query: str) -> None:
    """Whether a typo is mended does not tell that another document has the word."""
    mine = np.array(MINE, np.int64)
    near = index.read(query, mine).near
    assert near
    alone = Rows()
    for number, (title, text) in TEXTS.items():
        alone.publish(entry(number, number, text, title))
    other = Index.open(Path("/nowhere"), MODEL, DIMENSION)
    other.catch_up(alone)
    assert [each.others for each in other.read(query, mine).near] == [each.others for each in near]


def test_what_was_meant_is_marked(index: Index) -> None:
    mine = np.array(MINE, np.int64)
    for query, number, word in (
        ("Kuberntes", 5, "Kubernetes"),
        ("张晓明", 4, "张小明"),
        ("zhangsan", 3, "张三"),
        ("Zhang Xiaoming", 4, "张小明"),
    ):
        text = TEXTS[number][1]
        start, stop = matches(text, index.read(query, mine))[0]
        assert text[start:stop] == word
