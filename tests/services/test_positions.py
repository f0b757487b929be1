"""Positions: made in a department, like another one, and who holds them."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from portal.errors import Forbidden, NotFound
from portal.models import Position
from portal.services import blueprints, positions
from portal.services.positions import PositionForm
from tests.company import LINES, Company
from tests.conftest import Outbox
from tests.services.administering import facts, refused
from tests.web.acting import EVERYBODY


def test_only_administrators_manage_them(company: Company) -> None:
    form = PositionForm("New", company.departments["sales"].public_id)
    for who in EVERYBODY:
        if who == "administrator":
            continue
        with company.acting(who) as uow:
            with pytest.raises(Forbidden):
                positions.listing(uow)
            with pytest.raises(Forbidden):
                positions.load(uow, company.positions["sales"].public_id)
            with pytest.raises(Forbidden):
                positions.save(uow, None, form)


def test_the_list_counts_holders_of_today_and_names_the_checklist(company: Company) -> None:
    with company.looking("administrator") as uow:
        found = {
            line.position.name: (line.holders, line.checklist) for line in positions.listing(uow)
        }
    assert found == {
        # leaver, receiver and colleague; who has departed is not counted
        "销售经理": (3, 1),
        "销售支持": (2, None),
        "Backend engineer": (1, None),
        "人事专员": (2, None),
    }


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("经理", {"销售经理"}),
        ("销售部", {"销售经理", "销售支持"}),
        ("BACKEND", {"Backend engineer"}),
        ("%", set()),
        ("_", set()),
    ],
)
def test_the_list_is_narrowed_by_name_or_department(
    company: Company, text: str, names: set[str]
) -> None:
    with company.looking("administrator") as uow:
        assert {line.position.name for line in positions.listing(uow, text)} == names


def test_a_new_one_may_begin_with_the_checklist_of_another(
    company: Company, outbox: Outbox
) -> None:
    sales = company.positions["sales"].public_id
    form = PositionForm(" Key accounts ", company.departments["sales"].public_id, sales)
    with company.acting("administrator") as uow:
        made = positions.save(uow, None, form)
    with company.looking("hr") as uow:
        copied = blueprints.newest(uow, made.public_id)
    assert copied is not None
    assert (copied.number, copied.created_by_id) == (1, company.administrator.id)
    assert [line.key for line in copied.requirements] == [line[0] for line in LINES]
    assert outbox.named("build_map") == [made.id]
    assert facts(company, "position_saved") == [
        {"position": "Key accounts", "department": "销售部"}
    ]
    assert facts(company, "blueprint_saved")[0]["lines"] == len(LINES)


def test_one_like_a_position_without_checklist_has_none(company: Company) -> None:
    form = PositionForm(
        "New", company.departments["sales"].public_id, company.positions["support"].public_id
    )
    with company.acting("administrator") as uow:
        made = positions.save(uow, None, form)
        assert blueprints.newest_of(uow, made) is None


def test_a_change_moves_it_and_leaves_its_checklist(company: Company) -> None:
    place = company.positions["sales"]
    office = company.departments["office"].public_id
    with company.acting("administrator") as uow:
        positions.save(uow, place.public_id, PositionForm("Sales", office, place.public_id))
    with company.looking("administrator") as uow:
        found = {line.position.name: line for line in positions.listing(uow)}
    assert found["Sales"].position.department.name == "行政部"
    assert found["Sales"].checklist == 1


def bad_forms(company: Company) -> list[tuple[PositionForm, tuple[str, str]]]:
    sales = company.departments["sales"].public_id
    return [
        (PositionForm(" ", sales), ("name", "required")),
        (PositionForm("岗" * 201, sales), ("name", "too_long")),
        (PositionForm("销售经理", sales), ("name", "name_taken")),
        (PositionForm("New", ""), ("department", "choice_unknown")),
        (PositionForm("New", "nowhere"), ("department", "choice_unknown")),
        (PositionForm("New", sales, "nowhere"), ("like", "choice_unknown")),
    ]


@pytest.mark.parametrize("number", range(6))
def test_bad_input_changes_nothing(company: Company, number: int) -> None:
    form, problem = bad_forms(company)[number]
    with refused(problem), company.acting("administrator") as uow:
        positions.save(uow, None, form)
    with company.resources.read() as uow:
        assert len(uow.session.scalars(select(Position)).all()) == 4
    assert facts(company, "position_saved") == []


def test_the_same_name_in_another_department_is_another_position(company: Company) -> None:
    form = PositionForm("销售经理", company.departments["engineering"].public_id)
    with company.acting("administrator") as uow:
        assert positions.save(uow, None, form).public_id != company.positions["sales"].public_id


def test_what_is_not_there_is_not_found(company: Company) -> None:
    form = PositionForm("New", company.departments["sales"].public_id)
    with company.acting("administrator") as uow:
        with pytest.raises(NotFound):
            positions.load(uow, "nowhere")
        with pytest.raises(NotFound):
            positions.save(uow, "nowhere", form)
