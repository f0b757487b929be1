"""Maps: what becomes an area, how it is named, and what stays when documents come and go."""

from __future__ import annotations

import math

import pytest

from knowledge_map import AreaKind, KnowledgeMap, Shape, Source, build
from knowledge_map.building import BEST, MOST_AREAS
from tests.knowledge_map.corpus import (
    CLIENTS,
    DESK,
    ORDERS,
    by_title,
    document,
    titles,
    unread,
)

LINES = [CLIENTS, ORDERS, DESK]


def many(count: int, topics: int = 10) -> list[Source]:
    return [document(f"doc-{number}", number % topics) for number in range(count)]


def test_nothing_at_all_is_an_empty_map() -> None:
    assert build([], []) == KnowledgeMap()


def test_what_the_checklist_expects_is_there_before_any_document() -> None:
    made = build(LINES, [])
    assert titles(made) == ["客户档案", "未完成订单"], "a task is no knowledge until it has files"
    assert all(not area.entries and area.hollow for area in made.areas)


def test_documents_fill_the_line_they_were_handed_in_for() -> None:
    made = build(LINES, [document("a", 1, key="clients"), document("b", 2, key="desk")])
    assert titles(made) == ["客户档案", "未完成订单", "Desk and badge returned"]
    assert [area.documents for area in made.areas] == [("a",), (), ("b",)]
    assert all(area.kind is AreaKind.EXPECTED for area in made.areas)


def test_a_line_that_was_taken_off_the_checklist_leaves_its_documents() -> None:
    made = build([CLIENTS], [document("a", 1, key="gone", title="Old prices")])
    assert titles(made) == ["客户档案", "Old prices"]
    assert made.areas[1].kind is AreaKind.FOUND


@pytest.mark.parametrize("count", [1, 2, 3])
def test_few_documents_make_a_map(count: int) -> None:
    made = build([], [document(name, topic) for topic, name in enumerate("abc"[:count])])
    found = {document for area in made.areas for document in area.documents}
    assert found == set("abc"[:count])
    assert all(area.title for area in made.areas)


def test_extra_knowledge_is_grouped_by_meaning_and_named_by_its_headings() -> None:
    made = build([], many(40))
    assert sorted(titles(made)) == [f"Topic {letter}" for letter in "ABCDEFGHIJ"]
    for area in made.areas:
        assert len({int(each.split("-")[1]) % 10 for each in area.documents}) == 1


def test_a_long_document_about_many_things_is_in_several_areas() -> None:
    made = build([], [document("handbook", 1, 2, 3, 4, 5, 6)])
    assert len(made.areas) >= 3
    assert {area.documents for area in made.areas} == {("handbook",)}


def test_a_short_document_stays_whole() -> None:
    made = build([], [document("note", 1, 2, 3, each=1)])
    assert [area.documents for area in made.areas] == [("note",)]


def test_hundreds_of_documents_make_a_map_one_can_take_in() -> None:
    made = build([CLIENTS, ORDERS], many(300, topics=40))
    assert 12 <= len(made.areas) <= MOST_AREAS


def test_what_is_too_much_for_one_line_is_split() -> None:
    topics = (1, 2, 3, 4)
    large = [document(f"d{n}", *topics, key="clients", each=5) for n in range(4)]
    made = build([CLIENTS, ORDERS], [*large, document("x", 9)])
    first, *parts = [area for area in made.areas if area.parent or area.id == "line-clients"]
    assert first.title == "客户档案"
    assert parts
    assert all(area.parent == first.id and area.kind is AreaKind.FOUND for area in parts)
    assert made.areas[: 1 + len(parts)] == (first, *parts), "parts stand behind their line"


def test_documents_without_text_are_on_the_map() -> None:
    sources = [unread("a", key="clients"), unread("b"), unread("c"), document("d", 1)]
    made = build([CLIENTS], sources)
    found = {document for area in made.areas for document in area.documents}
    assert found == set("abcd")
    assert by_title(made, "客户档案").amount == 1


def test_documents_that_are_all_called_the_same_have_areas_of_different_names() -> None:
    sources = [document(f"d{topic}", topic, title="记录", headings=("记录",)) for topic in range(5)]
    made = build([CLIENTS], sources)
    assert len(set(titles(made))) == len(made.areas) > 2


def test_the_nearest_passages_lead() -> None:
    made = build([], [document("handbook", *([1] * 10))])
    entry = made.areas[0].entries[0]
    assert entry.amount == 40
    assert len(entry.passages) == 1, "one of each heading"
    made = build([], [document("a", *range(10), each=1), document("b", 20)])
    assert all(len(e.passages) <= BEST for area in made.areas for e in area.entries)


def test_the_same_documents_give_the_same_map() -> None:
    first = build(LINES, many(60)).to_json()
    assert build(LINES, many(60)).to_json() == first
    again = build(LINES, many(60), KnowledgeMap.from_json(first))
    assert again.to_json() == first


def test_areas_keep_their_ids_and_places_when_a_document_is_added() -> None:
    before = build(LINES, many(40))
    after = build(LINES, [*many(40), document("new", 3)], before)
    assert {area.id for area in after.areas} == {area.id for area in before.areas}
    moved = [
        math.dist(old.places[shape], area.places[shape])
        for area in after.areas
        for shape in Shape
        if (old := before.area(area.id))
    ]
    assert max(moved) < 60, "nothing jumps"
    assert sum(distance > 0 for distance in moved) <= len(moved) / 4, "and most stays where it was"


def test_areas_keep_their_ids_when_their_names_change() -> None:
    before = build([], many(20, topics=4))
    renamed = [
        document(f"doc-{n}", n % 4, headings=(f"Chapter {'WXYZ'[n % 4]}",)) for n in range(20)
    ]
    after = build([], renamed, before)
    assert set(titles(before)).isdisjoint(titles(after))
    assert {a.id: a.documents for a in before.areas}.keys() == {a.id for a in after.areas}


def test_an_area_that_falls_apart_goes_on_in_its_larger_part() -> None:
    old = [document(f"d{n}", 1) for n in range(6)]
    before = build([], [*old, *(document(f"e{n}", 5) for n in range(6))])
    one = next(area for area in before.areas if "d0" in area.documents)
    split = [document(f"d{n}", 1 if n < 4 else 30) for n in range(6)]
    after = build([], [*split, *(document(f"e{n}", 5) for n in range(6))], before)
    heir = after.area(one.id)
    assert heir is not None
    assert "d0" in heir.documents
    assert len({area.id for area in after.areas}) == len(after.areas)


def test_a_line_keeps_its_id_when_it_is_renamed() -> None:
    before = build([CLIENTS], [])
    after = build([type(CLIENTS)("clients", "Client files")], [], before)
    assert [area.id for area in after.areas] == [area.id for area in before.areas]


def test_maps_of_another_format_are_not_read() -> None:
    with pytest.raises(ValueError):
        KnowledgeMap.from_json({"format": 0, "areas": []})
