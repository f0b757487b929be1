"""Assignments: days, overlaps, and rights that follow them at once."""

from __future__ import annotations

from datetime import date

import pytest

from portal.errors import Forbidden, NotFound
from portal.permissions import Action
from portal.services import assignments
from portal.services.assignments import AssignmentForm
from tests.company import LONG_AGO, Company
from tests.services.administering import facts, refused
from tests.web.acting import EVERYBODY

MANAGERS = ("administrator", "hr")
YESTERDAY, TODAY = date(2026, 3, 1), date(2026, 3, 2)
LATER = date(2027, 1, 1)


def form_of(
    company: Company,
    person: str = "outsider",
    position: str = "sales",
    starts_on: date = TODAY,
    ends_on: date | None = None,
) -> AssignmentForm:
    return AssignmentForm(
        company.people[person].public_id,
        company.positions[position].public_id,
        starts_on,
        ends_on,
    )


def only_one(company: Company, text: str) -> str:
    """The public id of the only assignment that holds this word."""
    with company.looking("hr") as uow:
        found = assignments.listing(uow, text, 1).assignments
    assert len(found) == 1
    return found[0].public_id


def test_administrators_and_hr_manage_them(company: Company) -> None:
    form = form_of(company)
    known = only_one(company, "Olga")
    with company.acting("hr") as uow:
        assert assignments.load(uow, known).person.name == "Olga Outside"
    for who in EVERYBODY:
        if who in MANAGERS:
            continue
        with company.acting(who) as uow:
            with pytest.raises(Forbidden):
                assignments.listing(uow, "", 1)
            with pytest.raises(Forbidden):
                assignments.choices(uow)
            with pytest.raises(Forbidden):
                assignments.load(uow, known)
            with pytest.raises(Forbidden):
                assignments.save(uow, None, form)
    for who in MANAGERS:
        with company.acting(who) as uow:
            people = {person.id for person in assignments.choices(uow).people}
            assert people == {person.id for person in company.people.values()}


def test_what_goes_on_stands_first(company: Company) -> None:
    with company.looking("hr") as uow:
        page = assignments.listing(uow, "", 1)
    assert page.total == 9
    assert page.assignments[-1].person.name == "Don Departed"
    assert all(line.ends_on is None for line in page.assignments[:-1])


@pytest.mark.parametrize(("text", "total"), [("OLGA", 1), ("销售经理", 4), ("%", 0), ("nobody", 0)])
def test_the_list_is_narrowed_by_person_or_position(
    company: Company, text: str, total: int
) -> None:
    with company.looking("hr") as uow:
        page = assignments.listing(uow, text, 1)
    assert (page.total, len(page.assignments)) == (total, total)


def test_rights_follow_the_days_at_once(company: Company) -> None:
    place = company.positions["sales"]
    with company.looking("outsider") as uow:
        assert not uow.may(Action.VIEW_MAP, place)
    with company.acting("hr") as uow:
        made = assignments.save(uow, None, form_of(company))
    with company.looking("outsider") as uow:
        assert uow.may(Action.VIEW_MAP, place)
    with company.acting("hr") as uow:
        ended = form_of(company, starts_on=LONG_AGO, ends_on=YESTERDAY)
        assignments.save(uow, made.public_id, ended)
    with company.looking("outsider") as uow:
        assert not uow.may(Action.VIEW_MAP, place)
    assert facts(company, "assignment_saved") == [
        {
            "person": "Olga Outside",
            "position": "销售经理",
            "starts_on": "2026-03-02",
            "ends_on": None,
        },
        {
            "person": "Olga Outside",
            "position": "销售经理",
            "starts_on": "2020-01-01",
            "ends_on": "2026-03-01",
        },
    ]


def test_ending_the_last_one_means_having_left(company: Company) -> None:
    known = only_one(company, "Olga")
    with company.acting("hr") as uow:
        assignments.save(uow, known, AssignmentForm("", "", LONG_AGO, YESTERDAY))
    with company.looking("outsider") as uow:
        assert uow.actor.departed


def test_a_change_keeps_person_and_position(company: Company) -> None:
    known = only_one(company, "Olga")
    with company.acting("administrator") as uow:
        changed = assignments.save(uow, known, form_of(company, "hr", "clerk", TODAY, LATER))
    assert (changed.person.name, changed.position.name) == ("Olga Outside", "Backend engineer")
    assert (changed.starts_on, changed.ends_on) == (TODAY, LATER)


@pytest.mark.parametrize(
    ("starts_on", "ends_on", "fits"),
    [
        (date(2019, 1, 1), date(2019, 12, 31), True),  # ends the day before the old one begins
        (date(2019, 1, 1), LONG_AGO, False),  # ends on the day it begins
        (date(2020, 6, 1), date(2020, 6, 1), False),  # inside
        (date(2021, 1, 1), None, False),  # begins on the day it ends
        (date(2021, 1, 2), None, True),  # begins the day after
        (date(2019, 1, 1), None, False),  # all around
    ],
)
def test_nobody_holds_a_position_twice_at_once(
    company: Company, starts_on: date, ends_on: date | None, fits: bool
) -> None:
    """Don Departed held sales from LONG_AGO to 2021-01-01."""
    form = form_of(company, "departed", "sales", starts_on, ends_on)
    if fits:
        with company.acting("hr") as uow:
            assignments.save(uow, None, form)
    else:
        with refused(("starts_on", "assignment_overlaps")), company.acting("hr") as uow:
            assignments.save(uow, None, form)
    with company.looking("hr") as uow:
        assert assignments.listing(uow, "Don", 1).total == (2 if fits else 1)


def test_a_changed_one_does_not_overlap_itself_but_others(company: Company) -> None:
    with company.acting("hr") as uow:
        later = assignments.save(
            uow, None, form_of(company, "departed", "sales", date(2022, 1, 1), None)
        )
    with company.acting("hr") as uow:
        assignments.save(
            uow, later.public_id, AssignmentForm("", "", date(2021, 6, 1), date(2023, 1, 1))
        )
    with refused(("starts_on", "assignment_overlaps")), company.acting("hr") as uow:
        assignments.save(uow, later.public_id, AssignmentForm("", "", date(2020, 6, 1), None))


def test_the_end_is_not_before_the_beginning(company: Company) -> None:
    with refused(("ends_on", "ends_before_start")), company.acting("hr") as uow:
        assignments.save(uow, None, form_of(company, ends_on=YESTERDAY))


def test_choices_that_are_none(company: Company) -> None:
    with company.resources.write() as uow:
        uow.session.merge(company.colleague).active = False
    nobody = AssignmentForm("nobody", "nowhere", TODAY, None)
    unknown = (("person", "choice_unknown"), ("position", "choice_unknown"))
    with refused(*unknown), company.acting("hr") as uow:
        assignments.save(uow, None, nobody)
    with refused(unknown[0]), company.acting("hr") as uow:
        assignments.save(uow, None, form_of(company, "colleague", "support"))
    with company.acting("hr") as uow:
        assert company.colleague.id not in [each.id for each in assignments.choices(uow).people]
        with pytest.raises(NotFound):
            assignments.load(uow, "nowhere")
        with pytest.raises(NotFound):
            assignments.save(uow, "nowhere", nobody)
