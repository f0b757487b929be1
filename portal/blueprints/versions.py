"""Versions: the reading view, the pictures of pages, the original, reading again."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any, BinaryIO
from urllib.parse import quote

from flask import (
    Blueprint,
    Response,
    flash,
    jsonify,
    make_response,
    redirect,
    render_template,
    request,
    send_file,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import login_required

from portal import place_words, reading_words
from portal.blueprints.context import person_id, reading, resources, wants_json, writing
from portal.errors import NotFound, PortalError
from portal.models import Passage, Reading, Version
from portal.permissions import Action
from portal.services import feedback, pictures, reading_view, readings, searches, versions, viewing
from portal.services.reading_view import Asked
from portal.unit_of_work import UnitOfWork

blueprint = Blueprint("versions", __name__)
# The browser asks each time whether it still may; then nothing is sent twice.
PICTURE_CACHE = "private, no-cache"
CHUNK_BYTES = 256 * 1024
# The address is the same for all pages; the type says what is sent.
TYPES = {".png": "image/png", ".jpg": "image/jpeg"}


@blueprint.get("/versions/<version_id>")
@login_required
def show(version_id: str) -> ResponseReturnValue:
    """The text of a version and, for PDFs and pictures, its pages, with the passage marked."""
    given = request.args
    asked = Asked(
        passage=given.get("passage"),
        words=given.get("q", ""),
        part=given.get("part", type=int),
        inside=given.get("inside"),
        sheet=given.get("sheet", type=int),
    )
    sizes = _page_sizes(version_id)
    with reading() as uow:
        view = reading_view.show(uow, version_id, asked)
        page = view.page
        shown = render_template(
            "versions/show.html",
            view=view,
            page=page,
            pictures=_pictures(sizes, page.passage) if view.piece.path is None else [],
            message=reading_words.message(page.reading) if page.reading else "",
            wait=reading_words.progress(page.progress),
            live=False,
            me=person_id(),
            remarks=reading_words.remarks(page.reading) if page.reading else [],
            part_reason=reading_words.part_reason,
            mail_words=reading_words.MAIL_LINES,
            mail_line=reading_words.mail_line,
            passage_place=place_words.place(page.passage.place) if page.passage else "",
            passage_path=place_words.path(page.passage.place) if page.passage else [],
            mark=viewing.mark(uow, page.version),
            may_retry=uow.may(Action.RETRY_READING, page.version),
            asked=asked.words,
            said=feedback.marks(uow, [page.version]).get(page.version.id),
        )
    answer = make_response(shown)
    if token := given.get("search"):
        came = partial(searches.opened, resources(), uow.actor.id, token, version_id)
        answer.call_on_close(came)
    return answer


@blueprint.get("/versions/<version_id>/live")
@login_required
def live(version_id: str) -> ResponseReturnValue:
    """How far the reading is: what stands above the text, and whether to ask again."""
    with reading() as uow:
        page = versions.head(uow, version_id)
        html = render_template(
            "versions/state.html",
            page=page,
            message=reading_words.message(page.reading) if page.reading else "",
            wait=reading_words.progress(page.progress),
            mark=viewing.mark(uow, page.version),
            may_retry=uow.may(Action.RETRY_READING, page.version),
            live=True,
        )
    goes_on = page.reading is None or not page.reading.finished
    return jsonify(rows=[{"id": f"reading-{version_id}", "html": html}], live=goes_on)


@blueprint.get("/versions/<version_id>/original")
@login_required
def original(version_id: str) -> ResponseReturnValue:
    """The original file, as an attachment and never inside a page of ours."""
    with writing() as uow:
        version = versions.original(uow, version_id)
    stream = versions.opened(resources(), version)
    answer = Response(_chunks(stream), mimetype="application/octet-stream")
    answer.call_on_close(stream.close)
    answer.headers["Content-Length"] = str(version.blob.size)
    answer.headers["Content-Disposition"] = _attachment(version)
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer


@blueprint.get("/versions/<version_id>/pages/<int:number>.png")
@login_required
def page_image(version_id: str, number: int) -> ResponseReturnValue:
    """The picture of one page."""
    return _picture(version_id, number, small=False)


@blueprint.get("/versions/<version_id>/pages/<int:number>/small.png")
@login_required
def thumbnail(version_id: str, number: int) -> ResponseReturnValue:
    """The small picture of one page."""
    return _picture(version_id, number, small=True)


def _picture(version_id: str, number: int, *, small: bool) -> Response:
    """A picture of a page; the permission is asked for each time."""
    with reading() as uow:
        pages = pictures.pages(uow, version_id)
    if pages is None:
        raise NotFound
    path = pictures.page_image(resources(), pages, number, small=small)
    # The name in the cache holds the mark: what was drawn for one person is new to the next.
    etag = f"{pages.digest}-{path.stem}"
    answer: Response = send_file(path, mimetype=TYPES[path.suffix], etag=etag, conditional=True)
    answer.headers["Cache-Control"] = PICTURE_CACHE
    return answer


@blueprint.post("/versions/<version_id>/read-again")
@login_required
def read_again(version_id: str) -> ResponseReturnValue:
    """Have the version read once more."""
    with writing() as uow:
        back = _back(uow, readings.read_again(uow, version_id))
    return _done(back, _("It will be read again; this takes a moment."))


@blueprint.post("/versions/<version_id>/cancel-reading")
@login_required
def cancel_reading(version_id: str) -> ResponseReturnValue:
    """End a reading that goes on."""
    with writing() as uow:
        back = _back(uow, readings.cancel(uow, version_id))
    return _done(back, _("The reading is cancelled."))


def _done(back: str, said: str) -> ResponseReturnValue:
    """The way back; a script stays where it is and asks for its rows anew."""
    if wants_json():
        return jsonify(message=said)
    flash(said, "ok")
    return redirect(back)


def _back(uow: UnitOfWork, read: Reading) -> str:
    """The document; home for an administrator, who may have it read and sees nothing of it."""
    document = read.version.document
    if not uow.may(Action.LIST_DOCUMENT, document):
        return url_for("home.index")
    return url_for("documents.show", document_id=document.public_id)


def _chunks(stream: BinaryIO) -> Iterator[bytes]:
    while chunk := stream.read(CHUNK_BYTES):
        yield chunk


def _attachment(version: Version) -> str:
    """The header that names a download: Latin letters for old programs, UTF-8 for all others
    (RFC 6266, RFC 8187)."""
    plain = version.filename.encode("ascii", "replace").decode().replace("?", "_")
    plain = plain.replace('"', "_").replace("\\", "_")
    encoded = quote(version.filename, safe="")
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}"


def _page_sizes(version_id: str) -> list[tuple[float, float]]:
    """Sizes of the pages that can be drawn; outside of any transaction, because the
    first time it takes a second. Raises NotFound and Forbidden.

    Pages that cannot be drawn take nothing from the text beside them.
    """
    with reading() as uow:
        pages = pictures.pages(uow, version_id)
    if pages is None:
        return []
    try:
        return pictures.page_sizes(resources(), pages)
    except PortalError:
        return []


def _pictures(sizes: list[tuple[float, float]], passage: Passage | None) -> list[dict[str, Any]]:
    """Pages by number, with their size and the boxes of the passage on them in the same units."""
    boxes = _boxes(passage) if passage else {}
    return [
        {"number": number, "width": width, "height": height, "boxes": boxes.get(number, [])}
        for number, (width, height) in enumerate(sizes, 1)
    ]


def _boxes(passage: Passage) -> dict[int, list[list[float]]]:
    """Boxes by page: a sentence may run over a page break."""
    place = passage.place
    found = {int(place.get("page") or 0): list(place.get("boxes", []))}
    if place.get("last_page"):
        found.setdefault(int(place["last_page"]), []).extend(place.get("last_boxes", []))
    return found
