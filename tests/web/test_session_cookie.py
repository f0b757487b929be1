"""Which answers carry the session's cookie."""

from __future__ import annotations

import pytest

from tests.web.acting import Office

SCRIPT = {"X-Requested-With": "fetch", "Accept": "application/json"}


@pytest.mark.parametrize(
    ("path", "headers", "renewed"),
    [
        ("/", {}, True),
        ("/search", {}, True),
        ("/static/css/base.css", {}, False),
        ("/search/suggestions?q=a", SCRIPT, False),
        ("/handovers/{case}/live", SCRIPT, False),
    ],
)
def test_only_pages_renew_the_session(
    office: Office, case: str, path: str, headers: dict[str, str], renewed: bool
) -> None:
    client = office.browser("leaver")
    client.get("/")
    with client.get(path.format(case=case), headers=headers) as answer:
        assert answer.status_code == 200
        assert ("Set-Cookie" in answer.headers) is renewed


def test_a_late_answer_does_not_sign_in_again(office: Office, case: str) -> None:
    client = office.browser("leaver")
    client.get("/")
    late = client.get(f"/handovers/{case}/live", headers=SCRIPT)
    client.post("/sign-out")
    assert "Set-Cookie" not in late.headers
    assert client.get("/").status_code == 302
