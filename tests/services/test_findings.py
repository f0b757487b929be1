"""The guard: what is found in a draft is decided before it is sealed and others read it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from indexing.sensitive import Kind
from portal.errors import Forbidden, InvalidInput, NotFound, Refused
from portal.models import Handover, HandoverState, Reading, Version
from portal.services import documents, findings, handovers, items, readings
from portal.services.uploads import ToDocument, ToHandover, ToItem
from portal.unit_of_work import UnitOfWork
from tests.services.conftest import Desk

HARMLESS = "客户每月第一周拜访。"
PASSWORD = "CRM 系统\n\n登录密码：Qx7#mZp2w9\n\n每周备份。"
TEXTS = {
    "password": PASSWORD,
    "token": "部署令牌 ghp_a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8",
    "identity": "身份证 11010519491231002X",
    "card": "工资卡 6217000010001234569",
}


@pytest.fixture(autouse=True)
def _guarded(desk: Desk) -> None:
    desk.resources.settings = replace(desk.resources.settings, guard=True)


@pytest.fixture
def item(desk: Desk, case: str) -> str:
    return desk.company.item(case, "clients")


def submit(desk: Desk, item: str) -> None:
    with desk.company.acting("leaver") as uow:
        items.submit(uow, item)


def sealed(desk: Desk) -> int:
    with desk.resources.read() as uow:
        return uow.session.query(Version).filter(Version.sealed_at.is_not(None)).count()


@pytest.mark.parametrize("kind", TEXTS)
def test_found_secrets_keep_an_item_from_being_sealed(desk: Desk, item: str, kind: str) -> None:
    desk.upload("leaver", ToItem(item), HARMLESS, "a.txt")
    desk.upload("leaver", ToItem(item), TEXTS[kind], "登录.txt")
    desk.work()
    with pytest.raises(Refused) as caught:
        submit(desk, item)
    assert caught.value.code == "sensitive_found"
    assert caught.value.facts == {"files": "登录.txt"}
    assert sealed(desk) == 0


def test_mobile_numbers_are_shown_and_in_nobodys_way(desk: Desk, item: str) -> None:
    version = desk.upload("leaver", ToItem(item), "王经理 手机 13800138000", "电话.txt")
    desk.work()
    with desk.company.looking("leaver") as uow:
        page = findings.show(uow, version)
    assert [one.kind for one in page.found] == [Kind.MOBILE_NUMBER]
    assert not page.blocking
    submit(desk, item)
    assert sealed(desk) == 1


def test_a_file_that_is_not_read_yet_is_not_sealed(desk: Desk, item: str) -> None:
    desk.upload("leaver", ToItem(item), PASSWORD, "登录.txt")
    with pytest.raises(Refused) as caught:
        submit(desk, item)
    assert caught.value.code == "version_not_read"
    assert sealed(desk) == 0


def test_a_cancelled_reading_is_no_way_around(desk: Desk, item: str) -> None:
    version = desk.upload("leaver", ToItem(item), PASSWORD, "登录.txt")
    with desk.company.acting("leaver") as uow:
        readings.cancel(uow, version)
    with pytest.raises(Refused, match="reading_was_cancelled"):
        submit(desk, item)


def test_a_file_that_cannot_be_read_is_sealed(desk: Desk, item: str) -> None:
    desk.upload("leaver", ToItem(item), b"\x00\x01\x02" * 50, "x.bin")
    desk.work()
    submit(desk, item)
    assert sealed(desk) == 1


def test_kept_with_a_reason_it_is_sealed_and_told(desk: Desk, item: str) -> None:
    version = desk.upload("leaver", ToItem(item), PASSWORD, "登录.txt")
    desk.work()
    with desk.company.acting("leaver") as uow:
        findings.keep(uow, version, " 测试账号，下周停用 ")
    submit(desk, item)
    assert sealed(desk) == 1
    (event,) = desk.events("findings_kept")
    assert event.facts["reason"] == "测试账号，下周停用"
    assert event.facts["kinds"] == {"password": 1}
    assert "Qx7" not in str(event.facts)


def test_a_newer_version_without_it_is_sealed(desk: Desk, item: str) -> None:
    version = desk.upload("leaver", ToItem(item), PASSWORD, "登录.txt")
    desk.upload("leaver", ToDocument(desk.document(version)), HARMLESS, "登录.txt")
    desk.work()
    submit(desk, item)
    assert sealed(desk) == 1


def test_a_decision_is_about_one_version(desk: Desk, item: str) -> None:
    version = desk.upload("leaver", ToItem(item), PASSWORD, "登录.txt")
    desk.work()
    with desk.company.acting("leaver") as uow:
        findings.keep(uow, version, "测试账号")
    desk.upload("leaver", ToDocument(desk.document(version)), TEXTS["token"], "登录.txt")
    desk.work()
    with pytest.raises(Refused, match="sensitive_found"):
        submit(desk, item)


def test_extra_knowledge_is_guarded_too(desk: Desk, case: str) -> None:
    version = desk.upload("leaver", ToHandover(case), PASSWORD, "登录.txt")
    desk.work()
    with pytest.raises(Refused, match="sensitive_found"), desk.company.acting("leaver") as uow:
        documents.submit_extra(uow, desk.document(version))
    assert sealed(desk) == 0


def test_the_value_is_covered(desk: Desk, item: str) -> None:
    version = desk.upload("leaver", ToItem(item), PASSWORD, "登录.txt")
    desk.work()
    with desk.company.looking("leaver") as uow:
        page = findings.show(uow, version)
    (one,) = page.found
    assert one.kind is Kind.PASSWORD
    assert "密码" in one.excerpt.before
    assert "Qx7#mZp2w9" not in str(one)
    assert [item.requirement.key for item in page.secrets] == ["crm"]
    with desk.resources.read() as uow:
        assert "Qx7" not in str(uow.session.query(Reading).one().findings)


def test_a_reading_from_before_the_guard_is_looked_through_at_the_seal(
    desk: Desk, item: str
) -> None:
    version = desk.upload("leaver", ToItem(item), PASSWORD, "登录.txt")
    desk.work()
    with desk.resources.write() as uow:
        uow.session.query(Reading).update({Reading.findings: None})
    with pytest.raises(Refused, match="sensitive_found"):
        submit(desk, item)
    # The refusal leaves nothing written; the row still leads to the page, which looks for itself.
    reading = desk.reading(version)
    assert reading.findings is None
    with desk.company.acting("leaver") as uow:
        page = findings.show(uow, version)
        assert [one.kind for one in page.found] == [Kind.PASSWORD]
        assert findings.undecided(page.version, reading)
        findings.keep(uow, version, "测试账号")
    submit(desk, item)
    assert sealed(desk) == 1


def test_the_same_bytes_elsewhere_are_found_too(desk: Desk, case: str, item: str) -> None:
    desk.upload("leaver", ToItem(item), PASSWORD, "登录.txt")
    desk.work()
    copy = desk.upload("leaver", ToHandover(case), PASSWORD, "副本.txt")
    desk.work()
    with pytest.raises(Refused, match="sensitive_found"), desk.company.acting("leaver") as uow:
        documents.submit_extra(uow, desk.document(copy))


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("receiver", NotFound),
        ("colleague", NotFound),
        ("head", NotFound),
        ("administrator", NotFound),
        ("outsider", NotFound),
        ("departed", NotFound),
        ("hr", Forbidden),
    ],
)
def test_only_the_owner_decides(desk: Desk, item: str, name: str, error: type[Exception]) -> None:
    version = desk.upload("leaver", ToItem(item), PASSWORD, "登录.txt")
    desk.work()
    for act in (findings.show, lambda uow, found: findings.keep(uow, found, "why")):
        with pytest.raises((NotFound, Forbidden)) as caught, desk.company.acting(name) as uow:
            act(uow, version)
        assert caught.type in (error, NotFound)


def test_decisions_that_cannot_be_made(desk: Desk, case: str, item: str) -> None:
    harmless = desk.upload("leaver", ToItem(item), HARMLESS, "a.txt")
    version = desk.upload("leaver", ToItem(item), PASSWORD, "登录.txt")
    desk.work()

    def keep(found: str, reason: str) -> None:
        with desk.company.acting("leaver") as uow:
            findings.keep(uow, found, reason)

    for reason in ("", "  \x00 ", "x" * 2001):
        with pytest.raises(InvalidInput):
            keep(version, reason)
    with pytest.raises(Refused, match="nothing_sensitive"):
        keep(harmless, "why")
    keep(version, "why")
    with pytest.raises(Refused, match="nothing_sensitive"):
        keep(version, "again")
    submit(desk, item)
    with pytest.raises(Refused, match="version_sealed"):
        keep(version, "later")
    with desk.resources.write() as uow:
        uow.session.query(Handover).one().state = HandoverState.CANCELLED
    with pytest.raises(Refused, match="handover_closed"):
        keep(harmless, "why")


def test_many_numbers_do_not_crowd_out_the_password_behind_them(desk: Desk, item: str) -> None:
    clients = "\n".join(f"客户{number},138{number:08}" for number in range(findings.MOST + 50))
    desk.upload("leaver", ToItem(item), f"{clients}\n\n登录密码：Qx7#mZp2w9", "客户.txt")
    desk.work()
    with pytest.raises(Refused) as caught:
        submit(desk, item)
    assert caught.value.code == "sensitive_found"


@pytest.mark.parametrize("text", TEXTS.values())
def test_what_is_typed_is_kept_for_ever_so_it_holds_no_secret(
    desk: Desk, case: str, item: str, text: str
) -> None:
    version = desk.upload("leaver", ToItem(item), HARMLESS, "a.txt")
    desk.work()
    document = desk.document(version)
    form = documents.ChangeForm(text, "position", None)
    typed: dict[str, tuple[str, str, Callable[[UnitOfWork], object]]] = {
        "submit": ("leaver", "statement", lambda uow: items.submit(uow, item, text)),
        "title": ("leaver", "title", lambda uow: documents.change(uow, document, form)),
        "waive": ("head", "reason", lambda uow: items.waive(uow, item, text)),
        "cancel": ("hr", "reason", lambda uow: handovers.cancel(uow, case, text)),
    }
    for who, field, act in typed.values():
        with pytest.raises(InvalidInput) as caught, desk.company.acting(who) as uow:
            act(uow)
        (problem,) = caught.value.problems
        assert (problem.field, problem.code) == (field, "text_sensitive")
        assert all("•" in covered for _, covered in problem.facts["found"])
    assert sealed(desk) == 0


@pytest.mark.parametrize("who", ["accept", "send_back"])
def test_a_receivers_words_are_looked_through_too(desk: Desk, item: str, who: str) -> None:
    desk.upload("leaver", ToItem(item), HARMLESS, "a.txt")
    desk.work()
    submit(desk, item)
    act = getattr(items, who)
    with pytest.raises(InvalidInput), desk.company.acting("receiver") as uow:
        act(uow, item, "管理员口令 Qx7#mZp2w9")
    with desk.company.acting("receiver") as uow:
        act(uow, item, "请补上王经理的手机 13800138000。")


def test_a_vault_is_named_and_no_password(desk: Desk, case: str) -> None:
    secret = desk.company.item(case, "crm")
    with pytest.raises(InvalidInput), desk.company.acting("leaver") as uow:
        items.submit(uow, secret, "Qx7#mZp2w9")
    with desk.company.acting("leaver") as uow:
        items.submit(uow, secret, "sales/crm-2041")
