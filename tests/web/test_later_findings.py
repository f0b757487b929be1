"""What is found after the seal: a line on the home page, and the page on which it is settled."""

from __future__ import annotations

from dataclasses import replace

import pytest

from portal.models import Reading
from portal.services import readings
from tests.services.library import Library
from tests.web.acting import EVERYBODY, Office, main_of

TEXT = "登录密码：Qx7#mZp2w9"
LINE = "Something was found in 1 document"


@pytest.fixture
def version(library: Library, office: Office) -> str:
    """A sealed version in which a later reading finds a password."""
    resources = office.company.resources
    made = library.add(TEXT, "登录.txt")
    resources.settings = replace(resources.settings, guard=True)
    with resources.write() as uow:
        uow.session.query(Reading).update({Reading.findings: [], Reading.reader_version: 1})
    with office.company.acting("leaver") as uow:
        readings.read_again(uow, made)
    library.desk.work()
    return made


def test_heads_and_hr_find_it_on_the_home_page_and_settle_it(office: Office, version: str) -> None:
    told = {who for who in EVERYBODY if LINE in main_of(office.get(who, "/"))}
    assert told == {"head", "chief", "hr"}
    assert 'href="/later-findings"' in main_of(office.get("hr", "/"))
    url = f"/versions/{version}/later-findings"
    for who in ("head", "hr"):
        assert url in main_of(office.get(who, "/later-findings"))
    page = main_of(office.get("head", url))
    assert "Q••••••" in page
    assert "Qx7" not in page
    assert "••" not in main_of(office.get("hr", url))
    empty = office.post("head", f"{url}/settle", {"reason": ""})
    assert empty.status_code == 400
    assert "field-error" in empty.text
    assert office.post("head", f"{url}/settle", {"reason": "已更换"}).status_code == 302
    page = main_of(office.get("hr", url))
    assert "已更换" in page
    assert "<textarea" not in page
    assert "Nothing was found" in main_of(office.get("hr", "/later-findings"))
    assert LINE not in main_of(office.get("hr", "/"))
    again = office.post("hr", f"{url}/settle", {"reason": "again"}, headers={"Accept": "text/html"})
    assert again.status_code == 409


@pytest.mark.parametrize("who", ["leaver", "receiver", "outsider", "administrator", "departed"])
def test_nobody_else_comes_there(office: Office, version: str, who: str) -> None:
    url = f"/versions/{version}/later-findings"
    assert office.get(who, url).status_code in (403, 404)
    assert office.post(who, f"{url}/settle", {"reason": "why"}).status_code in (403, 404)
    assert version not in office.get(who, "/later-findings").text
