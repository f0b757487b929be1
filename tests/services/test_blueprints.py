"""Checklists: versions that never change, bad lines, and two people who save at the same moment."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
from sqlalchemy import select

from portal.errors import Forbidden, NotFound, Refused
from portal.models import Blueprint, Handover, Requirement
from portal.permissions import Action
from portal.services import blueprints
from portal.services.blueprints import LineForm
from tests.company import LINES, Company
from tests.conftest import Outbox
from tests.services.administering import facts, refused
from tests.web.acting import EVERYBODY

EDITORS = ("hr", "head", "chief")
# Who holds the position, receives its case or decides about it may read its checklist.
READERS = (*EDITORS, "leaver", "receiver", "colleague")
LINE = LineForm(None, "document", "Price list", "the current one", True, "leaver", 3)


def forms_of(company: Company) -> list[LineForm]:
    """The newest version of sales as it would be edited."""
    with company.looking("hr") as uow:
        newest = blueprints.newest(uow, company.positions["sales"].public_id)
    assert newest is not None
    return [
        LineForm(
            line.key,
            line.kind.value,
            line.title,
            line.criteria,
            line.required,
            line.responsible.value,
            line.due_working_days,
        )
        for line in newest.requirements
    ]


def save(
    company: Company, lines: list[LineForm], who: str = "hr", based_on: int = 1, note: str = ""
) -> int:
    """Save for sales; the number of the version."""
    with company.acting(who) as uow:
        saved = blueprints.save(uow, company.positions["sales"].public_id, lines, note, based_on)
        return saved.number


def titles(company: Company, number: int) -> list[str]:
    with company.looking("hr") as uow:
        versions = blueprints.history(uow, company.positions["sales"].public_id)
    return [
        line.title
        for version in versions
        if version.number == number
        for line in version.requirements
    ]


def test_who_reads_and_who_edits(company: Company) -> None:
    company.handover()
    position = company.positions["sales"].public_id
    for who in EVERYBODY:
        with company.acting(who) as uow:
            if who in READERS:
                assert blueprints.page(uow, position).may_edit is (who in EDITORS)
            else:
                with pytest.raises(NotFound):
                    blueprints.page(uow, position)
            if who not in EDITORS:
                with pytest.raises(Forbidden if who in READERS else NotFound):
                    blueprints.page(uow, position, Action.EDIT_BLUEPRINT)
                with pytest.raises(Forbidden if who in READERS else NotFound):
                    blueprints.save(uow, position, [LINE], "", 1)
                with pytest.raises(Forbidden if who in READERS else NotFound):
                    blueprints.copy_from(uow, position, position)


def test_the_list_holds_what_a_person_may_see(company: Company) -> None:
    seen = {}
    for who in EVERYBODY:
        with company.looking(who) as uow:
            seen[who] = {line.position.name for line in blueprints.listing(uow)}
    everything = {"销售经理", "销售支持", "Backend engineer", "人事专员"}
    assert seen == {
        "leaver": {"销售经理"},
        "receiver": {"销售经理"},
        "colleague": {"销售经理"},
        "neighbour": {"销售支持"},
        "outsider": {"Backend engineer"},
        "head": {"销售经理", "销售支持"},
        "chief": everything,
        "hr": everything,
        "administrator": set(),
        "auditor": set(),
        "departed": set(),
    }


def test_a_change_adds_a_version_and_leaves_the_old_one(company: Company, outbox: Outbox) -> None:
    case = company.handover()
    lines = forms_of(company)
    lines[0] = replace(lines[0], title="客户档案与价格", required=False)
    lines = [*lines[1:], lines[0], LINE]
    assert save(company, lines, "head", note=" Prices belong to it ") == 2
    assert titles(company, 1) == [line[2] for line in LINES]
    assert titles(company, 2) == [*(line[2] for line in LINES[1:]), "客户档案与价格", "Price list"]
    with company.looking("hr") as uow:
        newest = blueprints.newest(uow, company.positions["sales"].public_id)
        assert newest is not None
        assert (newest.note, newest.created_by_id) == ("Prices belong to it", company.head.id)
        keys = [line.key for line in newest.requirements]
        assert keys[:-1] == [*(line[0] for line in LINES[1:]), LINES[0][0]]
        assert keys[-1] not in {line[0] for line in LINES}
        frozen = uow.session.scalars(select(Handover).where(Handover.public_id == case)).one()
        assert frozen.blueprint.number == 1
    assert facts(company, "blueprint_saved") == [
        {"position": "销售经理", "number": 2, "lines": 8, "note": "Prices belong to it"}
    ]
    assert outbox.named("build_map") == [company.positions["sales"].id]


def test_saving_what_is_there_adds_nothing(company: Company) -> None:
    lines = [replace(line, title=f" {line.title} ") for line in forms_of(company)]
    assert save(company, lines, note="no change") == 1
    assert facts(company, "blueprint_saved") == []


def test_a_key_of_nobody_becomes_a_new_line(company: Company) -> None:
    lines = [replace(forms_of(company)[0], key="forged")]
    assert save(company, lines) == 2
    with company.resources.read() as uow:
        assert "forged" not in uow.session.scalars(select(Requirement.key)).all()


@pytest.mark.parametrize("based_on", [0, 2, -1])
def test_a_version_overtaken_is_not_saved_over(company: Company, based_on: int) -> None:
    with pytest.raises(Refused) as caught:
        save(company, [LINE], based_on=based_on)
    assert caught.value.code == "blueprint_changed"


def test_two_at_the_same_moment_make_one_version(company: Company) -> None:
    together = threading.Barrier(2)
    outcomes: list[object] = []

    def edit(who: str) -> None:
        together.wait()
        try:
            outcomes.append(save(company, [replace(LINE, title=who)], who))
        except Refused as error:
            outcomes.append(error.code)

    threads = [threading.Thread(target=edit, args=(who,)) for who in ("hr", "head")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(str, outcomes)) == ["2", "blueprint_changed"]
    with company.resources.read() as uow:
        numbers = uow.session.scalars(select(Blueprint.number).order_by(Blueprint.number))
        assert list(numbers) == [1, 2]


BAD: list[tuple[list[LineForm], str, list[tuple[str, str]]]] = [
    ([], "", [("lines", "no_lines")]),
    ([replace(LINE, title=str(at)) for at in range(201)], "", [("lines", "too_many_lines")]),
    ([LINE], "n" * 501, [("note", "too_long")]),
    ([replace(LINE, title=" ")], "", [("title-0", "required")]),
    ([replace(LINE, title="t" * 201)], "", [("title-0", "too_long")]),
    ([LINE, replace(LINE, title=" price LIST")], "", [("title-1", "duplicate_line")]),
    ([replace(LINE, criteria="c" * 4001)], "", [("criteria-0", "too_long")]),
    ([replace(LINE, kind="song")], "", [("kind-0", "choice_unknown")]),
    ([replace(LINE, responsible="king")], "", [("responsible-0", "choice_unknown")]),
    ([replace(LINE, due_working_days=-1)], "", [("due-0", "number_invalid")]),
    ([replace(LINE, due_working_days=251)], "", [("due-0", "number_invalid")]),
    (
        [replace(LINE, key="clients"), replace(LINE, key="clients", title="Other")],
        "",
        [("lines", "duplicate_line")],
    ),
    (
        [LINE, replace(LINE, title="", kind="", due_working_days=999)],
        "",
        [("title-1", "required"), ("kind-1", "choice_unknown"), ("due-1", "number_invalid")],
    ),
]


def test_bad_lines_change_nothing(company: Company) -> None:
    for lines, note, problems in BAD:
        with refused(*problems):
            save(company, lines, note=note)
    with company.resources.read() as uow:
        assert len(uow.session.scalars(select(Blueprint)).all()) == 1


def test_a_position_without_one_copies_another(company: Company, outbox: Outbox) -> None:
    support, sales = (company.positions[key].public_id for key in ("support", "sales"))
    with company.looking("head") as uow:
        page = blueprints.page(uow, support)
        assert (page.number, page.versions) == (0, [])
        assert [position.name for position in page.similar] == ["销售经理"]
    with company.acting("head") as uow:
        copied = blueprints.copy_from(uow, support, sales)
        assert copied.number == 1
        assert [line.key for line in copied.requirements] == [line[0] for line in LINES]
    assert outbox.named("build_map") == [company.positions["support"].id]
    with company.acting("head") as uow, pytest.raises(Refused) as caught:
        blueprints.copy_from(uow, support, sales)
    assert caught.value.code == "blueprint_changed"


def test_only_what_may_be_seen_is_copied(company: Company) -> None:
    support, engineer, clerk = (
        company.positions[key].public_id for key in ("support", "engineer", "clerk")
    )
    with company.acting("head") as uow, pytest.raises(NotFound):
        blueprints.copy_from(uow, support, engineer)
    with company.acting("hr") as uow, pytest.raises(Refused) as caught:
        blueprints.copy_from(uow, support, clerk)
    assert caught.value.code == "blueprint_missing"
