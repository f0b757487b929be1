"""The page on which a leaver decides about passwords and numbers found in a draft."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.services.library import Library
from tests.web.acting import Office

TEXT = "登录密码：Qx7#mZp2w9\n\n王经理 13800138000"


@pytest.fixture
def version(library: Library, office: Office) -> str:
    resources = office.company.resources
    resources.settings = replace(resources.settings, guard=True)
    item = office.company.item(library.case, "clients")
    made = office.upload("leaver", f"/items/{item}/files", "登录.txt", TEXT)
    library.desk.work()
    return made


def test_found_shown_covered_kept_and_submitted(
    office: Office, library: Library, version: str
) -> None:
    case = office.get("leaver", f"/handovers/{library.case}").get_data(as_text=True)
    assert f"/versions/{version}/findings" in case
    item = office.company.item(library.case, "clients")
    refused = office.post("leaver", f"/items/{item}/submit", headers={"Accept": "application/json"})
    assert (refused.status_code, refused.json["error"]["code"]) == (409, "sensitive_found")
    page = office.get("leaver", f"/versions/{version}/findings").get_data(as_text=True)
    assert "Q••••••" in page
    assert "Qx7" not in page
    assert "CRM 账号" in page
    url = f"/versions/{version}/findings/keep"
    empty = office.post("leaver", url, {"reason": ""})
    assert empty.status_code == 400
    assert office.post("leaver", url, {"reason": "测试账号"}).status_code == 302
    assert office.post("leaver", f"/items/{item}/submit").status_code == 302
    log = office.get("hr", f"/handovers/{library.case}").get_data(as_text=True)
    assert "Keeps sensitive data" in log


@pytest.mark.parametrize("name", ["receiver", "head", "colleague", "administrator", "outsider"])
def test_nobody_else_sees_it(office: Office, version: str, name: str) -> None:
    assert office.get(name, f"/versions/{version}/findings").status_code in (403, 404)
    assert office.post(name, f"/versions/{version}/findings/keep").status_code in (403, 404)


def test_a_password_is_moved_to_the_vault(office: Office, library: Library, version: str) -> None:
    url = f"/versions/{version}/findings"
    secret = office.company.item(library.case, "crm")
    wrong = office.post("leaver", f"{url}/move", {"item": secret, "place": "Qx7#mZp2w9"})
    assert wrong.status_code == 400
    form = {"item": secret, "place": "sales/crm-2041"}
    assert office.post("leaver", f"{url}/move", form).status_code == 302
    page = office.get("leaver", url).get_data(as_text=True)
    assert "where it is kept stands in CRM 账号" in page
    assert "/findings/keep" not in page
    # A place that was only noted is for its owner; it is the item's statement already.
    assert "sales/crm-2041" in office.get("leaver", f"/items/{secret}").get_data(as_text=True)
    assert "sales/crm-2041" not in office.get("receiver", f"/items/{secret}").get_data(as_text=True)
    assert office.post("receiver", f"{url}/move", form).status_code in (403, 404)
