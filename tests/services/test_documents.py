"""Documents: what each person is shown of them, changing drafts, taking them back, sealing."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import event, select

from portal.errors import InvalidInput, NotFound, Refused
from portal.models import (
    Document,
    Handover,
    HandoverState,
    Item,
    ItemState,
    Position,
    Version,
    Visibility,
)
from portal.services import documents, items
from portal.services.documents import ChangeForm, DocumentLine
from portal.services.uploads import ToDocument, ToHandover, ToItem
from portal.unit_of_work import UnitOfWork
from tests.services.conftest import Desk

SEEING_SEALED = {"leaver", "receiver", "head", "chief", "hr", "colleague"}


def lines(desk: Desk, name: str) -> list[DocumentLine]:
    with desk.company.looking(name) as uow:
        return documents.lines(uow, uow.session.scalars(select(Handover)).one())


def submit(desk: Desk, item: str) -> None:
    with desk.company.acting("leaver") as uow:
        items.submit(uow, item)


def set_state(desk: Desk, state: HandoverState | ItemState) -> None:
    """Put the case, or its first item, into a state by rows."""
    with desk.resources.write() as uow:
        table: type[Handover] | type[Item] = Handover if isinstance(state, HandoverState) else Item
        row = uow.session.scalars(select(table).order_by(table.id).limit(1)).one()
        row.state = state  # type: ignore[assignment]


def test_lines_are_what_the_person_may_know_of(desk: Desk, case: str, item: str) -> None:
    first = desk.upload("leaver", ToItem(item), "one", "a.txt")
    desk.upload("leaver", ToHandover(case), "extra", "b.txt")
    assert [line.document.title for line in lines(desk, "leaver")] == ["a", "b"]
    for name in desk.company.people:
        if name != "leaver":
            assert lines(desk, name) == [], name
    submit(desk, item)
    desk.upload("leaver", ToHandover(case), "draft of others", "c.txt")
    for name in desk.company.people:
        found = [line.document.title for line in lines(desk, name)]
        seen = ["a", "b", "c"] if name == "leaver" else ["a"] * (name in SEEING_SEALED)
        assert found == seen, name
    (line,) = lines(desk, "hr")
    assert not line.versions[0].viewable, "HR knows of it and does not read it"
    (line,) = lines(desk, "receiver")
    assert line.versions[0].viewable
    assert line.newest.version.public_id == first
    assert line.newest.reading is not None


def test_versions_are_newest_first_and_drafts_are_the_owners(desk: Desk, item: str) -> None:
    document = desk.document(desk.upload("leaver", ToItem(item), "one"))
    submit(desk, item)
    with desk.company.acting("receiver") as uow:
        items.send_back(uow, item, "more")
    desk.upload("leaver", ToDocument(document), "two")
    numbers = {
        name: [one.version.number for line in lines(desk, name) for one in line.versions]
        for name in ("leaver", "receiver", "outsider")
    }
    assert numbers == {"leaver": [2, 1], "receiver": [1], "outsider": []}


def test_lines_cost_the_same_for_one_document_and_for_many(desk: Desk, case: str) -> None:
    def count() -> int:
        statements = []

        def note(*arguments: object) -> None:
            statements.append(arguments[2])

        with desk.company.looking("leaver") as uow:
            handover = uow.session.scalars(select(Handover)).one()
            event.listen(desk.resources.engine, "before_cursor_execute", note)
            try:
                for line in documents.lines(uow, handover):
                    newest = line.newest
                    _ = (newest.version.uploaded_by.name, newest.version.blob.size, newest.reading)
            finally:
                event.remove(desk.resources.engine, "before_cursor_execute", note)
        return len(statements)

    desk.upload("leaver", ToHandover(case), "0", "0.txt")
    one = count()
    for number in range(1, 6):
        desk.upload("leaver", ToHandover(case), f"{number}", f"{number}.txt")
    assert count() == one


def test_the_page_of_a_document(desk: Desk, item: str) -> None:
    document = desk.document(desk.upload("leaver", ToItem(item)))
    with desk.company.looking("leaver") as uow:
        page = documents.show(uow, document)
        assert page.item is not None
        assert page.item.public_id == item
        assert page.handover.public_id
    for name in ("receiver", "hr", "outsider", "departed"):
        with pytest.raises(NotFound), desk.company.looking(name) as uow:
            documents.show(uow, document)


def change(
    title: str = "新标题", visibility: str = "company", item: str | None = None
) -> ChangeForm:
    return ChangeForm(title, visibility, item)


def test_changing_a_draft(desk: Desk, case: str, item: str) -> None:
    document = desk.document(desk.upload("leaver", ToItem(item)))
    with desk.company.acting("leaver") as uow:
        documents.change(uow, document, change(" 新标题 "))
    with desk.resources.read() as uow:
        row = uow.session.scalars(select(Document)).one()
        assert (row.title, row.visibility, row.item_id) == ("新标题", Visibility.COMPANY, None)
    other = desk.company.item(case, "orders")
    with desk.company.acting("leaver") as uow:
        changed = documents.change(uow, document, change(item=other))
        assert changed.item is not None
        assert changed.item.public_id == other
    assert len(desk.events("document_changed")) == 2
    with desk.company.acting("leaver") as uow:
        documents.change(uow, document, change(item=other))
    assert len(desk.events("document_changed")) == 2, "nothing changed, nothing logged"


BAD: dict[str, tuple[Callable[[Desk, str], ChangeForm], str, str]] = {
    "no title": (lambda desk, case: change(" \0 "), "title", "required"),
    "long title": (lambda desk, case: change("x" * 301), "title", "too_long"),
    "unknown visibility": (
        lambda desk, case: change(visibility="all"),
        "visibility",
        "choice_unknown",
    ),
    "unknown item": (lambda desk, case: change(item="x" * 22), "item", "choice_unknown"),
    "item of a receiver": (
        lambda desk, case: change(item=desk.company.item(case, "intro")),
        "item",
        "choice_unknown",
    ),
    "item of another case": (
        lambda desk, case: change(
            item=desk.company.item(desk.company.handover("colleague"), "clients")
        ),
        "item",
        "choice_unknown",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_changes_that_cannot_be_made(desk: Desk, case: str, name: str) -> None:
    make, field, code = BAD[name]
    document = desk.document(desk.upload("leaver", ToHandover(case), filename="tips.txt"))
    form = make(desk, case)
    with pytest.raises(InvalidInput) as caught, desk.company.acting("leaver") as uow:
        documents.change(uow, document, form)
    assert [(problem.field, problem.code) for problem in caught.value.problems] == [(field, code)]
    with desk.resources.read() as uow:
        assert uow.session.scalars(select(Document.title)).one() == "tips"


ACTIONS: dict[str, Callable[[UnitOfWork, str], object]] = {
    "change": lambda uow, document: documents.change(uow, document, change()),
    "remove": documents.remove,
    "submit": documents.submit_extra,
}


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("name", ["receiver", "head", "hr", "colleague", "outsider", "departed"])
def test_a_draft_is_its_owners_alone(desk: Desk, case: str, action: str, name: str) -> None:
    document = desk.document(desk.upload("leaver", ToHandover(case)))
    with pytest.raises(NotFound), desk.company.acting(name) as uow:
        ACTIONS[action](uow, document)
    with pytest.raises(NotFound), desk.company.acting(name) as uow:
        documents.restore(uow, document)


# state, action -> the code it is refused with; None is done.
STATES: dict[tuple[str, str], str | None] = {
    ("draft of an item", "change"): None,
    ("draft of an item", "remove"): None,
    ("draft of an item", "submit"): "document_not_extra",
    ("extra draft", "change"): None,
    ("extra draft", "remove"): None,
    ("extra draft", "submit"): None,
    ("sealed extra", "change"): "document_sealed",
    ("sealed extra", "remove"): "document_sealed",
    ("sealed extra", "submit"): "nothing_to_seal",
    ("sealed item", "change"): "document_sealed",
    ("sealed item", "remove"): "document_sealed",
    ("sealed item", "submit"): "document_not_extra",
    ("closed", "change"): "handover_closed",
    ("closed", "remove"): "handover_closed",
    ("closed", "submit"): "handover_closed",
}


@pytest.mark.parametrize(("state", "action"), STATES)
def test_states(desk: Desk, case: str, item: str, state: str, action: str) -> None:
    target = ToItem(item) if "item" in state else ToHandover(case)
    document = desk.document(desk.upload("leaver", target))
    if state == "sealed item":
        submit(desk, item)
    elif state == "sealed extra":
        with desk.company.acting("leaver") as uow:
            documents.submit_extra(uow, document)
    elif state == "closed":
        set_state(desk, HandoverState.CANCELLED)
    code = None
    try:
        with desk.company.acting("leaver") as uow:
            ACTIONS[action](uow, document)
    except Refused as error:
        code = error.code
    assert code == STATES[state, action]


def test_removed_and_put_back(desk: Desk, item: str) -> None:
    version = desk.upload("leaver", ToItem(item))
    document = desk.document(version)
    with desk.company.acting("leaver") as uow:
        documents.remove(uow, document)
    assert lines(desk, "leaver") == []
    for action in (*ACTIONS.values(), documents.show):
        with pytest.raises(NotFound), desk.company.acting("leaver") as uow:
            action(uow, document)
    with pytest.raises(NotFound):
        desk.upload("leaver", ToDocument(document), "other")
    for _ in range(2):
        with desk.company.acting("leaver") as uow:
            documents.restore(uow, document)
    assert len(lines(desk, "leaver")) == 1
    assert len(desk.events("document_removed")) == len(desk.events("document_restored")) == 1


@pytest.mark.parametrize("state", [ItemState.SUBMITTED, ItemState.ACCEPTED, ItemState.WAIVED])
def test_put_back_when_its_item_takes_no_files_any_more(
    desk: Desk, item: str, state: ItemState
) -> None:
    document = desk.document(desk.upload("leaver", ToItem(item)))
    with desk.company.acting("leaver") as uow:
        documents.remove(uow, document)
    set_state(desk, state)
    with desk.company.acting("leaver") as uow:
        assert documents.restore(uow, document).item_id is None


def test_a_removed_draft_is_not_sealed_with_its_item(desk: Desk, item: str) -> None:
    desk.upload("leaver", ToItem(item), "kept", "a.txt")
    removed = desk.document(desk.upload("leaver", ToItem(item), "removed", "b.txt"))
    with desk.company.acting("leaver") as uow:
        documents.remove(uow, removed)
    submit(desk, item)
    with desk.resources.read() as uow:
        found = uow.session.scalars(select(Version).order_by(Version.id)).all()
        assert [version.sealed for version in found] == [True, False]


def test_sealing(desk: Desk, item: str) -> None:
    document = desk.document(desk.upload("leaver", ToItem(item), "one", "a.txt"))
    desk.upload("leaver", ToDocument(document), "two", "b.txt")
    position = desk.company.positions["sales"].id
    submit(desk, item)
    with desk.resources.read() as uow:
        old, new = uow.session.scalars(select(Version).order_by(Version.number)).all()
        assert not old.sealed, "an older draft was not handed over"
        assert new.sealed
        assert new.sealed_by_id == desk.company.leaver.id
        assert new.sealed_at == desk.resources.clock()
        assert uow.session.get_one(Position, position).map_wanted_at is not None
    (sealed,) = desk.events("version_sealed")
    assert sealed.subject == new.public_id
    assert sealed.facts["digest"] == new.digest
    assert (sealed.facts["number"], sealed.facts["filename"]) == (2, "b.txt")
    assert desk.outbox.named("build_map") == [position]


def test_a_version_is_sealed_before_it_is_read(desk: Desk, case: str) -> None:
    document = desk.document(desk.upload("leaver", ToHandover(case)))
    with desk.company.acting("leaver") as uow:
        documents.submit_extra(uow, document)
    desk.work()
    assert len(desk.found("沟通记录")) == 1
    with pytest.raises(Refused), desk.company.acting("leaver") as uow:
        documents.submit_extra(uow, document)
    desk.upload("leaver", ToDocument(document), "corrected")
    with desk.company.acting("leaver") as uow:
        documents.submit_extra(uow, document)
    assert len(desk.events("version_sealed")) == 2
