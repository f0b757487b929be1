"""A credential in a draft is moved: its place goes into a secret item, the draft stays unsealed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from portal.errors import Forbidden, InvalidInput, NotFound, Refused
from portal.models import HandoverState, Item, ItemState
from portal.services import findings, handovers, items, vault
from portal.services.uploads import ToDocument, ToItem
from tests.services.conftest import Desk

PASSWORD = "CRM 系统\n\n登录密码：Qx7#mZp2w9\n\n每周备份。"
PLACE = "sales/crm-2041"


@pytest.fixture
def version(desk: Desk, case: str) -> str:
    """A draft with a password in it."""
    desk.resources.settings = replace(desk.resources.settings, guard=True)
    made = desk.upload("leaver", ToItem(desk.company.item(case, "clients")), PASSWORD, "登录.txt")
    desk.work()
    return made


def move(desk: Desk, version: str, item: str, place: str = PLACE, who: str = "leaver") -> None:
    with desk.company.acting(who) as uow:
        vault.move(uow, version, item, place)


def statement(desk: Desk, item: str) -> str:
    with desk.resources.read() as uow:
        return uow.session.query(Item).filter(Item.public_id == item).one().statement


def test_its_place_is_noted_and_only_a_version_without_it_is_sealed(
    desk: Desk, case: str, version: str
) -> None:
    secret, clients = (desk.company.item(case, key) for key in ("crm", "clients"))
    move(desk, version, secret)
    move(desk, version, secret)
    move(desk, version, secret, "sales/erp")
    assert statement(desk, secret) == f"{PLACE}\nsales/erp"
    event = desk.events("findings_moved")[0]
    assert (event.facts["item"], event.facts["filename"]) == ("CRM 账号", "登录.txt")
    assert "Qx7" not in str([each.facts for each in desk.events("findings_moved")])
    with desk.company.looking("leaver") as uow:
        assert findings.show(uow, version).moved == ["CRM 账号"]
    with pytest.raises(Refused, match="findings_moved"), desk.company.acting("leaver") as uow:
        findings.keep(uow, version, "why")
    with pytest.raises(Refused, match="sensitive_found"), desk.company.acting("leaver") as uow:
        items.submit(uow, clients)
    desk.upload("leaver", ToDocument(desk.document(version)), "每周备份。", "登录.txt")
    desk.work()
    with desk.company.acting("leaver") as uow:
        items.submit(uow, clients)
        items.submit(uow, secret, statement(desk, secret))


@pytest.mark.parametrize(
    "who", ["receiver", "colleague", "head", "hr", "administrator", "outsider", "departed"]
)
def test_only_the_owner_moves(desk: Desk, case: str, version: str, who: str) -> None:
    secret = desk.company.item(case, "crm")
    with pytest.raises((NotFound, Forbidden)):
        move(desk, version, secret, who=who)
    assert statement(desk, secret) == ""


@pytest.mark.parametrize("place", ["", " \x00 ", "Qx7#mZp2w9", "登录密码：Qx7#mZp2w9", "x/" * 2001])
def test_the_place_is_a_place(desk: Desk, case: str, version: str, place: str) -> None:
    secret = desk.company.item(case, "crm")
    with pytest.raises(InvalidInput) as caught:
        move(desk, version, secret, place)
    assert [problem.field for problem in caught.value.problems] == ["place"]
    assert statement(desk, secret) == ""


def test_the_item_is_an_open_one_of_the_case_that_takes_places(
    desk: Desk, case: str, version: str
) -> None:
    other = desk.company.handover(leaver="colleague")
    wrong = [desk.company.item(case, "clients"), desk.company.item(other, "crm"), "", "x"]
    secret = desk.company.item(case, "crm")
    with desk.company.acting("leaver") as uow:
        items.submit(uow, secret, PLACE)
    for item in [*wrong, secret]:
        with pytest.raises(InvalidInput) as caught:
            move(desk, version, item)
        assert [problem.field for problem in caught.value.problems] == ["item"]
    # Returned, it takes another one.
    with desk.company.acting("receiver") as uow:
        items.send_back(uow, secret, "no such entry")
    move(desk, version, secret, "sales/crm-2042")
    assert statement(desk, secret) == f"{PLACE}\nsales/crm-2042"


def test_versions_of_which_nothing_is_moved(desk: Desk, case: str, version: str) -> None:
    secret, clients = (desk.company.item(case, key) for key in ("crm", "clients"))
    harmless = desk.upload("leaver", ToItem(clients), "身份证 11010519491231002X", "a.txt")
    desk.work()
    with pytest.raises(Refused, match="nothing_sensitive"):
        move(desk, harmless, secret)
    with desk.company.acting("leaver") as uow:
        findings.keep(uow, version, "test account")
        findings.keep(uow, harmless, "client")
    with desk.company.acting("leaver") as uow:
        items.submit(uow, clients)
    with pytest.raises(Refused, match="version_sealed"):
        move(desk, version, secret)
    with desk.company.acting("hr") as uow:
        handovers.cancel(uow, case, "stays")
    with pytest.raises((Refused, NotFound, Forbidden)):
        move(desk, version, secret)
    with desk.resources.read() as uow:
        item = uow.session.query(Item).filter(Item.public_id == secret).one()
        assert (item.state, item.handover.state) == (ItemState.OPEN, HandoverState.CANCELLED)
        assert item.statement == ""
