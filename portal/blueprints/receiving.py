"""Taking files in: one request, one target, any number of files, an outcome for each.

The order makes it safe: who may, in which state, and from one of our own pages is known before a
byte of a file is kept; the bytes are stored without any transaction; the row comes last. A kill in
between leaves bytes without a row, which the reconciler sweeps, never a row without bytes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from flask import current_app, request
from werkzeug.datastructures import ImmutableMultiDict

from portal.blueprints.context import reading, resources, writing
from portal.blueprints.multipart import Part, Parts
from portal.errors import FileRefused, PortalError
from portal.models import Version
from portal.services import uploads
from portal.services.filenames import clean_filename

# A form without scripts sends all its files in one request: so many of the permitted size.
MOST_FULL_FILES = 50


@dataclass(frozen=True)
class Outcome:
    """What became of one file: a version of the case `handover_id`, or why not."""

    filename: str
    version: Version | None = None
    handover_id: str = ""
    error: PortalError | None = None


def receive(target: uploads.Target) -> list[Outcome]:
    """Take the files of this request for `target`, in their order.

    One file that is refused does not lose the others. Raises NotFound, Forbidden and Refused before
    anything of the body is read, CSRFError before the first file is, BadRequest for a broken body,
    RequestEntityTooLarge, and FileRefused when there is no file at all.
    """
    fields, arrived = read_body(target)
    if not arrived:
        raise FileRefused("file_missing")
    token = (fields.get("token") or None) if len(arrived) == 1 else None
    return [_add(target, file, token) for file in arrived]


@dataclass(frozen=True)
class Arrived:
    """A file of the request: stored as `arrival`, or why not."""

    filename: str
    arrival: uploads.Arrival | None = None
    error: PortalError | None = None


def read_body(target: uploads.Target) -> tuple[dict[str, str], list[Arrived]]:
    """The fields of this request and its files, stored. Raises as `receive`, but takes no file."""
    with reading() as uow:
        uploads.check(uow, target)
    if "X-CSRFToken" in request.headers:
        _protect({})
    else:
        # Each file has its own limit below; this one only bounds the request.
        limit = resources().settings.upload_limit_bytes
        request.max_content_length = MOST_FULL_FILES * limit
    fields: dict[str, str] = {}
    arrived: list[Arrived] = []
    for part in Parts():
        if part.filename is None:
            fields[part.name] = part.text()
        elif part.filename:
            _protect(fields)
            arrived.append(_store(part))
    _protect(fields)
    return fields, arrived


def _protect(fields: dict[str, str]) -> None:
    """Check the token in the header or in the fields read so far. Raises CSRFError.

    The library looks for it in `request.form`, which would read the whole body; it gets the fields
    instead. Our forms send the token first.
    """
    if current_app.config["WTF_CSRF_ENABLED"]:
        request.form = ImmutableMultiDict(fields)
        current_app.extensions["csrf"].protect()


def _store(part: Part) -> Arrived:
    limit = resources().settings.upload_limit_bytes
    filename = clean_filename(part.filename or "")
    try:
        blob = uploads.store(resources(), part.stream(), limit)
    except PortalError as error:
        return Arrived(filename, error=error)
    return Arrived(filename, uploads.Arrival(blob, filename, None))


def _add(target: uploads.Target, file: Arrived, token: str | None) -> Outcome:
    if file.arrival is None:
        return Outcome(file.filename, error=file.error)
    try:
        with writing() as uow:
            version = uploads.add(uow, target, replace(file.arrival, token=token))
            handover_id = version.document.handover.public_id
    except PortalError as error:
        return Outcome(file.filename, error=error)
    return Outcome(version.filename, version, handover_id)
