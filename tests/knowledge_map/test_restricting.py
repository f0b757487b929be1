"""What is left of a map for somebody who may read only some of its documents."""

from __future__ import annotations

import json

import pytest

from knowledge_map import Caption, KnowledgeMap, build, draw, restricted, visible_areas
from knowledge_map.geometry import Shape
from tests.knowledge_map.corpus import CLIENTS, DESK, ORDERS, by_title, document, titles

SOURCES = [
    document("open-1", 1, key="clients", title="Client list"),
    document("secret-1", 2, key="clients", title="Kundengeheimnis"),
    document("secret-2", 3, key="orders", title="Auftragsgeheimnis"),
    document("secret-3", 4, key="desk", title="Schreibtischgeheimnis"),
    document("open-2", 6, title="2024", headings=("Mail servers",)),
    document("secret-4", 6, title="2025", headings=("Geheimserver",), each=9),
    document("secret-5", 9, title="Geheimplan", headings=("Geheimplan",)),
]
OPEN = {"open-1": "Client list", "open-2": "2024"}


@pytest.fixture(scope="module")
def whole() -> KnowledgeMap:
    return build([CLIENTS, ORDERS, DESK], SOURCES)


def test_who_may_read_everything_sees_the_very_map(whole: KnowledgeMap) -> None:
    assert restricted(whole, {source.id: source.title for source in SOURCES}) is whole


def test_nothing_of_hidden_documents_is_left(whole: KnowledgeMap) -> None:
    seen = restricted(whole, OPEN)
    text = json.dumps(seen.to_json(), ensure_ascii=False).casefold()
    assert "geheim" not in text
    assert "secret" not in text
    hidden = {piece.id for source in SOURCES if "secret" in source.id for piece in source.pieces}
    shown = {passage for area in seen.areas for entry in area.entries for passage in entry.passages}
    assert hidden.isdisjoint(shown)


def test_areas_of_hidden_documents_are_gone_and_the_checklist_is_hollow(
    whole: KnowledgeMap,
) -> None:
    seen = restricted(whole, OPEN)
    assert titles(seen) == ["客户档案", "未完成订单", "2024"]
    assert by_title(seen, "未完成订单").entries == ()
    assert by_title(seen, "客户档案").documents == ("open-1",)
    assert by_title(seen, "客户档案").amount == 4


def test_an_area_with_hidden_documents_only_looks_like_an_empty_one(whole: KnowledgeMap) -> None:
    sources = [source for source in SOURCES if source.id.startswith("open")]
    honest = build([CLIENTS, ORDERS, DESK], sources)
    seen = by_title(restricted(whole, OPEN), "未完成订单")
    assert (seen.entries, seen.hollow) == (by_title(honest, "未完成订单").entries, True)
    assert all(seen.id not in ids for ids in restricted(whole, OPEN).likeness)


def test_a_name_of_hidden_words_gives_way_to_a_title(whole: KnowledgeMap) -> None:
    area = by_title(whole, next(name for name in titles(whole) if "Geheimserver" in name))
    assert "open-2" in area.documents
    seen = restricted(whole, {"open-2": "Monday notes"})
    found = seen.area(area.id)
    assert found is not None
    assert found.title in ("Mail servers", "Monday notes")


def test_nobody_sees_more_than_the_checklist_of_a_map_that_is_not_theirs(
    whole: KnowledgeMap,
) -> None:
    seen = restricted(whole, {})
    assert titles(seen) == ["客户档案", "未完成订单"]
    assert not any(area.entries for area in seen.areas)
    assert seen.likeness == {}


def test_counting_sees_the_same_areas(whole: KnowledgeMap) -> None:
    for readable in ({}, OPEN, {source.id: source.title for source in SOURCES}):
        counted = [(a.id, a.title, a.entries) for a in visible_areas(whole, readable)]
        assert counted == [(a.id, a.title, a.entries) for a in restricted(whole, readable).areas]


def caption(name: str) -> Caption:
    return Caption(f"/areas/{name}", "2", "2 documents", f"{name}: 2 documents", "fresh")


@pytest.mark.parametrize("shape", list(Shape))
def test_the_picture_has_a_named_link_for_each_area_in_reading_order(
    whole: KnowledgeMap, shape: Shape
) -> None:
    drawn = draw(whole, shape, "A map", {a.id: caption(a.title) for a in whole.areas})
    spots = [drawn.index(f'aria-label="{area.title}: 2 documents"') for area in whole.areas]
    assert spots == sorted(spots)
    assert drawn.count("<a ") == len(whole.areas)
    assert 'aria-label="A map"' in drawn
    assert "style=" not in drawn
    assert " id=" not in drawn, "two pictures of one map stand on a page"


def test_hostile_names_stay_text() -> None:
    bad = '"><script>alert(1)</script>&'
    made = build([type(CLIENTS)('k"><b>', bad)], [document("a", 1, title=bad, headings=(bad,))])
    drawn = draw(made, Shape.WIDE, bad, {a.id: caption(bad) for a in made.areas})
    assert "<script" not in drawn
    assert "<b>" not in drawn


def test_an_empty_map_is_a_picture_of_nothing() -> None:
    assert "<a " not in draw(KnowledgeMap(), Shape.WIDE, "A map", {})
