"""People: making, changing, switching off, passwords; and the doors for the console."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from sqlalchemy import select

from portal.errors import Forbidden, NotFound
from portal.models import Person, Role, SignInAttempt
from portal.services import accounts, people
from portal.services.people import PersonForm
from tests.company import PASSWORD, Company
from tests.services.administering import facts, refused
from tests.web.acting import EVERYBODY

GOOD = PersonForm("Nora New", "nora@company.example")


def read(company: Company, key: str) -> Person:
    with company.resources.read() as uow:
        return uow.session.get_one(Person, company.people[key].id)


def form_of(person: Person) -> PersonForm:
    roles = tuple(role.value for role in person.roles)
    return PersonForm(person.name, person.email, roles, person.active, person.language or "")


def test_only_administrators_manage_them(company: Company) -> None:
    leaver = company.leaver.public_id
    for who in EVERYBODY:
        if who == "administrator":
            continue
        with company.acting(who) as uow:
            with pytest.raises(Forbidden):
                people.listing(uow, "", 1)
            with pytest.raises(Forbidden):
                people.load(uow, leaver)
            with pytest.raises(Forbidden):
                people.create(uow, GOOD)
            with pytest.raises(Forbidden):
                people.invite(uow, GOOD)
            with pytest.raises(Forbidden):
                people.change(uow, leaver, GOOD)
            with pytest.raises(Forbidden):
                people.set_password(uow, leaver)


def test_one_is_made_and_signs_in_with_the_password_told(company: Company) -> None:
    form = PersonForm(" Nora New ", " Nora@Company.example", ["hr"], True, "en")
    with company.acting("administrator") as uow:
        person, password = people.create(uow, form)
    assert (person.name, person.email, person.language) == (
        "Nora New", "nora@company.example", "en",
    )  # fmt: skip
    assert person.roles == {Role.HR}
    assert re.fullmatch(r"([a-z2-9]{4}-){3}[a-z2-9]{4}", password)
    with company.resources.write(address="203.0.113.7") as uow:
        assert accounts.sign_in(uow, "nora@company.example", password).id == person.id
    assert facts(company, "person_saved") == [
        {"person": "Nora New", "roles": ["hr"], "active": True}
    ]
    assert password not in str(facts(company, "person_saved"))


def test_who_is_invited_cannot_sign_in_before_getting_a_password(company: Company) -> None:
    with company.acting("administrator") as uow:
        person = people.invite(uow, GOOD)
    for guess in ("", "None", PASSWORD):
        with company.resources.write() as uow:
            assert accounts.sign_in(uow, GOOD.email, guess) is None
    with company.acting("administrator") as uow:
        password = people.set_password(uow, person.public_id)
    with company.resources.write() as uow:
        assert accounts.sign_in(uow, GOOD.email, password) is not None


BAD = [
    (PersonForm("", "nora@company.example"), ("name", "required")),
    (PersonForm("N" * 201, "nora@company.example"), ("name", "too_long")),
    (PersonForm("Nora", " "), ("email", "required")),
    (PersonForm("Nora", "nora"), ("email", "email_invalid")),
    (PersonForm("Nora", "nora@company"), ("email", "email_invalid")),
    (PersonForm("Nora", "no ra@company.example"), ("email", "email_invalid")),
    (PersonForm("Nora", "a@b.example,c@d.example"), ("email", "email_invalid")),
    (PersonForm("Nora", "<nora@company.example>"), ("email", "email_invalid")),
    (PersonForm("Nora", "n" * 250 + "@b.example"), ("email", "email_invalid")),
    (PersonForm("Nora", "LEAVER@company.example"), ("email", "email_taken")),
    (PersonForm("Nora", "nora@company.example", ["king"]), ("roles", "choice_unknown")),
    (PersonForm("Nora", "nora@company.example", (), True, "xx"), ("language", "choice_unknown")),
]


def test_bad_input_changes_nothing(company: Company) -> None:
    before = form_of(read(company, "neighbour"))
    for form, problem in BAD:
        with refused(problem), company.acting("administrator") as uow:
            people.create(uow, form)
        with refused(problem), company.acting("administrator") as uow:
            people.change(uow, company.neighbour.public_id, form)
    with company.resources.read() as uow:
        assert len(uow.session.scalars(select(Person)).all()) == len(company.people)
    assert form_of(read(company, "neighbour")) == before
    assert facts(company, "person_saved") == []


def test_addresses_of_one_machine_are_addresses() -> None:
    assert people.problems_of(replace(GOOD, email="root@localhost")) == []


def test_a_change_gives_and_takes_roles(company: Company) -> None:
    with company.acting("administrator") as uow:
        changed = people.change(
            uow, company.hr.public_id, PersonForm("何 人事", company.hr.email, ["auditor"])
        )
        assert changed.roles == {Role.AUDITOR}
    assert read(company, "hr").roles == {Role.AUDITOR}
    assert read(company, "hr").session_version == company.hr.session_version


def test_switching_off_ends_every_session(company: Company) -> None:
    off = replace(form_of(company.leaver), active=False)
    with company.acting("administrator") as uow:
        people.change(uow, company.leaver.public_id, off)
    person = read(company, "leaver")
    assert not person.active
    assert person.session_version == company.leaver.session_version + 1
    with company.resources.write() as uow:
        assert accounts.sign_in(uow, person.email, PASSWORD) is None
    with pytest.raises(NotFound), company.acting("leaver"):
        pass
    with company.acting("administrator") as uow:
        people.change(uow, company.leaver.public_id, replace(off, active=True))
    with company.resources.write() as uow:
        assert accounts.sign_in(uow, person.email, PASSWORD) is not None


def test_administrators_do_not_lock_themselves_out(company: Company) -> None:
    own = form_of(company.administrator)
    for form, problem in (
        (replace(own, roles=["hr"]), ("roles", "own_role")),
        (replace(own, active=False), ("active", "own_account")),
    ):
        with refused(problem), company.acting("administrator") as uow:
            people.change(uow, company.administrator.public_id, form)
    with company.acting("administrator") as uow:
        people.change(uow, company.administrator.public_id, replace(own, name="Ada"))
    assert read(company, "administrator").roles == {Role.ADMINISTRATOR}


def test_a_new_password_ends_sessions_and_forgets_wrong_attempts(company: Company) -> None:
    for _ in range(20):
        with company.resources.write(address="203.0.113.9") as uow:
            uow.session.add(
                SignInAttempt(email=company.leaver.email, address="", at=company.resources.clock())
            )
    with company.acting("administrator") as uow:
        password = people.set_password(uow, company.leaver.public_id)
    with company.resources.write() as uow:
        assert accounts.sign_in(uow, company.leaver.email, password) is not None
    assert read(company, "leaver").session_version == company.leaver.session_version + 1
    assert facts(company, "password_set") == [{"person": "李 离职"}]


@pytest.mark.parametrize("password", ["", "short", "x" * 201])
def test_passwords_given_have_a_length(company: Company, password: str) -> None:
    with refused(("password", "password_length")), company.acting("administrator") as uow:
        people.create(uow, GOOD, password)
    with refused(("password", "password_length")), company.acting("administrator") as uow:
        people.set_password(uow, company.leaver.public_id, password)


def test_the_list_is_narrowed_and_shows_those_switched_off_last(company: Company) -> None:
    with company.resources.write() as uow:
        uow.session.merge(company.administrator).active = False
    with company.looking("hr") as uow, pytest.raises(Forbidden):
        people.listing(uow, "", 1)
    with company.resources.write() as uow:
        uow.session.merge(company.administrator).active = True
        uow.session.merge(company.auditor).active = False
    with company.looking("administrator") as uow:
        everybody = people.listing(uow, "", 1)
        assert everybody.total == len(company.people)
        assert everybody.people[-1].id == company.auditor.id
        for text, total in (("OLGA", 1), ("receiver@", 1), ("company.example", 11), ("%", 0)):
            assert people.listing(uow, text, 1).total == total


def test_the_portal_itself_needs_no_administrator(company: Company) -> None:
    with company.resources.write() as uow:
        person, _ = people.enter(uow, GOOD, "a password of nora")
        assert people.with_email(uow, " NORA@company.example ").id == person.id
        people.renew_password(uow, person, "another of nora's")
        assert person in people.everybody(uow)
        with pytest.raises(NotFound):
            people.with_email(uow, "nobody@company.example")
        with pytest.raises(Forbidden):
            people.create(uow, GOOD)
