"""Signing in and out, the session, one's own password."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from portal.models import Event, SignInAttempt
from tests.company import PASSWORD, Company
from tests.conftest import Clock
from tests.web.acting import ClientOf, Office, text_of

NEW = "a longer sentence than before"
WRONG = "The address or the password is wrong."


@pytest.fixture
def visitor(client_of: ClientOf, company: Company) -> FlaskClient:
    """A browser nobody is signed in to."""
    return client_of(None)


def sign_in(
    browser: FlaskClient, who: str = "leaver", password: str = PASSWORD, back: str | None = None
) -> TestResponse:
    """Send the form, as it is shown with `?next=`."""
    fields = {"email": f"{who}@company.example", "password": password}
    if back is not None:
        fields["next"] = back
    return browser.post("/sign-in", data=fields)


def change(browser: FlaskClient, current: str, new: str, again: str | None = None) -> TestResponse:
    """Send the form of the own password."""
    fields = {"current": current, "new": new, "again": new if again is None else again}
    return browser.post("/account/password", data=fields)


def test_right_password_leads_home(visitor: FlaskClient) -> None:
    answer = sign_in(visitor)
    assert (answer.status_code, answer.location) == (302, "/")
    assert "李 离职" in text_of(visitor.get("/"))
    # Whoever is signed in does not need the form.
    assert visitor.get("/sign-in").location == "/"


def test_address_is_compared_without_case_and_blanks(visitor: FlaskClient) -> None:
    fields = {"email": "  LEAVER@Company.Example ", "password": PASSWORD}
    assert visitor.post("/sign-in", data=fields).status_code == 302


@pytest.mark.parametrize(
    ("who", "password"),
    [("leaver", "wrong"), ("nobody", PASSWORD), ("leaver", ""), ("", ""), ("leaver", "x" * 5000)],
)
def test_wrong_answers_look_the_same(visitor: FlaskClient, who: str, password: str) -> None:
    answer = sign_in(visitor, who, password)
    assert answer.status_code == 401
    assert WRONG in text_of(answer)
    assert visitor.get("/").status_code == 302


def test_account_that_is_switched_off_cannot_sign_in(
    visitor: FlaskClient, company: Company
) -> None:
    with company.resources.write() as uow:
        uow.session.merge(company.leaver).active = False
    assert sign_in(visitor).status_code == 401


def test_too_many_wrong_passwords_pause_signing_in(
    visitor: FlaskClient, company: Company, clock: Clock
) -> None:
    attempts = company.resources.settings.login_attempts
    for _ in range(attempts):
        assert sign_in(visitor, password="wrong").status_code == 401
    # Even the right one: otherwise the pause would tell which it is.
    refused = sign_in(visitor)
    assert refused.status_code == 429
    assert "Too many wrong passwords" in text_of(refused)
    clock.move(seconds=company.resources.settings.login_window_seconds + 1)
    assert sign_in(visitor).status_code == 302
    with company.resources.read() as uow:
        assert uow.session.scalar(select(func.count(SignInAttempt.id))) == 0


@pytest.mark.parametrize(
    ("back", "location"),
    [
        ("/handovers?page=2", "/handovers?page=2"),
        ("/search?q=客户", "/search?q=%E5%AE%A2%E6%88%B7"),
        ("https://elsewhere.example/", "/"),
        ("//elsewhere.example", "/"),
        ("/\\elsewhere.example", "/"),
        ("/%5Celsewhere.example\\", "/"),
        ("javascript:alert(1)", "/"),
        ("handovers", "/"),
        ("", "/"),
    ],
)
def test_after_signing_in_one_is_back_but_never_elsewhere(
    visitor: FlaskClient, back: str, location: str
) -> None:
    assert sign_in(visitor, back=back).location == location


def test_a_page_asked_for_too_early_is_shown_after_signing_in(visitor: FlaskClient) -> None:
    asked = visitor.get("/handovers?text=x")
    assert asked.location == "/sign-in?next=/handovers?text%3Dx"
    assert 'name="next" value="/handovers?text=x"' in visitor.get(asked.location).text


def test_scripts_are_told_that_the_session_ended(visitor: FlaskClient) -> None:
    answer = visitor.get("/handovers/x/live", headers={"X-Requested-With": "fetch"})
    assert answer.status_code == 401
    assert answer.json["error"]["code"] == "session_ended"


def test_cookie_is_out_of_reach_of_scripts_and_other_sites(
    visitor: FlaskClient, app: Flask
) -> None:
    cookie = sign_in(visitor).headers["Set-Cookie"]
    assert cookie.startswith("handover=")
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Secure" not in cookie
    app.config["SESSION_COOKIE_SECURE"] = True
    assert "Secure" in sign_in(app.test_client()).headers["Set-Cookie"]


def test_a_session_from_before_signing_in_does_not_live_on(visitor: FlaskClient) -> None:
    with visitor.session_transaction() as session:
        session["planted"] = "by somebody else"
        session["language"] = "en"
    sign_in(visitor)
    with visitor.session_transaction() as session:
        assert "planted" not in session
        assert session["language"] == "en"


@pytest.mark.parametrize("cookie", ["", "1", "1.x", "x.1", "999999.1", "1.-1", "1.1.1"])
def test_a_forged_identity_is_nobody(visitor: FlaskClient, cookie: str) -> None:
    with visitor.session_transaction() as session:
        session["_user_id"] = cookie
    assert visitor.get("/").location == "/sign-in?next=/"


def test_signing_out_ends_the_session(visitor: FlaskClient) -> None:
    sign_in(visitor)
    answer = visitor.post("/sign-out", follow_redirects=True)
    assert "You are signed out." in text_of(answer)
    assert visitor.get("/").status_code == 302
    # Not by a link: a picture on another page must not sign anybody out.
    assert visitor.get("/sign-out").status_code == 405


def test_own_password_is_changed_and_other_sessions_end(office: Office) -> None:
    elsewhere = office.client_of(office.company.leaver)
    assert elsewhere.get("/").status_code == 200
    answer = change(office.browser("leaver"), PASSWORD, NEW)
    assert (answer.status_code, answer.location) == (302, "/account")
    assert "Your password is changed" in text_of(office.get("leaver", "/account"))
    assert elsewhere.get("/").status_code == 302
    assert sign_in(office.client_of(None)).status_code == 401
    assert sign_in(office.client_of(None), password=NEW).status_code == 302
    with office.company.resources.read() as uow:
        events = uow.session.execute(select(Event.kind, Event.actor_id).order_by(Event.id)).all()
    who = office.company.leaver.id
    assert [tuple(event) for event in events] == [("password_changed", who), ("signed_in", who)]


@pytest.mark.parametrize(
    ("current", "new", "again", "sentence"),
    [
        ("wrong", NEW, NEW, "password"),
        (PASSWORD, NEW, NEW + "!", "password"),
        (PASSWORD, "short", "short", "10"),
        (PASSWORD, "", "", "10"),
        (PASSWORD, "x" * 201, "x" * 201, "10"),
    ],
)
def test_mistakes_stand_beside_the_field_and_change_nothing(
    office: Office, current: str, new: str, again: str, sentence: str
) -> None:
    answer = change(office.browser("leaver"), current, new, again)
    assert answer.status_code == 400
    assert 'aria-invalid="true"' in answer.text
    assert "There is a mistake to correct" in text_of(answer)
    assert sentence in text_of(answer)
    # What was typed into a password field is not sent back.
    assert new not in answer.text or len(new) < 6
    assert sign_in(office.client_of(None)).status_code == 302


@pytest.mark.parametrize("url", ["/account", "/account/password", "/sign-out"])
def test_visitors_have_no_account(visitor: FlaskClient, url: str) -> None:
    answer = visitor.get(url) if url == "/account" else visitor.post(url)
    assert answer.status_code == 302
    assert answer.location.startswith("/sign-in")
