"""Evaluating a folder in the BEIR layout: reading it, measuring, and the portal's own way there."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from indexing.encoder import Encoder
from indexing.entry import Hit
from indexing.evaluation.collection import Collection, CollectionUnusable, Document
from indexing.evaluation.indexed import Indexed, encode, passages_of
from indexing.evaluation.measures import measures
from indexing.index import Mode

DOCUMENTS = [
    {
        "_id": "bees",
        "title": "养蜂",
        "text": "蜂箱每两周检查一次，记录蜂王的情况。\n冬天给蜂群喂糖水。",
    },
    {"_id": "boats", "title": "Boats", "text": "The ferry to the island leaves at seven o'clock."},
    {"_id": 3, "text": "印章在财务部王会计的保险柜里，借用要登记。"},
]
QUESTIONS = [
    {"_id": "q1", "text": "蜂箱多久检查一次？"},
    {"_id": "q2", "text": "When does the ferry leave?"},
    {"_id": "q3", "text": "印章在哪里？"},
    {"_id": "unjudged", "text": "谁知道？"},
]
JUDGED = "query-id\tcorpus-id\tscore\nq1\tbees\t1\nq2\tboats\t2\nq2\tbees\t0\nq3\t3\t1\n"


def beir(folder: Path, documents: object = DOCUMENTS, judged: str = JUDGED) -> Path:
    """Write a folder in the BEIR layout."""
    lines = documents if isinstance(documents, str) else _jsonl(documents)
    (folder / "qrels").mkdir(parents=True)
    (folder / "corpus.jsonl").write_text(lines, "utf-8")
    (folder / "queries.jsonl").write_text(_jsonl(QUESTIONS), "utf-8")
    (folder / "qrels" / "test.tsv").write_text(judged, "utf-8")
    return folder


def _jsonl(values: object) -> str:
    assert isinstance(values, list)
    return "".join(json.dumps(value, ensure_ascii=False) + "\n" for value in values)


def test_measures_are_those_of_trec_eval() -> None:
    found = ["a", "x", "b"]
    value = measures(found, {"a": 1, "b": 2, "c": 1})
    gained = 1 / math.log2(2) + 2 / math.log2(4)
    best = 2 / math.log2(2) + 1 / math.log2(3) + 1 / math.log2(4)
    assert value["ndcg@10"] == pytest.approx(gained / best)
    assert value["recall@10"] == pytest.approx(2 / 3)
    assert (value["hit@1"], value["mrr@10"]) == (1, 1)
    late = measures(["x"] * 10 + ["a"], {"a": 1})
    assert late == {"ndcg@10": 0, "recall@10": 0, "recall@100": 1, "hit@1": 0, "mrr@10": 0}
    assert measures(["x", "a"], {"a": 3})["mrr@10"] == 0.5
    assert set(measures([], {"a": 1}).values()) == {0}


def test_a_collection_is_read(tmp_path: Path) -> None:
    read = Collection.read(beir(tmp_path / "set"))
    assert read.name == "set"
    assert read.documents[2] == Document("3", "", DOCUMENTS[2]["text"])  # type: ignore[arg-type]
    assert [(q.id, dict(q.relevant)) for q in read.questions] == [
        ("q1", {"bees": 1}),
        ("q2", {"boats": 2}),
        ("q3", {"3": 1}),
    ]
    assert len(read.drawn(2)) == 2
    assert read.drawn(2) == read.drawn(2)
    assert read.drawn(9) == read.drawn(None) == read.questions


@pytest.mark.parametrize(
    ("documents", "judged", "said"),
    [
        ('{"_id": "a", "text": "b"}\n{"_id":\n', JUDGED, "corpus.jsonl, line 2: not JSON"),
        ('["a", "b"]\n', JUDGED, "line 1: not an object"),
        ('{"_id": "a", "title": "b"}\n', JUDGED, 'line 1: no "text"'),
        ('{"_id": "a", "text": "b"}\n' * 2, JUDGED, "line 2: the _id a stands there twice"),
        ("\n", JUDGED, "holds no document"),
        (DOCUMENTS, "q1\tbees\t1\n", "test.tsv, line 1: not the heading"),
        (DOCUMENTS, JUDGED + "q1\tbees\tgood\n", "test.tsv, line 6: not an id"),
        (DOCUMENTS, JUDGED + "q1 bees 1\n", "test.tsv, line 6: not an id"),
        (DOCUMENTS, "query-id\tcorpus-id\tscore\n", "holds no question with a relevant document"),
        (DOCUMENTS, "", "test.tsv, line 1: not the heading"),
    ],
)
def test_what_is_wrong_with_a_folder_is_a_sentence(
    tmp_path: Path, documents: object, judged: str, said: str
) -> None:
    with pytest.raises(CollectionUnusable) as caught:
        Collection.read(beir(tmp_path / "set", documents, judged))
    assert said in str(caught.value)


def test_a_folder_of_something_else_names_what_is_missing(tmp_path: Path) -> None:
    (tmp_path / "corpus.jsonl").write_bytes(b"\xff\xfe")
    with pytest.raises(CollectionUnusable, match=r"queries.jsonl, qrels/test.tsv missing"):
        Collection.read(tmp_path)
    beir(tmp_path / "set")
    (tmp_path / "set" / "corpus.jsonl").write_bytes(b"\xff\xfe")
    with pytest.raises(CollectionUnusable, match="not UTF-8"):
        Collection.read(tmp_path / "set")


def test_documents_are_cut_with_their_title_above(encoder: Encoder) -> None:
    long = Document("a", "Rules", "Nobody enters the hall alone. " * 30)
    cut = passages_of(long, encoder, 60)
    assert len(cut) > 2
    assert all(passage.embedding_text.startswith("Rules\n") for passage in cut)
    assert [p.text for p in passages_of(Document("b", "Only a title", ""), encoder, 60)] == [
        "Only a title"
    ]
    assert passages_of(Document("c", "", " \n"), encoder, 60) == []


def test_questions_are_asked_as_the_portal_searches(tmp_path: Path, encoder: Encoder) -> None:
    collection = Collection.read(beir(tmp_path / "set"))
    told: list[tuple[int, int]] = []
    encoded = encode(collection, encoder, 300, lambda done, total: told.append((done, total)))
    assert told == [(3, 3)]
    assert encoded.tokens > 40
    assert encoded.seconds > 0
    indexed = Indexed(collection, encoded, encoder)
    index = indexed.fold(tmp_path / "index")
    for mode in Mode:
        answered = indexed.ask(index, collection.questions, (mode, 200))
        assert answered.means["hit@1"] == 1, mode
        assert 0 < answered.percentile(50) <= answered.percentile(95)
    # Several passages of one document count once, in the place of the best.
    hits = [Hit(place, owner, 1.0, None, None) for place, owner in enumerate((1, 0, 1, 2))]
    assert indexed.documents(hits) == ["boats", "bees", "3"]
