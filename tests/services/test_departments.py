"""Departments: the tree, who heads it, and what cannot be a tree."""

from __future__ import annotations

import pytest

from portal.errors import Forbidden, NotFound
from portal.services import departments
from portal.services.departments import DepartmentForm
from tests.company import Company
from tests.services.administering import facts, refused
from tests.web.acting import EVERYBODY


def tree_of(company: Company) -> list[tuple[str, int]]:
    with company.looking("administrator") as uow:
        return [(line.department.name, line.depth) for line in departments.tree(uow)]


def test_only_administrators_manage_them(company: Company) -> None:
    for who in EVERYBODY:
        if who == "administrator":
            continue
        with company.acting(who) as uow:
            with pytest.raises(Forbidden):
                departments.tree(uow)
            with pytest.raises(Forbidden):
                departments.load(uow, company.departments["sales"].public_id)
            with pytest.raises(Forbidden):
                departments.save(uow, None, DepartmentForm("New"))


def test_each_stands_below_the_one_it_belongs_to(company: Company) -> None:
    found = tree_of(company)
    assert found[0] == ("示例公司", 0)
    assert sorted(found[1:]) == [("Engineering", 1), ("行政部", 1), ("销售部", 1)]


def test_one_is_made_and_changed(company: Company) -> None:
    above = company.departments["engineering"].public_id
    with company.acting("administrator") as uow:
        made = departments.save(
            uow, None, DepartmentForm("  Testing ", above, company.outsider.public_id)
        )
        assert (made.name, made.parent.name, made.head.name) == (
            "Testing", "Engineering", "Olga Outside",
        )  # fmt: skip
    assert ("Testing", 2) in tree_of(company)
    with company.acting("administrator") as uow:
        changed = departments.save(uow, made.public_id, DepartmentForm("Quality"))
        assert (changed.parent, changed.head) == (None, None)
    assert ("Quality", 0) in tree_of(company)
    assert facts(company, "department_saved") == [
        {"department": "Testing", "parent": "Engineering", "head": "Olga Outside"},
        {"department": "Quality", "parent": None, "head": None},
    ]


@pytest.mark.parametrize(
    ("form", "problem"),
    [
        (DepartmentForm(""), ("name", "required")),
        (DepartmentForm(" \t"), ("name", "required")),
        (DepartmentForm("x" * 201), ("name", "too_long")),
        (DepartmentForm("销售部"), ("name", "name_taken")),
        (DepartmentForm("New", parent="nowhere"), ("parent", "choice_unknown")),
        (DepartmentForm("New", head="nobody"), ("head", "choice_unknown")),
    ],
)
def test_bad_input_changes_nothing(
    company: Company, form: DepartmentForm, problem: tuple[str, str]
) -> None:
    before = tree_of(company)
    with refused(problem), company.acting("administrator") as uow:
        departments.save(uow, None, form)
    assert tree_of(company) == before
    assert facts(company, "department_saved") == []


@pytest.mark.parametrize("parent", ["company", "sales"])
def test_none_stands_below_itself(company: Company, parent: str) -> None:
    top = company.departments["company"]
    form = DepartmentForm(top.name, company.departments[parent].public_id)
    with refused(("parent", "department_circle")), company.acting("administrator") as uow:
        departments.save(uow, top.public_id, form)


def test_a_circle_in_the_rows_is_shown_and_can_be_mended(company: Company) -> None:
    with company.resources.write() as uow:
        one, two = (uow.session.merge(company.departments[key]) for key in ("sales", "office"))
        one.parent_id, two.parent_id = two.id, one.id
    assert {("销售部", 0), ("行政部", 0)} <= set(tree_of(company))
    with company.acting("administrator") as uow:
        departments.save(uow, one.public_id, DepartmentForm("销售部"))
    assert {("销售部", 0), ("行政部", 1)} <= set(tree_of(company))


def test_who_is_switched_off_heads_nothing_new(company: Company) -> None:
    with company.resources.write() as uow:
        uow.session.merge(company.outsider).active = False
    form = DepartmentForm("New", head=company.outsider.public_id)
    with refused(("head", "choice_unknown")), company.acting("administrator") as uow:
        departments.save(uow, None, form)


def test_what_is_not_there_is_not_found(company: Company) -> None:
    with company.acting("administrator") as uow:
        with pytest.raises(NotFound):
            departments.load(uow, "nowhere")
        with pytest.raises(NotFound):
            departments.save(uow, "nowhere", DepartmentForm("New"))
