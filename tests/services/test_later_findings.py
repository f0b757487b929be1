"""What a better reader finds that the one before it did not, in drafts and after the seal."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select, update

from indexing.sensitive import Kind
from portal.errors import Forbidden, InvalidInput, NotFound, Refused
from portal.models import Document, Event, LaterFindings, Reading, ReadingState, Version, Visibility
from portal.permissions import Action
from portal.services import findings, items, later_findings, readings
from portal.services.uploads import ToItem
from tests.services.conftest import Desk

PASSWORD = "CRM 系统\n\n登录密码：Qx7#mZp2w9\n\n每周备份。"
CARD = "工资卡 6217000010001234569"
SETTLERS = {"head", "chief", "hr"}


@pytest.fixture(autouse=True)
def _guarded(desk: Desk) -> None:
    desk.resources.settings = replace(desk.resources.settings, guard=True)


@pytest.fixture
def item(desk: Desk, case: str) -> str:
    return desk.company.item(case, "clients")


def submit(desk: Desk, item: str) -> None:
    with desk.company.acting("leaver") as uow:
        items.submit(uow, item)


def keep(desk: Desk, version: str, reason: str = "测试账号") -> None:
    with desk.company.acting("leaver") as uow:
        findings.keep(uow, version, reason)


def read_again(desk: Desk, version: str) -> None:
    with desk.company.acting("leaver") as uow:
        readings.read_again(uow, version)
    desk.work()


def added(desk: Desk, version: str) -> None:
    """A better reader finds the password which the one before it overlooked."""
    with desk.resources.write() as uow:
        row = uow.session.query(Version).filter(Version.public_id == version).one()
        for reading in uow.session.query(Reading).filter(Reading.version_id == row.id):
            reading.findings = [one for one in reading.findings or [] if one["kind"] != "password"]
            reading.reader_version -= 1
    read_again(desk, version)


@pytest.fixture
def sealed(desk: Desk, item: str) -> str:
    """A sealed version in which a password was found after the seal."""
    version = desk.upload("leaver", ToItem(item), PASSWORD, "登录.txt")
    desk.work()
    keep(desk, version)
    submit(desk, item)
    added(desk, version)
    return version


def waiting(desk: Desk, who: str) -> int:
    with desk.company.looking(who) as uow:
        found = later_findings.waiting(uow)
        assert len(later_findings.to_settle(uow)) == found
        return found


def settle(desk: Desk, who: str, version: str, reason: str = "密码已更换") -> None:
    with desk.company.acting(who) as uow:
        later_findings.settle(uow, version, reason)


def test_in_a_draft_it_is_to_be_decided_again(desk: Desk, item: str) -> None:
    version = desk.upload("leaver", ToItem(item), f"{PASSWORD}\n\n{CARD}", "登录.txt")
    desk.work()
    keep(desk, version, "客户的卡号")
    read_again(desk, version)
    # The same once more: what was decided holds.
    assert not desk.events("findings_added")
    added(desk, version)
    (event,) = desk.events("findings_added")
    assert event.facts["kinds"] == {"password": 1}
    with pytest.raises(Refused, match="sensitive_found"):
        submit(desk, item)
    keep(desk, version, "Testkonto")
    submit(desk, item)
    assert waiting(desk, "hr") == 0


def test_of_a_sealed_version_heads_and_hr_are_told(desk: Desk, sealed: str) -> None:
    (event,) = desk.events("findings_added")
    assert event.facts["filename"] == "登录.txt"
    for who, seen in {"hr": 1, "head": 1, "receiver": 1, "neighbour": 0}.items():
        with desk.company.looking(who) as uow:
            clause = uow.rows(Action.VIEW_EVENT)
            found = uow.session.query(Event).filter(clause, Event.kind == "findings_added").all()
            assert len(found) == seen
    for who in desk.company.people:
        assert waiting(desk, who) == (who in SETTLERS), who


def test_read_again_with_the_same_result_nothing_more_is_open(desk: Desk, sealed: str) -> None:
    read_again(desk, sealed)
    with desk.resources.read() as uow:
        assert len(uow.session.scalars(select(LaterFindings)).all()) == 1


def test_a_file_sealed_unread_is_looked_through_when_it_can_be_read(desk: Desk, item: str) -> None:
    version = desk.upload("leaver", ToItem(item), PASSWORD, "登录.txt")
    desk.work()
    keep(desk, version)
    submit(desk, item)
    with desk.resources.write() as uow:
        failed = {
            Reading.state: ReadingState.FAILED,
            Reading.findings: None,
            Reading.reader_version: 1,
        }
        uow.session.execute(update(Reading).values(failed))
    read_again(desk, version)
    assert waiting(desk, "head") == 1


def test_looked_at_with_a_reason_it_is_settled_and_the_version_as_it_was(
    desk: Desk, sealed: str
) -> None:
    def row() -> dict[str, object]:
        with desk.resources.read() as uow:
            found = select(Version).where(Version.public_id == sealed)
            version = uow.session.scalars(found).one()
            return {column.name: getattr(version, column.key) for column in Version.__table__.c}

    before = row()
    with desk.company.looking("head") as uow:
        page = later_findings.show(uow, sealed)
        assert page.open
        assert page.kinds == {Kind.PASSWORD: 1}
    settle(desk, "head", sealed, " 密码已更换 ")
    assert row() == before
    (event,) = desk.events("findings_settled")
    assert event.facts["reason"] == "密码已更换"
    assert event.facts["kinds"] == {"password": 1}
    assert event.actor_id == desk.company.people["head"].id
    assert {waiting(desk, who) for who in SETTLERS} == {0}
    with desk.company.looking("hr") as uow:
        page = later_findings.show(uow, sealed)
        assert not page.open
        assert [row.reason for row in page.rows] == ["密码已更换"]
    with pytest.raises(Refused, match="findings_settled"):
        settle(desk, "hr", sealed)
    # What is found later still is open on its own.
    added(desk, sealed)
    assert waiting(desk, "hr") == 1


@pytest.mark.parametrize("who", sorted(SETTLERS))
def test_each_of_them_settles(desk: Desk, sealed: str, who: str) -> None:
    settle(desk, who, sealed)
    assert waiting(desk, who) == 0


@pytest.mark.parametrize(
    ("who", "error"),
    [
        ("leaver", Forbidden),
        ("receiver", Forbidden),
        ("colleague", Forbidden),
        ("neighbour", NotFound),
        ("outsider", NotFound),
        ("administrator", NotFound),
        ("auditor", NotFound),
        ("departed", NotFound),
    ],
)
def test_nobody_else_looks_or_settles(
    desk: Desk, sealed: str, who: str, error: type[Exception]
) -> None:
    with pytest.raises(error), desk.company.looking(who) as uow:
        later_findings.show(uow, sealed)
    with pytest.raises(error):
        settle(desk, who, sealed)
    assert waiting(desk, "hr") == 1


@pytest.mark.parametrize("reason", ["", " \x00 ", "x" * 2001, "登录密码：Qx7#mZp2w9"])
def test_a_reason_is_wanted_and_holds_no_secret(desk: Desk, sealed: str, reason: str) -> None:
    with pytest.raises(InvalidInput):
        settle(desk, "hr", sealed, reason)
    assert waiting(desk, "hr") == 1


def test_hr_sees_the_line_only_where_the_document_is_open_to_them(desk: Desk, sealed: str) -> None:
    with desk.company.looking("hr") as uow:
        page = later_findings.show(uow, sealed)
        assert (page.readable, page.shown) == (False, [])
    with desk.company.looking("head") as uow:
        (one,) = later_findings.show(uow, sealed).shown
        assert "密码" in one.excerpt.before
        assert "Qx7#mZp2w9" not in str(one)
    with desk.resources.write() as uow:
        uow.session.execute(update(Document).values(visibility=Visibility.COMPANY))
    with desk.company.looking("hr") as uow:
        assert later_findings.show(uow, sealed).shown


def test_nothing_is_shown_of_what_was_decided_before_the_seal(desk: Desk, item: str) -> None:
    version = desk.upload("leaver", ToItem(item), PASSWORD, "登录.txt")
    desk.work()
    keep(desk, version)
    submit(desk, item)
    with pytest.raises(NotFound), desk.company.looking("head") as uow:
        later_findings.show(uow, version)
