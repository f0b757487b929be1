"""Importing people: what a table would do, row by row, and that exactly this happens."""

from __future__ import annotations

import io
import zipfile
from datetime import date

import openpyxl
import pytest
from sqlalchemy import select

from portal.errors import Forbidden, Refused
from portal.models import Assignment, Department, Person, Position, Role
from portal.services import people_import, people_tables
from portal.services.people_import import Outcome, Plan
from tests.company import Company
from tests.services.administering import facts, refused
from tests.web.acting import EVERYBODY

HEADINGS = "name,email,department,position,start,end,role,language\n"


def csv_of(*rows: str, headings: str = HEADINGS) -> bytes:
    return (headings + "\n".join(rows) + "\n").encode()


def xlsx_of(*rows: tuple[object, ...]) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


def plan_of(company: Company, content: bytes) -> Plan:
    with company.looking("administrator") as uow:
        return people_import.plan(uow, content)


def carry_out(company: Company, content: bytes, digest: str | None = None) -> Plan:
    digest = digest or plan_of(company, content).digest
    with company.acting("administrator") as uow:
        return people_import.carry_out(uow, content, "people.csv", digest)


def person_of(company: Company, email: str) -> Person | None:
    with company.resources.read() as uow:
        return uow.session.scalar(select(Person).where(Person.email == email))


def test_only_administrators_import(company: Company) -> None:
    content = csv_of("Nora,nora@company.example")
    for who in EVERYBODY:
        if who == "administrator":
            continue
        with company.acting(who) as uow:
            with pytest.raises(Forbidden):
                people_import.plan(uow, content)
            with pytest.raises(Forbidden):
                people_import.carry_out(uow, content, "", "")


def test_people_with_their_departments_positions_and_days(company: Company) -> None:
    content = csv_of(
        "Nora New,Nora@Company.example,销售部,销售经理,2026-02-01,,,en",
        "牛 新,niu@company.example,法务部,法务,2026年1月5日,2027/1/4,人事,中文",
    )
    plan = plan_of(company, content)
    assert [row.outcome for row in plan.rows] == [Outcome.NEW, Outcome.NEW]
    assert plan.possible
    assert plan.new_departments == ["法务部"]
    assert plan.new_positions == [("法务部", "法务")]
    assert person_of(company, "nora@company.example") is None  # nothing is written by a plan
    carry_out(company, content)
    nora, niu = (person_of(company, f"{name}@company.example") for name in ("nora", "niu"))
    assert nora is not None
    assert niu is not None
    assert (nora.name, nora.language, nora.roles, nora.password_hash) == (
        "Nora New", "en", frozenset(), None,
    )  # fmt: skip
    assert (niu.language, niu.roles) == ("zh_CN", {Role.HR})
    with company.resources.read() as uow:
        held = uow.session.execute(
            select(Assignment.starts_on, Assignment.ends_on, Position.name, Department.name)
            .join(Position, Assignment.position_id == Position.id)
            .join(Department, Position.department_id == Department.id)
            .where(Assignment.person_id.in_([nora.id, niu.id]))
            .order_by(Assignment.id)
        ).all()
    assert [tuple(row) for row in held] == [
        (date(2026, 2, 1), None, "销售经理", "销售部"),
        (date(2026, 1, 5), date(2027, 1, 4), "法务", "法务部"),
    ]
    assert facts(company, "people_imported") == [{"count": 2, "filename": "people.csv"}]


def test_a_second_time_changes_nothing(company: Company) -> None:
    content = csv_of("Nora New,nora@company.example,销售部,销售经理,2026-02-01,,hr,en")
    carry_out(company, content)
    again = plan_of(company, content)
    assert [row.outcome for row in again.rows] == [Outcome.UNCHANGED]
    assert not again.possible
    with pytest.raises(Refused) as caught:
        carry_out(company, content)
    assert caught.value.code == "import_impossible"


def test_a_position_without_a_day_begins_today(company: Company) -> None:
    carry_out(company, csv_of("Nora New,nora@company.example,销售部,销售经理"))
    with company.resources.read() as uow:
        newest = uow.session.scalars(select(Assignment).order_by(Assignment.id.desc())).first()
    assert newest is not None
    assert (newest.starts_on, newest.ends_on) == (date(2026, 3, 2), None)


@pytest.mark.parametrize("headings", ["name,email\n", HEADINGS])
def test_what_a_table_leaves_empty_stays_as_it_is(company: Company, headings: str) -> None:
    plan = plan_of(company, csv_of("何 人事,hr@company.example", headings=headings))
    assert [row.outcome for row in plan.rows] == [Outcome.UNCHANGED]
    carry_out(company, csv_of("何 改名,hr@company.example", headings=headings))
    changed = person_of(company, "hr@company.example")
    assert changed is not None
    assert (changed.name, changed.roles) == ("何 改名", {Role.HR})
    assert changed.password_hash == company.hr.password_hash


def test_roles_are_taken_only_by_saying_employee(company: Company) -> None:
    carry_out(company, csv_of("何 人事,hr@company.example,,,,,员工,"))
    changed = person_of(company, "hr@company.example")
    assert changed is not None
    assert changed.roles == frozenset()


def test_nobody_is_switched_on_by_a_table(company: Company) -> None:
    with company.resources.write() as uow:
        uow.session.merge(company.outsider).active = False
    held = csv_of("Olga,outsider@company.example,Engineering,Backend engineer")
    carry_out(company, held)
    changed = person_of(company, "outsider@company.example")
    assert changed is not None
    assert (changed.name, changed.active) == ("Olga", False)
    plan = plan_of(company, csv_of("Olga,outsider@company.example,销售部,销售经理"))
    assert [problem.code for problem in plan.rows[0].problems] == ["switched_off"]


BAD_ROWS = [
    (",a@b.example", [("name", "required")]),
    ("N,", [("email", "required")]),
    ("N,nobody", [("email", "email_invalid")]),
    ("N,a@b.example,销售部", [("position", "required")]),
    ("N,a@b.example,,销售经理", [("department", "required")]),
    (f"N,a@b.example,销售部,{'x' * 201}", [("position", "too_long")]),
    ("N,a@b.example,,,2026-02-30", [("starts_on", "date_invalid")]),
    ("N,a@b.example,,,yesterday", [("starts_on", "date_invalid")]),
    ("N,a@b.example,,,2026-02-02,2026-02-01", [("ends_on", "ends_before_start")]),
    ("N,a@b.example,,,,,king", [("roles", "role_unknown")]),
    ("N,a@b.example,,,,,,klingon", [("language", "choice_unknown")]),
    ("Ada Admin,administrator@company.example,,,,,hr", [("roles", "own_role")]),
    (",nobody,,,,,king", [("roles", "role_unknown"), ("name", "required"),
                          ("email", "email_invalid")]),
]  # fmt: skip


def test_every_bad_row_says_what_is_wrong_and_stops_the_import(company: Company) -> None:
    good = "Nora New,nora@company.example,,,,,,"
    found = []
    for row, _ in BAD_ROWS:
        plan = plan_of(company, csv_of(good, row))
        assert [each.outcome for each in plan.rows] == [Outcome.NEW, Outcome.BAD], row
        assert plan.rows[1].row.number == 3
        found.append([(each.field, each.code) for each in plan.rows[1].problems])
        with pytest.raises(Refused) as caught:
            carry_out(company, csv_of(good, row), plan.digest)
        assert caught.value.code == "import_impossible"
    assert found == [problems for _, problems in BAD_ROWS]
    assert person_of(company, "nora@company.example") is None


def test_the_same_address_twice_is_a_bad_row(company: Company) -> None:
    plan = plan_of(company, csv_of("N,n@b.example", "M,N@B.EXAMPLE"))
    assert [row.outcome for row in plan.rows] == [Outcome.NEW, Outcome.BAD]
    assert plan.rows[1].problems[0].code == "duplicate_row"


def test_what_was_shown_is_what_happens(company: Company) -> None:
    content = csv_of("Nora New,nora@company.example", "何 改名,hr@company.example")
    digest = plan_of(company, content).digest
    with company.resources.write() as uow:
        uow.session.merge(company.hr).name = "何 改名"  # somebody was faster
    for shown, table in ((digest, content), (digest, csv_of("Eve,eve@company.example"))):
        with pytest.raises(Refused) as caught:
            carry_out(company, table, shown)
        assert caught.value.code == "import_changed"
    assert person_of(company, "nora@company.example") is None
    assert facts(company, "people_imported") == []


CHINESE = (
    "姓名,邮箱,部门,岗位,开始日期,角色\n牛 新,niu@company.example,销售部,销售经理,2026.1.5,审计\n"
)


@pytest.mark.parametrize(
    "content",
    [
        CHINESE.encode(),
        CHINESE.encode("utf-8-sig"),
        CHINESE.encode("gb18030"),
        CHINESE.encode("utf-16"),
        CHINESE.replace(",", ";").encode(),
        CHINESE.replace(",", "\t").replace("\n", "\r\n").encode(),
        ("\n\n" + CHINESE + ",,,,,\n\n").encode(),
        xlsx_of(
            ("姓名 name", "邮箱 email", "部门", "岗位", "开始日期", "角色", "备注"),
            (None, None, None, None, None, None, None),
            ("牛 新", "niu@company.example", "销售部", "销售经理", date(2026, 1, 5), "审计", 1),
        ),
    ],
    ids=["utf-8", "bom", "gb18030", "utf-16", "semicolons", "tabs", "blank rows", "xlsx"],
)
def test_tables_as_offices_save_them(content: bytes) -> None:
    (row,) = people_tables.read(content)
    assert {key: value.replace(".1.", "-01-0") for key, value in row.values.items()} == {
        "name": "牛 新",
        "email": "niu@company.example",
        "department": "销售部",
        "position": "销售经理",
        "starts_on": "2026-01-05",
        "roles": "审计",
    }


def test_quoted_cells_hold_delimiters_and_quotation_marks() -> None:
    content = csv_of('"New, Nora ""No""",nora@company.example')
    assert people_tables.read(content)[0].values["name"] == 'New, Nora "No"'


def broken_xlsx() -> bytes:
    """A workbook whose sheet is no XML."""
    made = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(xlsx_of(("name", "email"), ("N", "n@b.example")))) as whole,
        zipfile.ZipFile(made, "w") as broken,
    ):
        for name in whole.namelist():
            content = whole.read(name)
            broken.writestr(name, content[:80] if "sheet1" in name else content)
    return made.getvalue()


def zip_of(name: str, content: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return made.getvalue()


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "not_a_table"),
        (b" \n \n", "not_a_table"),
        (b"PK\x03\x04 no zip", "not_a_table"),
        (zip_of("a.txt", b"name,email"), "not_a_table"),
        (zip_of("xl/workbook.xml", b"<a>"), "not_a_table"),
        (xlsx_of(("name", "email"), ("N", "n@b.example"))[:-40], "not_a_table"),
        (broken_xlsx(), "not_a_table"),
        (zip_of("xl/workbook.xml", bytes(people_tables.MOST_UNPACKED + 1)), "table_too_large"),
        (bytes(people_tables.MOST_BYTES + 1), "table_too_large"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(40), "not_a_table"),
        (b"name,phone\nN,1\n", "column_missing"),
        (b"hello\nworld\n", "column_missing"),
        (b"name,email\n", "no_rows"),
        (b"name,email\n,\n , \n", "no_rows"),
        (xlsx_of(("name", "email")), "no_rows"),
        (b"name,email\n" + b"N,n@b.example\n" * people_tables.MOST_ROWS, "table_too_large"),
        (b'name,email\n"' + b"x" * 200_000, "not_a_table"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_files_that_are_no_table_of_people(content: bytes, code: str) -> None:
    with refused(("file", code)):
        people_tables.read(content)


def test_a_sheet_that_claims_to_be_huge_is_read_as_it_is() -> None:
    made = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(xlsx_of(("name", "email"), ("N", "n@b.example")))) as whole,
        zipfile.ZipFile(made, "w") as claiming,
    ):
        for name in whole.namelist():
            content = whole.read(name)
            claiming.writestr(name, content.replace(b'ref="A1:B2"', b'ref="A1:XFD1048576"'))
    assert b"XFD1048576" in zipfile.ZipFile(made).read("xl/worksheets/sheet1.xml")
    assert [row.values["name"] for row in people_tables.read(made.getvalue())] == ["N"]


def test_the_template_can_be_imported(company: Company) -> None:
    content = people_tables.template()
    plan = plan_of(company, content)
    assert [row.outcome for row in plan.rows] == [Outcome.NEW, Outcome.NEW]
    carry_out(company, content)
    jane = person_of(company, "jane.doe@company.example")
    assert jane is not None
    assert (jane.roles, jane.language) == ({Role.HR}, "en")
