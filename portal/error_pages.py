"""Errors as answers: a page for people, the same facts as JSON for scripts."""

from __future__ import annotations

import logging
from typing import Any

from flask import Flask, g, jsonify, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DataError
from werkzeug.exceptions import HTTPException, InternalServerError, RequestEntityTooLarge

from portal.blueprints.context import resources, wants_json
from portal.error_words import problem_words, status_of, words_of
from portal.errors import FileRefused, HandoverIncomplete, InvalidInput, PortalError

log = logging.getLogger(__name__)
CODES = {400: "bad_request", 403: "forbidden", 404: "not_found", 405: "method_not_allowed"}


def register(app: Flask) -> None:
    """Answer every error in the person's words."""
    app.register_error_handler(PortalError, _portal_error)
    app.register_error_handler(CSRFError, _expired)
    app.register_error_handler(RequestEntityTooLarge, _too_large)
    app.register_error_handler(DataError, _unusable)
    app.register_error_handler(InternalServerError, _internal)
    app.register_error_handler(HTTPException, _http_error)


def _portal_error(error: PortalError) -> ResponseReturnValue:
    facts: dict[str, Any] = {}
    if isinstance(error, HandoverIncomplete):
        facts["missing"] = [
            {"id": item.public_id, "title": item.title, "state": item.state, "actors": item.actors}
            for item in error.missing
        ]
    if isinstance(error, InvalidInput):
        facts["problems"] = {
            problem.field: problem_words(problem.code, problem.facts) for problem in error.problems
        }
    return _answer(error.code, words_of(error.code, error.facts), status_of(error), facts)


def _expired(_: CSRFError) -> ResponseReturnValue:
    return _answer("form_expired", words_of("form_expired", {}), 400)


def _too_large(_: RequestEntityTooLarge) -> ResponseReturnValue:
    limit = resources().settings.upload_limit_bytes
    return _portal_error(FileRefused("file_too_large", limit_bytes=limit))


def _unusable(_: DataError) -> ResponseReturnValue:
    # A value no column takes, such as a NUL in a forged id; PostgreSQL refuses what SQLite ignores.
    return _answer("bad_request", words_of("bad_request", {}), 400)


def _internal(_: InternalServerError) -> ResponseReturnValue:
    # Flask has logged the traceback; the number leads from the page to it.
    # From here on nothing may ask the database: it may be what failed.
    g.failed = True
    log.error("request %s failed: %s %s", g.get("request_number"), request.method, request.path)
    return _answer("internal", words_of("internal", {}), 500)


def _http_error(error: HTTPException) -> ResponseReturnValue:
    if error.code is None or error.code < 400:
        return error
    code = CODES.get(error.code, "bad_request")
    return _answer(code, words_of(code, {}), error.code)


def _answer(
    code: str, message: str, status: int, facts: dict[str, Any] | None = None
) -> ResponseReturnValue:
    facts = facts or {}
    if wants_json():
        return jsonify(error={"code": code, "message": message, **facts}), status
    return (
        render_template(
            "errors/page.html",
            code=code,
            status=status,
            title=_title(status),
            message=message,
            facts=facts,
            number=g.get("request_number") if status >= 500 else None,
            home=url_for("home.index"),
        ),
        status,
    )


def _title(status: int) -> str:
    titles = {
        401: _("Please sign in"),
        403: _("Not allowed"),
        404: _("Not found"),
        409: _("Not possible right now"),
        413: _("Too large"),
        429: _("Please wait"),
        507: _("No room left"),
    }
    if status >= 500:
        return titles.get(status, _("Our fault"))
    return titles.get(status, _("That did not work"))
