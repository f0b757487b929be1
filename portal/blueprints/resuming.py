"""Uploads that are resumed: the tus protocol 1.0.0 (https://tus.io/protocols/resumable-upload).

An upload is created by a POST with the header `Tus-Resumable` to the address that otherwise takes
forms with files, so it is permitted by the same rules. Core and the extensions creation,
expiration and termination; beside the protocol, GET tells a script what became of a finished one.
"""

from __future__ import annotations

import base64
import binascii
from typing import BinaryIO, cast

from flask import Blueprint, Response, current_app, jsonify, request, url_for
from flask.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue
from flask_login import login_required
from werkzeug.exceptions import BadRequest, PreconditionFailed, UnsupportedMediaType

from portal.blueprints import file_rows
from portal.blueprints.context import person_id, reading, resources
from portal.errors import NotFound
from portal.services import resumable
from portal.services.resumable import Announced, Progress, Sender
from portal.services.uploads import Target

blueprint = Blueprint("resuming", __name__)

PROTOCOL = "1.0.0"
PIECE = "application/offset+octet-stream"
# Written in decimal; more digits than any disk has bytes are nonsense.
_MOST_DIGITS = 15


def wanted() -> bool:
    """Whether this request speaks the protocol."""
    return "Tus-Resumable" in request.headers


def create(target: Target) -> Response:
    """Begin an upload for `target`. Raises as `resumable.begin`, and BadRequest."""
    _check_request()
    described = _metadata()
    announced = Announced(
        described.get("filename", ""), _number("Upload-Length"), described.get("sha256")
    )
    progress = resumable.begin(resources(), _sender(), target, announced)
    answer = _told(progress, 201)
    answer.headers["Location"] = url_for("resuming.one", name=progress.name)
    return answer


@blueprint.route("/uploads", methods=["OPTIONS"], provide_automatic_options=False)
def protocol() -> ResponseReturnValue:
    """What is spoken here; the address uploads are created at is that of their place."""
    return (
        "",
        204,
        {
            "Tus-Resumable": PROTOCOL,
            "Tus-Version": PROTOCOL,
            "Tus-Extension": "creation,expiration,termination",
            "Tus-Max-Size": str(resources().settings.upload_limit_bytes),
        },
    )


@blueprint.route("/uploads/<name>", methods=["GET", "HEAD"])
@login_required
def one(name: str) -> ResponseReturnValue:
    """How far it is; for a script that asks with GET also the row of the finished file."""
    progress = resumable.find(resources(), _sender(), name)
    answer = _told(progress, 200)
    if request.method == "GET":
        answer.set_data(_finished(progress).get_data())
        answer.mimetype = "application/json"
    return answer


@blueprint.patch("/uploads/<name>")
@login_required
def append(name: str) -> ResponseReturnValue:
    """More bytes."""
    _check_request()
    if request.mimetype != PIECE:
        raise UnsupportedMediaType
    offset = _number("Upload-Offset")
    stream = cast(BinaryIO, request.stream)
    return _told(resumable.take(resources(), _sender(), name, offset, stream), 204)


@blueprint.delete("/uploads/<name>")
@login_required
def cancel(name: str) -> ResponseReturnValue:
    """Forget it."""
    _check_request()
    resumable.cancel(resources(), _sender(), name)
    return "", 204, {"Tus-Resumable": PROTOCOL}


@blueprint.record_once
def _check_tokens_ourselves(state: BlueprintSetupState) -> None:
    """Whether somebody is signed in comes first: a session that has ended is no forged request."""
    for view in (append, cancel):
        state.app.extensions["csrf"].exempt(view)


def _check_request() -> None:
    """Raises CSRFError, and PreconditionFailed for another version of the protocol."""
    if current_app.config["WTF_CSRF_ENABLED"]:
        current_app.extensions["csrf"].protect()
    if request.headers.get("Tus-Resumable") != PROTOCOL:
        raise PreconditionFailed


def _sender() -> Sender:
    person = person_id()
    if person is None:
        raise NotFound
    return Sender(person, request.remote_addr)


def _told(progress: Progress, status: int) -> Response:
    headers = {
        "Tus-Resumable": PROTOCOL,
        "Upload-Offset": str(progress.offset),
        "Upload-Length": str(progress.size),
        "Cache-Control": "no-store",
    }
    return Response(status=status, headers=headers)


def _finished(progress: Progress) -> Response:
    with reading() as uow:
        version = resumable.entered(uow, progress.name)
        if version is None:
            return jsonify(offset=progress.offset, size=progress.size)
        return file_rows.answer(uow, version)


def _number(header: str) -> int:
    value = request.headers.get(header, "")
    if not (value.isascii() and value.isdigit() and len(value) <= _MOST_DIGITS):
        raise BadRequest
    return int(value)


def _metadata() -> dict[str, str]:
    """Pairs of a key and base64, separated by commas; a key alone has an empty value."""
    found = {}
    for pair in filter(None, request.headers.get("Upload-Metadata", "").split(",")):
        key, _, value = pair.strip().partition(" ")
        try:
            found[key] = base64.b64decode(value.strip(), validate=True).decode("utf-8", "replace")
        except binascii.Error as error:
            raise BadRequest from error
    return found
