"""Errors as pages and as JSON, in the person's words; forms without a token."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.exceptions import abort

from portal.app import create_app
from portal.errors import (
    CanAct,
    FileRefused,
    Forbidden,
    HandoverIncomplete,
    InvalidInput,
    MissingItem,
    NotFound,
    NotReady,
    PortalError,
    Problem,
    Refused,
    TooManyAttempts,
)
from portal.models import Version
from portal.resources import Resources
from portal.services import questions
from portal.settings import Settings
from tests.conftest import Outbox, prepare
from tests.databases import Databases
from tests.web.acting import SCRIPT, ClientOf, Office, main_of, text_of
from tests.web.reading_pages import tree_of

MISSING = MissingItem(
    "i1",
    "客户档案 <b>",
    "open",
    (CanAct("李 离职", "leaver", "submit"), CanAct("陈", "head", "waive")),
)


@pytest.fixture
def databases(_sqlite: Databases) -> Databases:
    """Answers to errors do not depend on the kind of database."""
    return _sqlite


@pytest.fixture
def app(settings: Settings, resources: Resources, outbox: Outbox) -> Flask:
    """An application that may get more pages: one that has answered takes none any more."""
    made = create_app(settings, outbox)
    prepare(made, resources)
    return made


@pytest.fixture
def failing(app: Flask, client_of: ClientOf, office: Office) -> Callable[..., FlaskClient]:
    """A browser of the leaver, and a page at /fail that raises this error."""
    app.config["PROPAGATE_EXCEPTIONS"] = False

    def make(error: Exception) -> FlaskClient:
        def fail() -> str:
            raise error

        app.add_url_rule("/fail", "fail", fail, methods=["GET", "POST"])
        return office.browser("leaver")

    return make


@pytest.mark.parametrize(
    ("error", "status", "code", "words"),
    [
        (NotFound(), 404, "not_found", "nothing here that you can open"),
        (Forbidden(), 403, "forbidden", "you may not do that"),
        (Refused("handover_closed"), 409, "handover_closed", "This handover is closed"),
        (Refused("version_sealed"), 409, "version_sealed", "This version is sealed"),
        (FileRefused("file_empty"), 422, "file_empty", "0 bytes"),
        (FileRefused("file_too_large", limit_bytes=2**21), 413, "file_too_large", "2 MB"),
        (FileRefused("disk_full"), 507, "disk_full", "no room"),
        (TooManyAttempts(90), 429, "too_many_attempts", "2 minutes"),
        (NotReady("index_mismatch"), 503, "index_mismatch", "handover index fold"),
        (HandoverIncomplete([MISSING]), 409, "handover_incomplete", "客户档案 <b>"),
        (InvalidInput(Problem("name", "required")), 400, "invalid_input", "needs your attention"),
    ],
)
def test_each_error_has_its_status_and_words(
    failing: Callable[..., FlaskClient], error: PortalError, status: int, code: str, words: str
) -> None:
    browser = failing(error)
    page = browser.get("/fail")
    assert page.status_code == status
    assert words in text_of(page)
    assert "Go to the start page" in text_of(page)
    answer = browser.get("/fail", headers=SCRIPT)
    assert answer.status_code == status
    assert answer.json["error"]["code"] == code
    assert answer.json["error"]["message"]


def test_what_is_missing_stands_there_with_who_can_act(
    failing: Callable[..., FlaskClient],
) -> None:
    browser = failing(HandoverIncomplete([MISSING]))
    page = browser.get("/fail")
    assert "Can act: 李 离职, 陈" in text_of(page)
    assert "客户档案 &lt;b&gt;" in main_of(page)
    (line,) = browser.get("/fail", headers=SCRIPT).json["error"]["missing"]
    assert line["title"] == "客户档案 <b>"
    assert line["actors"] == ["李 离职", "陈"]


def test_problems_of_a_form_stand_there(failing: Callable[..., FlaskClient]) -> None:
    browser = failing(InvalidInput(Problem("a", "required"), Problem("b", "date_invalid")))
    assert len(tree_of(browser.get("/fail")).css("main li")) == 2
    assert set(browser.get("/fail", headers=SCRIPT).json["error"]["problems"]) == {"a", "b"}


def test_pages_of_the_web_server_speak_too(office: Office) -> None:
    assert "nothing here" in text_of(office.get("leaver", "/no/such/page"))
    assert office.get("leaver", "/sign-out").status_code == 405
    answer = office.get("leaver", "/no/such/page", headers={"Accept": "application/json"})
    assert (answer.status_code, answer.json["error"]["code"]) == (404, "not_found")
    assert office.get("visitor", "/no/such/page").status_code == 404


def test_errors_are_told_in_the_person_s_language(office: Office) -> None:
    page = office.get("leaver", "/no/such/page", headers={"Accept-Language": "zh-CN"})
    assert (tree_of(page).css_first("html").attributes["lang"] or "").startswith("zh")


def test_a_fault_of_ours_has_a_number_that_leads_to_the_log(
    failing: Callable[..., FlaskClient], caplog: pytest.LogCaptureFixture
) -> None:
    browser = failing(RuntimeError("the secret of the house"))
    with caplog.at_level(logging.ERROR):
        page = browser.get("/fail")
    assert page.status_code == 500
    assert "secret of the house" not in page.text
    number = tree_of(page).css_first("main code").text()
    assert any(number in record.getMessage() for record in caplog.records)
    # It ends nothing: the next page is there for the same person.
    assert browser.get("/").status_code == 200


def test_a_database_that_is_away_is_said_in_words(settings: Settings, tmp_path: Path) -> None:
    away = replace(settings, database_url=f"sqlite:///{tmp_path}/away/x.sqlite")
    browser = create_app(away, lambda job: None).test_client()
    with browser.session_transaction() as session:
        session["_user_id"] = "1.1"
    for url in ("/", "/handovers"):
        page = browser.get(url, headers={"Accept-Language": "en"})
        assert page.status_code == 500
        assert "Something went wrong on our side" in text_of(page)
    answer = browser.get("/handovers", headers=SCRIPT)
    assert answer.json["error"]["code"] == "internal"
    with browser.session_transaction() as session:
        assert session["_user_id"] == "1.1"


def test_an_address_that_is_aborted_without_a_name(app: Flask, office: Office) -> None:
    app.add_url_rule("/teapot", "teapot", lambda: abort(418))
    assert office.get("leaver", "/teapot").status_code == 418


# They read their form themselves, while it arrives; the token is asked for before the first file.
# They look at the token themselves, before they keep a byte: see the tests of it below.
UPLOADS = {
    "documents.upload_to_item",
    "documents.upload_extra",
    "documents.upload_version",
    "questions.answer",
}


def test_every_form_is_refused_without_its_token(app: Flask, office: Office) -> None:
    app.config["WTF_CSRF_ENABLED"] = True
    urls = {
        rule.endpoint: re.sub(r"<[^>]+>", "1", rule.rule)
        for rule in app.url_map.iter_rules()
        if "POST" in (rule.methods or ()) and rule.endpoint not in UPLOADS
    }
    assert {"account.sign_in_now", "items.accept", "handovers.start"} <= set(urls)
    for who in ("visitor", "leaver", "hr"):
        found = {
            endpoint: (answer.status_code, answer.json["error"]["code"])
            for endpoint, url in urls.items()
            for answer in [office.post(who, url, headers=SCRIPT)]
        }
        assert set(found.values()) == {(400, "form_expired")}, found
    page = office.post("leaver", urls["account.sign_out"])
    assert page.status_code == 400
    assert "This page was open for too long" in text_of(page)


def test_files_are_refused_without_a_token(app: Flask, office: Office, case: str) -> None:
    app.config["WTF_CSRF_ENABLED"] = True
    url = f"/items/{office.company.item(case, 'clients')}/files"
    for script in (True, False):
        answer = office.send("leaver", url, ("客户.txt", b"one"), script=script)
        assert answer.status_code == 400
    with office.company.resources.read() as uow:
        assert uow.session.scalar(select(func.count(Version.id))) == 0
    assert office.send("visitor", url, ("客户.txt", b"one")).status_code == 401


def test_an_answer_is_refused_without_a_token(app: Flask, office: Office, case: str) -> None:
    with office.company.acting("receiver") as uow:
        asked = questions.ask(uow, case, "Where is the key?").public_id
    app.config["WTF_CSRF_ENABLED"] = True
    url = f"/questions/{asked}/answer"
    assert office.post("leaver", url, {"text": "In the vault."}).status_code == 400
    assert office.send("leaver", url, ("客户.txt", b"one")).status_code == 400
    assert office.send("visitor", url, ("客户.txt", b"one")).status_code == 401
    with office.company.resources.read() as uow:
        assert uow.session.scalar(select(func.count(Version.id))) == 0


def test_pieces_are_refused_without_a_token(app: Flask, office: Office, case: str) -> None:
    url = f"/items/{office.company.item(case, 'clients')}/files"
    tus = {**SCRIPT, "Tus-Resumable": "1.0.0", "Upload-Length": "3", "Upload-Offset": "0"}
    leaver = office.browser("leaver")
    address = leaver.post(url, headers=tus).headers["Location"]
    app.config["WTF_CSRF_ENABLED"] = True
    piece = {"data": b"one", "content_type": "application/offset+octet-stream", "headers": tus}
    assert leaver.post(url, headers=tus).status_code == 400
    assert leaver.patch(address, **piece).status_code == 400
    assert leaver.delete(address, headers=tus).status_code == 400
    assert leaver.head(address).headers["Upload-Offset"] == "0"


def test_a_form_with_its_token_is_taken(app: Flask, office: Office) -> None:
    app.config["WTF_CSRF_ENABLED"] = True
    shown = tree_of(office.get("leaver", "/account"))
    token = shown.css_first("meta[name=csrf-token]").attributes["content"]
    assert {node.attributes["value"] for node in shown.css("input[name=csrf_token]")} == {token}
    # A form sends it as a field, a script as a header.
    taken = office.post("leaver", "/language", {"language": "en", "csrf_token": token})
    assert taken.status_code == 302
    headers = {**SCRIPT, "X-CSRFToken": str(token)}
    assert office.post("leaver", "/sign-out", headers=headers).status_code == 302
