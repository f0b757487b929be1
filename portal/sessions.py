"""Signed-in sessions: Flask-Login over the cookie, checked against the database every time."""

from __future__ import annotations

from flask import Flask, Response, current_app, g, jsonify, redirect, request, session, url_for
from flask.sessions import SecureCookieSessionInterface, SessionMixin
from flask_login import LoginManager, UserMixin
from werkzeug.wrappers import Response as AnyResponse

from portal.blueprints.context import wants_json
from portal.error_words import words_of
from portal.models import Person
from portal.services import accounts


class SignedIn(UserMixin):  # type: ignore[misc]  # the library has no types
    """The signed-in person as templates see it."""

    def __init__(self, person: Person) -> None:
        self.id = person.id
        self.name = person.name
        self.email = person.email
        self.language = person.language
        self.version = person.session_version

    def get_id(self) -> str:
        """What the cookie holds: the person and the session version it was made with."""
        return f"{self.id}.{self.version}"


class PageSessions(SecureCookieSessionInterface):
    """The cookie is renewed by pages alone.

    A style sheet, or a script's question that was under way while somebody signed out, would
    otherwise bring the ended session back with its answer; and a window left open would never let
    the session end.
    """

    def should_set_cookie(self, app: Flask, session: SessionMixin) -> bool:
        """Whether this answer carries the cookie: when something in it changed, or for a page."""
        page = request.endpoint != "static" and not wants_json()
        return session.modified or (page and super().should_set_cookie(app, session))


def prepare_sign_in(app: Flask) -> None:
    """Connect Flask-Login."""
    app.session_interface = PageSessions()
    manager = LoginManager(app)
    # «strong» would sign people out whose address changes between office and phone network.
    manager.session_protection = None
    manager.user_loader(_holder)
    manager.unauthorized_handler(_ask_to_sign_in)

    @app.before_request
    def _keep_session() -> None:
        # Written only once: writing it counts as a change.
        if not session.permanent:
            session.permanent = True


def _holder(text: str) -> SignedIn | None:
    if g.get("failed"):
        return None
    number, _, version = text.partition(".")
    if not (number.isdigit() and version.isdigit()):
        return None
    with current_app.extensions["portal"].read() as uow:
        person = accounts.session_holder(uow, int(number), int(version))
        return SignedIn(person) if person else None


def _ask_to_sign_in() -> AnyResponse | tuple[Response, int]:
    if wants_json():
        error = {"code": "session_ended", "message": words_of("session_ended", {})}
        return jsonify(error=error), 401
    back = request.full_path.rstrip("?") if request.method == "GET" else None
    return redirect(url_for("account.sign_in", next=back))
