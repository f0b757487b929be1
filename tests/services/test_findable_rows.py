"""What is remembered of what people may find: never longer than it is true."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import delete, insert, select, text, update

from portal.models import (
    Document,
    Event,
    FindableChange,
    Handover,
    HandoverReceiver,
    HandoverState,
    Person,
    Position,
    Reading,
    ReadingState,
    Visibility,
)
from portal.services import findable_rows
from portal.services.findable_rows import KEPT_CHANGES, prune, scope
from portal.unit_of_work import UnitOfWork
from tests.services.conftest import Desk
from tests.services.library import CLIENTS, SERVERS, Library

Change = Callable[[UnitOfWork, Library], object]


@pytest.fixture
def library(desk: Desk, case: str) -> Library:
    made = Library(desk, case)
    made.add(CLIENTS, "客户.md", Visibility.RECEIVERS)
    made.add(SERVERS, "servers.md", Visibility.POSITION)
    return made


def found(library: Library, who: str) -> set[str]:
    results = library.search(who, "servers 对账单")
    return {hit.document.title for hit in results.hits}


def _shown_to(visibility: Visibility) -> Change:
    return lambda uow, _: uow.session.execute(
        update(Document).where(Document.title == "客户").values(visibility=visibility)
    )


def _receiver_gone(uow: UnitOfWork, library: Library) -> None:
    uow.session.execute(delete(HandoverReceiver))


def _receiver_added(uow: UnitOfWork, library: Library) -> None:
    case = uow.session.scalars(select(Handover.id)).one()
    outsider = library.desk.company.outsider.id
    uow.session.execute(insert(HandoverReceiver).values(handover_id=case, person_id=outsider))


def _cancelled(uow: UnitOfWork, library: Library) -> None:
    uow.session.execute(update(Handover).values(state=HandoverState.CANCELLED))


def _read_again(uow: UnitOfWork, library: Library) -> None:
    uow.session.execute(update(Reading).values(state=ReadingState.FAILED))


def _neighbours_moved_here(uow: UnitOfWork, library: Library) -> None:
    uow.session.execute(update(Document).values(visibility=Visibility.DEPARTMENT))
    moved = update(Position).where(Position.id == library.desk.company.positions["engineer"].id)
    uow.session.execute(moved.values(department_id=library.desk.company.departments["sales"].id))


BOTH = {"servers", "客户"}
# Who looks, what they find before, what happens, what they find at once afterwards.
CHANGES: dict[str, tuple[str, set[str], Change, set[str]]] = {
    "shown to more": (
        "colleague",
        {"servers"},
        _shown_to(Visibility.POSITION),
        BOTH,
    ),
    "receiver gone": ("receiver", BOTH, _receiver_gone, {"servers"}),
    "receiver added": ("outsider", set(), _receiver_added, BOTH),
    "position moved": ("outsider", set(), _neighbours_moved_here, BOTH),
    "case cancelled": ("colleague", {"servers"}, _cancelled, set()),
    "reading failed": ("receiver", BOTH, _read_again, set()),
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_changed_a_moment_ago_already_holds(library: Library, name: str) -> None:
    who, before, change, after = CHANGES[name]
    assert found(library, who) == before
    with library.desk.resources.write() as uow:
        change(uow, library)
    assert found(library, who) == after


def test_another_session_of_a_console_is_heard(library: Library) -> None:
    assert found(library, "colleague") == {"servers"}
    with library.desk.resources.engine.connect() as console:
        console.execute(text("UPDATE documents SET visibility = 'position'"))
        console.commit()
    assert found(library, "colleague") == BOTH


def test_what_is_rolled_back_is_forgotten(library: Library) -> None:
    with library.desk.company.looking("colleague") as uow:
        before = scope(uow)
    with library.desk.company.acting("colleague") as uow:
        _cancelled(uow, library)
        uow.session.flush()
        assert scope(uow).rows.size == 0
        uow.session.rollback()
    assert found(library, "colleague") == {"servers"}
    with library.desk.company.looking("colleague") as uow:
        assert scope(uow) is before


def test_it_is_read_once_while_nothing_changes(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    with library.desk.company.looking("receiver") as uow:
        first = scope(uow)
    # What searches do not depend on leaves it alone.
    with library.desk.company.acting("receiver") as uow:
        uow.record("signed_in")
    with library.desk.resources.write() as uow:
        assert uow.session.scalars(select(Event)).first() is not None

    def read(_: UnitOfWork) -> None:
        raise AssertionError("read again")

    monkeypatch.setattr(findable_rows, "_columns", read)
    with library.desk.company.looking("receiver") as uow:
        assert scope(uow) is first
    with library.desk.company.looking("head") as uow:
        assert scope(uow).everything is first.everything


def test_filters_show_the_names_of_now(library: Library) -> None:
    def people() -> list[str]:
        return [each.label for each in library.search("receiver").facets.people.listed]

    assert people() == ["李 离职"]
    with library.desk.resources.write() as uow:
        uow.session.get_one(Person, library.desk.company.leaver.id).name = "李 新名"
    assert people() == ["李 新名"]


def test_old_changes_are_pruned(library: Library) -> None:
    with library.desk.resources.write() as uow:
        uow.session.execute(
            insert(FindableChange), [{"mark": at} for at in range(KEPT_CHANGES + 5)]
        )
    assert found(library, "colleague") == {"servers"}
    with library.desk.resources.write() as uow:
        prune(uow)
    with library.desk.resources.read() as uow:
        assert len(uow.session.scalars(select(FindableChange.id)).all()) == KEPT_CHANGES
    assert found(library, "colleague") == {"servers"}
