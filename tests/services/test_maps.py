"""Knowledge maps: when they are built, from what, and what each person sees of them."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime

import pytest
from sqlalchemy import select, update

from knowledge_map import KnowledgeMap
from portal.errors import Forbidden, NotFound
from portal.models import (
    Assignment,
    Map,
    Position,
    Reading,
    Visibility,
)
from portal.services import blueprints, documents, handovers, items, map_building, maps, reconciling
from portal.services.maps import MapPage
from portal.services.uploads import ToItem
from tests.conftest import Clock
from tests.services.conftest import Desk
from tests.services.library import CLIENTS, SERVERS, Library

EVERYBODY = (
    "leaver",
    "receiver",
    "colleague",
    "neighbour",
    "outsider",
    "head",
    "chief",
    "hr",
    "administrator",
    "auditor",
    "departed",
)
TRAVEL = "# Travel\n\n## Booking a hotel\n\nBook the hotel near the client two weeks ahead.\n"


@pytest.fixture
def library(desk: Desk, case: str) -> Library:
    return Library(desk, case)


def build(desk: Desk, position: str = "sales") -> None:
    map_building.build(desk.resources, desk.company.positions[position].id)


def rows(desk: Desk) -> list[Map]:
    with desk.resources.read() as uow:
        return list(uow.session.scalars(select(Map).order_by(Map.number)))


def place(desk: Desk, position: str = "sales") -> Position:
    with desk.resources.read() as uow:
        return uow.session.get_one(Position, desk.company.positions[position].id)


def show(desk: Desk, who: str, position: str = "sales") -> MapPage:
    with desk.company.looking(who) as uow:
        return maps.show(uow, desk.company.positions[position].public_id)


def filled(page: MapPage) -> set[str]:
    """Documents' titles are not on the page: what areas hold, by name."""
    return {line.area.title for line in page.areas if line.documents}


def test_sealing_orders_the_map_and_the_job_builds_it_once(library: Library) -> None:
    desk = library.desk
    library.add(SERVERS, "servers.md")
    position = desk.company.positions["sales"].id
    assert position in desk.outbox.named("build_map")
    assert place(desk).map_wanted_at is not None
    for _ in range(3):
        build(desk)
    (row,) = rows(desk)
    assert row.number == 1
    assert place(desk).map_wanted_at is None
    assert place(desk).map_lease_until is None
    assert filled(show(desk, "colleague")) == {"Server handbook"}


def test_the_same_documents_add_no_row(library: Library) -> None:
    desk = library.desk
    library.add(SERVERS, "servers.md")
    build(desk)
    want(desk)
    build(desk)
    assert len(rows(desk)) == 1
    assert place(desk).map_wanted_at is None


def want(desk: Desk) -> None:
    with desk.resources.write() as uow:
        uow.session.execute(update(Position).values(map_wanted_at=uow.resources.clock()))


def test_a_new_document_gives_a_new_number_and_areas_keep_their_ids(library: Library) -> None:
    desk = library.desk
    library.add(SERVERS, "servers.md")
    build(desk)
    before = {line.area.title: line.area.id for line in show(desk, "colleague").areas}
    library.add(TRAVEL, "travel.md")
    build(desk)
    assert [row.number for row in rows(desk)] == [1, 2]
    after = {line.area.title: line.area.id for line in show(desk, "colleague").areas}
    assert before.items() <= after.items()
    assert "Travel" in after


def test_drafts_and_unread_files_do_not_stop_it(library: Library, desk: Desk) -> None:
    library.add(SERVERS, "draft.md", sealed=False)
    library.add(b"%PDF-1.4 broken", "broken.pdf")
    build(desk)
    page = show(desk, "colleague")
    assert filled(page) == {"broken"}
    assert page.documents == 1


def test_the_map_is_of_the_newest_sealed_version(library: Library, desk: Desk) -> None:
    first = library.add(SERVERS, "notes.md")
    build(desk)
    library.correct(first, TRAVEL, "notes.md", sealed=False)
    build(desk)
    assert filled(show(desk, "colleague")) == {"Server handbook"}
    with desk.company.acting("leaver") as uow:
        documents.submit_extra(uow, desk.document(first))
    build(desk)
    assert filled(show(desk, "colleague")) == {"Travel"}


def test_files_of_items_fill_the_lines_of_the_checklist(desk: Desk, item: str, case: str) -> None:
    build_blueprint_map(desk)
    page = show(desk, "colleague")
    assert [line.area.title for line in page.areas] == [
        "客户档案",
        "未完成订单",
        "Tips for the next person",
    ]
    assert page.missing == 3
    assert page.complete
    desk.upload("leaver", ToItem(item), CLIENTS, "客户.md")
    desk.work()
    with desk.company.acting("leaver") as uow:
        items.submit(uow, item)
    build(desk)
    line = show(desk, "colleague").areas[0]
    assert (line.area.title, line.documents, line.tone) == ("客户档案", 1, "fresh")
    assert [person.name for person in line.authors] == ["李 离职"]


def build_blueprint_map(desk: Desk) -> None:
    want(desk)
    build(desk)


def test_a_saved_blueprint_is_a_map_of_what_is_missing(desk: Desk) -> None:
    place_of = desk.company.positions["engineer"]
    form = blueprints.LineForm(None, "document", "Runbooks", "", True, "leaver", 3)
    with desk.company.acting("hr") as uow:
        blueprints.save(uow, place_of.public_id, [form], "", 0)
    build(desk, "engineer")
    page = show(desk, "outsider", "engineer")
    assert [(line.area.title, line.tone) for line in page.areas] == [("Runbooks", "empty")]


def test_documents_of_a_cancelled_case_leave_the_map(library: Library, desk: Desk) -> None:
    library.add(SERVERS, "servers.md")
    build(desk)
    with desk.company.acting("hr") as uow:
        handovers.cancel(uow, library.case, "a mistake")
    assert filled(show(desk, "colleague")) == set(), "at once, before the job has run"
    build(desk)
    assert "Server handbook" not in json.dumps(rows(desk)[-1].content)


def test_what_only_receivers_may_read_never_enters_a_map(library: Library, desk: Desk) -> None:
    library.add(SERVERS, "servers.md", Visibility.RECEIVERS)
    build(desk)
    (row,) = rows(desk)
    text = json.dumps(row.content, ensure_ascii=False)
    assert "Server handbook" not in text
    assert desk.document(library.versions["servers"]) not in text
    assert filled(show(desk, "receiver")) == set()


@pytest.mark.parametrize("who", EVERYBODY)
def test_who_sees_a_map(library: Library, desk: Desk, who: str) -> None:
    library.add(SERVERS, "servers.md")
    library.add(TRAVEL, "travel.md", Visibility.COMPANY)
    build(desk)
    expected = {
        "leaver": {"Server handbook", "Travel"},
        "receiver": {"Server handbook", "Travel"},
        "colleague": {"Server handbook", "Travel"},
        "head": {"Server handbook", "Travel"},
        "chief": {"Server handbook", "Travel"},
        "hr": {"Travel"},
        "neighbour": None,
        "outsider": None,
        "administrator": None,
        "auditor": None,
        "departed": None,
    }[who]
    if expected is None:
        with pytest.raises((NotFound, Forbidden)):
            show(desk, who)
        return
    page = show(desk, who)
    assert filled(page) == expected
    assert page.documents == len(expected)
    assert page.complete == (who != "hr")


def test_a_receiver_of_another_position_sees_own_cases_only(desk: Desk) -> None:
    company = desk.company
    first = Library(desk, company.handover(leaver="colleague", receivers=("outsider",)))
    first.add(SERVERS, "servers.md", who="colleague")
    second = Library(desk, company.handover(leaver="leaver", receivers=("receiver",)))
    second.add(TRAVEL, "travel.md")
    build(desk)
    page = show(desk, "outsider")
    assert filled(page) == {"Server handbook"}
    assert not page.complete, "an empty area need not be a missing one for them"
    assert filled(show(desk, "receiver")) == {"Server handbook", "Travel"}
    with company.looking("outsider") as uow:
        (line,) = [each for each in maps.index(uow) if each.position.name == "销售经理"]
    assert (line.documents, line.areas) == (1, 1)


def test_hidden_areas_cannot_be_opened(library: Library, desk: Desk) -> None:
    library.add(SERVERS, "servers.md")
    build(desk)
    position = desk.company.positions["sales"].public_id
    (area,) = [line.area for line in show(desk, "colleague").areas if line.documents]
    for who, area_id in (("hr", area.id), ("colleague", "area-unknown"), ("colleague", "")):
        with desk.company.looking(who) as uow, pytest.raises(NotFound):
            maps.area(uow, position, area_id)


def test_an_area_leads_to_its_documents_and_passages(library: Library, desk: Desk) -> None:
    version = library.add(SERVERS, "servers.md")
    build(desk)
    position = desk.company.positions["sales"].public_id
    (area,) = [line.area for line in show(desk, "colleague").areas if line.documents]
    with desk.company.looking("colleague") as uow:
        found = maps.area(uow, position, area.id)
    (document,) = found.documents
    assert document.version.public_id == version
    texts = " ".join(passage.text for passage, _ in document.passages)
    assert "Stop the queue first" in texts
    assert {each.public_id for _, each in document.passages} == {version}


def test_a_right_that_ended_a_second_ago_ends_the_map(library: Library, desk: Desk) -> None:
    library.add(SERVERS, "servers.md")
    build(desk)
    show(desk, "colleague")
    with desk.resources.write() as uow:
        uow.session.execute(
            update(Assignment)
            .where(Assignment.person_id == desk.company.people["colleague"].id)
            .values(ends_on=datetime(2026, 3, 1, tzinfo=UTC).date())
        )
    with pytest.raises((NotFound, Forbidden)):
        show(desk, "colleague")


def test_old_areas_look_old(library: Library, desk: Desk, clock: Clock) -> None:
    library.add(SERVERS, "servers.md")
    build(desk)
    tones = []
    for days in (0, 200, 400):
        clock.move(days=days)
        page = show(desk, "colleague")
        tones.append(next(line.tone for line in page.areas if line.documents))
    assert tones == ["fresh", "settled", "old"]


def test_a_killed_builder_holds_the_map_until_its_lease_ends(
    library: Library, desk: Desk, clock: Clock
) -> None:
    library.add(SERVERS, "servers.md")
    position = desk.company.positions["sales"].id
    assert map_building._claim(desk.resources, position) is not None  # and then it is killed
    build(desk)
    assert rows(desk) == []
    desk.outbox.jobs.clear()
    reconciling.reconcile(desk.resources)
    assert position not in desk.outbox.named("build_map"), "somebody may be at it"
    clock.move(seconds=desk.resources.settings.lease_seconds + 1)
    reconciling.reconcile(desk.resources)
    assert position in desk.outbox.named("build_map")
    build(desk)
    assert len(rows(desk)) == 1


def test_a_change_while_it_is_built_is_not_forgotten(
    library: Library, desk: Desk, clock: Clock
) -> None:
    library.add(SERVERS, "servers.md")
    position = desk.company.positions["sales"].id
    claim = map_building._claim(desk.resources, position)
    assert claim is not None
    clock.move(seconds=1)
    library.add(TRAVEL, "travel.md")
    desk.outbox.jobs.clear()
    map_building._store(desk.resources, claim, KnowledgeMap())
    assert place(desk).map_wanted_at is not None
    assert desk.outbox.named("build_map") == [position]
    build(desk)
    assert "Travel" in filled(show(desk, "colleague"))
    assert place(desk).map_wanted_at is None


def test_a_slow_builder_overwrites_nobody(library: Library, desk: Desk, clock: Clock) -> None:
    library.add(SERVERS, "servers.md")
    slow = map_building._claim(desk.resources, desk.company.positions["sales"].id)
    assert slow is not None
    clock.move(seconds=desk.resources.settings.lease_seconds + 1)
    build(desk)
    map_building._store(desk.resources, slow, KnowledgeMap())
    (row,) = rows(desk)
    assert row.content["areas"]
    want(desk)
    build(desk)
    assert len(rows(desk)) == 1


def test_two_at_once_make_one_map(library: Library, desk: Desk) -> None:
    library.add(SERVERS, "servers.md")
    failed: list[BaseException] = []

    def work() -> None:
        try:
            build(desk)
        except BaseException as error:
            failed.append(error)
            raise

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert [row.number for row in rows(desk)] == [1]


def test_a_failed_build_gives_the_lease_back(
    library: Library, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    library.add(SERVERS, "servers.md")

    def broken(*_: object) -> None:
        raise OSError

    with monkeypatch.context() as patched, pytest.raises(OSError):
        patched.setattr(map_building, "build_map", broken)
        build(desk)
    assert place(desk).map_lease_until is None
    assert place(desk).map_wanted_at is not None
    build(desk)
    assert len(rows(desk)) == 1


def test_a_map_of_an_older_program_is_built_anew(library: Library, desk: Desk) -> None:
    library.add(SERVERS, "servers.md")
    build(desk)
    with desk.resources.write() as uow:
        uow.session.execute(update(Map).values(content={"format": 0}))
    assert show(desk, "colleague").areas == []
    build(desk)
    assert [row.number for row in rows(desk)] == [1, 2]
    assert filled(show(desk, "colleague")) == {"Server handbook"}


def test_a_position_without_anything_has_an_empty_page(desk: Desk) -> None:
    page = show(desk, "outsider", "engineer")
    assert (page.areas, page.built_at, page.rebuilding) == ([], None, False)
    map_building.build(desk.resources, 10**6)


def test_passages_read_anew_leave_the_document_there(library: Library, desk: Desk) -> None:
    version = library.add(SERVERS, "servers.md")
    build(desk)
    with desk.resources.write() as uow:
        reading = uow.session.get_one(Reading, desk.reading(version).id)
        reading.current = False
    (area,) = [line.area for line in show(desk, "colleague").areas if line.documents]
    with desk.company.looking("colleague") as uow:
        found = maps.area(uow, desk.company.positions["sales"].public_id, area.id)
    assert [each.passages for each in found.documents] == [[]]
