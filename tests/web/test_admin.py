"""Pages of the administration: who may open and send what, and forms that come back."""

from __future__ import annotations

import base64
import re

from sqlalchemy import select
from werkzeug.test import TestResponse

from portal.models import Assignment, Department, Event, Person, Position
from portal.services import people_tables
from tests.company import Company
from tests.web.acting import EVERYBODY, Office, main_of, statuses, text_of
from tests.web.reading_pages import tree_of

TABLE = "name,email,role\nNora New,nora@company.example,hr\n"


def assignment_of(company: Company, key: str) -> str:
    with company.resources.read() as uow:
        found = uow.session.scalar(
            select(Assignment.public_id).where(Assignment.person_id == company.people[key].id)
        )
    assert found is not None
    return found


def pages(company: Company) -> dict[str, frozenset[str]]:
    """Every page to open, and who may."""
    administrators = frozenset({"administrator"})
    managers = administrators | {"hr"}
    return {
        "/admin/departments": administrators,
        "/admin/departments/new": administrators,
        f"/admin/departments/{company.departments['sales'].public_id}": administrators,
        "/admin/positions": administrators,
        "/admin/positions/new": administrators,
        f"/admin/positions/{company.positions['sales'].public_id}": administrators,
        "/admin/people": administrators,
        "/admin/people/new": administrators,
        "/admin/people/import": administrators,
        "/admin/people/import/template.xlsx": administrators,
        f"/admin/people/{company.leaver.public_id}": administrators,
        "/admin/assignments": managers,
        "/admin/assignments/new": managers,
        f"/admin/assignments/{assignment_of(company, 'leaver')}": managers,
    }


def forms(company: Company) -> dict[str, tuple[dict[str, str], int]]:
    """Every form to send, with fields that change nothing, and its status for who may."""
    sales = company.departments["sales"]
    place = company.positions["sales"].public_id
    person = {"name": "李 离职", "email": company.leaver.email, "active": "1"}
    return {
        "/admin/departments": ({"name": ""}, 400),
        f"/admin/departments/{sales.public_id}": ({"name": sales.name}, 302),
        "/admin/positions": ({"name": ""}, 400),
        f"/admin/positions/{place}": ({"name": "销售经理", "department": sales.public_id}, 302),
        "/admin/people": ({"name": ""}, 400),
        f"/admin/people/{company.leaver.public_id}": (person, 302),
        f"/admin/people/{company.neighbour.public_id}/password": ({}, 200),
        "/admin/people/import": ({}, 400),
        "/admin/people/import/confirm": ({"content": "YQ=="}, 400),
        "/admin/assignments": ({"starts_on": ""}, 400),
        f"/admin/assignments/{assignment_of(company, 'leaver')}": (
            {"starts_on": "2020-01-01"},
            302,
        ),
    }


def test_who_opens_which_page(office: Office, company: Company) -> None:
    allowed = pages(company)
    wanted = {
        f"{who} {url}": 200 if who in may else 403
        for url, may in allowed.items()
        for who in EVERYBODY
    }
    with statuses(wanted) as found:
        for url in allowed:
            for who in EVERYBODY:
                found[f"{who} {url}"] = office.get(who, url).status_code
    assert {office.get("visitor", url).status_code for url in allowed} == {302}


def test_who_sends_which_form(office: Office, company: Company) -> None:
    sent = forms(company)
    wanted = {}
    with company.resources.read() as uow:
        before = len(uow.session.scalars(select(Event)).all())
    for url, (_, status) in sent.items():
        for who in EVERYBODY:
            manages = who == "administrator" or (who == "hr" and "assignments" in url)
            wanted[f"{who} {url}"] = status if manages else 403
    with statuses(wanted) as found:
        for url, (fields, _) in sent.items():
            for who in EVERYBODY:
                if who != "administrator":
                    found[f"{who} {url}"] = office.post(who, url, fields).status_code
        with company.resources.read() as uow:
            by_hr = len(uow.session.scalars(select(Event)).all()) - before
        assert by_hr == 1  # the days of an assignment, which are HR's to change
        for url, (fields, _) in sent.items():
            found[f"administrator {url}"] = office.post("administrator", url, fields).status_code
    assert {office.post("visitor", url).status_code for url in sent} == {302}


def test_what_is_not_there_is_not_found(office: Office) -> None:
    for kind in ("departments", "positions", "people", "assignments"):
        url = f"/admin/{kind}/nowhere"
        assert office.get("administrator", url).status_code == 404
        fields = {"name": "x", "email": "x@y.example", "starts_on": "2026-01-01", "active": "1"}
        assert office.post("administrator", url, fields).status_code == 404


def test_a_company_is_entered_from_nothing(office: Office, company: Company) -> None:
    """Department, position, person, assignment: each form leads to what the next one needs."""
    answer = office.post("administrator", "/admin/departments", {"name": "Law"})
    assert answer.location == "/admin/departments"
    page = office.get("administrator", "/admin/departments")
    assert "Saved." in text_of(page)
    assert "Law" in text_of(page)
    with company.resources.read() as uow:
        law = uow.session.scalars(select(Department).where(Department.name == "Law")).one()
    office.post(
        "administrator", "/admin/positions", {"name": "Counsel", "department": law.public_id}
    )
    assert "Counsel" in text_of(office.get("administrator", "/admin/positions?text=law"))
    fields = {"name": "Nora New", "email": "nora@company.example", "active": "1", "roles": "hr"}
    told = text_of(office.post("administrator", "/admin/people", fields))
    assert re.search(r"\b([a-z2-9]{4}-){3}[a-z2-9]{4}\b", told)
    with company.resources.read() as uow:
        nora = uow.session.scalars(select(Person).where(Person.name == "Nora New")).one()
        counsel = uow.session.scalars(select(Position).where(Position.name == "Counsel")).one()
    office.post(
        "hr",
        "/admin/assignments",
        {
            "person": nora.public_id,
            "position": counsel.public_id,
            "starts_on": "2026-03-02",
            "ends_on": "",
        },
    )
    assert "Counsel" in text_of(office.get("administrator", f"/admin/people/{nora.public_id}"))
    listed = text_of(office.get("hr", "/admin/assignments?text=Nora"))
    assert "Nora New Counsel Law" in listed


# What was typed stands in the form that comes back, with a sentence at the field.
RETURNED = [
    ("/admin/departments", {"name": "销售部"}, "name", "already one with this name"),
    ("/admin/departments", {"name": "L", "parent": "nowhere"}, "parent", "choose one of the list"),
    ("/admin/positions", {"name": "Counsel", "department": ""}, "department", "choose one"),
    ("/admin/people", {"name": "Nora", "email": "nora"}, "email", "not an e-mail address"),
    ("/admin/people", {"name": "N", "email": "hr@company.example"}, "email", "already a person"),
    ("/admin/assignments", {"starts_on": "1.2.2026"}, "starts_on", "Please enter a date"),
    ("/admin/assignments", {"starts_on": "2026-01-01"}, "person", "choose one of the list"),
]


def test_mistakes_come_back_with_what_was_typed(office: Office) -> None:
    for url, fields, field, words in RETURNED:
        answer = office.post("administrator", url, fields)
        assert answer.status_code == 400, url
        page = tree_of(answer)
        assert words in page.css_first(f"#{field}-error").text(), url
        assert page.css_first(f'.error-summary a[href="#{field}"]') is not None
        typed = fields.get("name")
        if typed:
            assert page.css_first("#name").attributes["value"] == typed


def test_a_zero_byte_in_a_field_is_no_fault_of_ours(office: Office) -> None:
    fields = dict.fromkeys(
        ("name", "email", "parent", "head", "department", "like", "person", "position", "language"),
        "\x00",
    )
    for kind in ("departments", "positions", "people", "assignments"):
        answer = office.post(
            "administrator", f"/admin/{kind}", {**fields, "starts_on": "2026-01-01"}
        )
        assert answer.status_code == 400
    for url in ("people", "positions", "assignments"):
        assert office.get("administrator", f"/admin/{url}?text=%00").status_code == 200
    office.post("administrator", "/admin/departments", {"name": "Law\x00"})
    assert "Law" in text_of(office.get("administrator", "/admin/departments"))


def test_own_access_cannot_be_given_up(office: Office, company: Company) -> None:
    url = f"/admin/people/{company.administrator.public_id}"
    fields = {"name": "Ada", "email": company.administrator.email, "active": "1"}
    answer = office.post("administrator", url, fields)
    assert answer.status_code == 400
    assert "You cannot take the administrator's role from yourself." in text_of(answer)
    answer = office.post("administrator", url, {**fields, "roles": "administrator", "active": ""})
    assert answer.status_code == 302  # a box that is there is ticked, whatever its value
    del fields["active"]
    answer = office.post("administrator", url, {**fields, "roles": "administrator"})
    assert "You cannot switch off your own account." in text_of(answer)


def test_who_is_switched_off_is_signed_out_at_once(office: Office, company: Company) -> None:
    assert office.get("leaver", "/").status_code == 200
    url = f"/admin/people/{company.leaver.public_id}"
    office.post("administrator", url, {"name": "李 离职", "email": company.leaver.email})
    assert office.get("leaver", "/").location.startswith("/sign-in")


def test_names_are_shown_as_they_are(office: Office) -> None:
    office.post("administrator", "/admin/departments", {"name": "<script>alert(1)</script>"})
    page = main_of(office.get("administrator", "/admin/departments"))
    assert "&lt;script&gt;" in page
    assert "<script>" not in page


def choose(office: Office, content: bytes) -> TestResponse:
    """Choose a table."""
    file = ("people.csv", content)
    return office.send("administrator", "/admin/people/import", file, script=False)


def shown_plan(office: Office, content: bytes) -> dict[str, str]:
    """Choose a table; the hidden fields that confirm it."""
    answer = choose(office, content)
    assert answer.status_code == 200, text_of(answer)
    form = tree_of(answer).css_first("main form[action='/admin/people/import/confirm']")
    if form is None:
        return {}
    return {
        field.attributes["name"]: field.attributes["value"] or ""
        for field in form.css("input[type=hidden]")
    }


def test_a_table_is_shown_and_then_imported(office: Office, company: Company) -> None:
    fields = shown_plan(office, TABLE.encode())
    with company.resources.read() as uow:
        assert uow.session.scalar(select(Person).where(Person.name == "Nora New")) is None
    answer = office.post("administrator", "/admin/people/import/confirm", fields)
    assert answer.location == "/admin/people"
    page = text_of(office.get("administrator", "/admin/people?text=nora"))
    assert "1 person imported." in page
    assert "Nora New nora@company.example HR no password yet" in page
    # The same form sent twice, by a finger that was too quick, is told and does nothing.
    again = office.post("administrator", "/admin/people/import/confirm", fields)
    assert again.status_code == 409
    assert "Everything in this table is known already." in text_of(again)


def test_bad_rows_are_shown_with_their_reasons_and_cannot_be_confirmed(office: Office) -> None:
    content = f"{TABLE}<b>X</b>,nobody,king\n".encode()
    assert shown_plan(office, content) == {}
    answer = choose(office, content)
    page = text_of(answer)
    assert "Some rows are wrong." in page
    assert "king: There is no role «king»: hr, administrator or auditor." in page
    assert "nobody: This is not an e-mail address." in page
    assert "&lt;b&gt;X&lt;/b&gt;" in main_of(answer)


def test_people_changed_meanwhile_show_the_new_plan(office: Office, company: Company) -> None:
    fields = shown_plan(office, TABLE.encode())
    with company.resources.write() as uow:
        uow.session.add(Person(name="Nora", email="nora@company.example"))
    answer = office.post("administrator", "/admin/people/import/confirm", fields)
    assert answer.status_code == 409
    assert "Look at the new plan and confirm again." in text_of(answer)
    digest = tree_of(answer).css_first("input[name=digest]").attributes["value"]
    assert digest != fields["digest"]
    fields["digest"] = digest or ""
    assert office.post("administrator", "/admin/people/import/confirm", fields).status_code == 302


def test_a_large_table_can_be_confirmed(office: Office) -> None:
    """Its content travels in a field, which may be larger than the fields of other forms."""
    remarks = ",".join(["x" * 100_000] * 11)
    content = f"name,email\nNora New,nora@company.example,{remarks}\n".encode()
    fields = shown_plan(office, content)
    assert len(fields["content"]) > 2**20
    assert office.post("administrator", "/admin/people/import/confirm", fields).status_code == 302


def test_files_that_are_no_table(office: Office) -> None:
    for content, words in (
        (b"", "Please fill this in."),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(40), "neither a CSV nor an XLSX file."),
        (b"PK\x03\x04", "This is neither a CSV nor an XLSX file."),
        (b"a,b\n1,2\n", "The column «姓名 / name» is missing."),
        (b"name,email\n", "The table holds no rows."),
    ):
        answer = choose(office, content)
        assert answer.status_code == 400
        assert words in text_of(answer)


def test_a_forged_confirmation_writes_nothing(office: Office, company: Company) -> None:
    forged = base64.b64encode(TABLE.encode()).decode()
    for content, status in (("", 400), ("YQ==", 400), ("%%%", 302), ("ä", 302), (forged, 409)):
        fields = {"content": content, "digest": "x"}
        answer = office.post("administrator", "/admin/people/import/confirm", fields)
        assert answer.status_code == status, content
    with company.resources.read() as uow:
        assert len(uow.session.scalars(select(Person)).all()) == len(company.people)


def test_the_template_is_a_table_to_download(office: Office) -> None:
    answer = office.get("administrator", "/admin/people/import/template.xlsx")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="people.xlsx"'
    assert len(people_tables.read(answer.data)) == 2
