"""Documents: taking files in, the page of a document with all its versions, moving and removing."""

from __future__ import annotations

from collections.abc import Callable

from flask import (
    Blueprint,
    flash,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import login_required

from portal import words
from portal.blueprints import file_rows, resuming
from portal.blueprints.context import reading, wants_json, writing
from portal.blueprints.forms import problems_of
from portal.blueprints.receiving import Outcome, receive
from portal.error_words import words_of
from portal.errors import InvalidInput
from portal.models import Document
from portal.permissions import Action
from portal.services import cases, documents, uploads, viewing
from portal.services.documents import ChangeForm
from portal.unit_of_work import UnitOfWork

blueprint = Blueprint("documents", __name__)


@blueprint.post("/items/<item_id>/files")
@login_required
def upload_to_item(item_id: str) -> ResponseReturnValue:
    """Files for an item."""
    return _take(uploads.ToItem(item_id), url_for("items.show", item_id=item_id))


@blueprint.post("/handovers/<handover_id>/files")
@login_required
def upload_extra(handover_id: str) -> ResponseReturnValue:
    """Files no item asked for."""
    back = url_for("handovers.show", handover_id=handover_id, _anchor="extras-title")
    return _take(uploads.ToHandover(handover_id), back)


@blueprint.post("/documents/<document_id>/files")
@login_required
def upload_version(document_id: str) -> ResponseReturnValue:
    """A newer version of a document."""
    return _take(uploads.ToDocument(document_id), url_for(".show", document_id=document_id))


@blueprint.record_once
def _check_tokens_ourselves(state: BlueprintSetupState) -> None:
    """`receive` checks the form's token before it keeps a byte; the library's own check, which
    comes before every view, would read the whole body first."""
    for view in (upload_to_item, upload_extra, upload_version):
        state.app.extensions["csrf"].exempt(view)


@blueprint.get("/documents/<document_id>")
@login_required
def show(document_id: str) -> ResponseReturnValue:
    """All versions, and what its owner may still change."""
    with reading() as uow:
        return _page(uow, document_id)


@blueprint.post("/documents/<document_id>/change")
@login_required
def change(document_id: str) -> ResponseReturnValue:
    """Title, who may read it, and whether it belongs to an item."""
    form = request.form
    wanted = ChangeForm(
        form.get("title", ""),
        form.get("visibility", ""),
        form.get("item") or None,
        form.get("view_only"),
    )
    try:
        with writing() as uow:
            document = documents.change(uow, document_id, wanted)
            back = _place(document)
    except InvalidInput as error:
        with reading() as uow:
            return _page(uow, document_id, problems_of(error)), 400
    flash(_("Saved."), "ok")
    return redirect(back)


@blueprint.post("/documents/<document_id>/view-only")
@login_required
def set_view_only(document_id: str) -> ResponseReturnValue:
    """Allow or refuse the download of a sealed document."""
    view_only = request.form.get("view_only") == "1"
    with writing() as uow:
        viewing.set_view_only(uow, document_id, view_only)
    flash(_("It is for viewing only now.") if view_only else _("It may be downloaded now."), "ok")
    return redirect(url_for(".show", document_id=document_id))


@blueprint.post("/documents/<document_id>/remove")
@login_required
def remove(document_id: str) -> ResponseReturnValue:
    """Take a draft back; the page it leads to offers to put it back again."""
    with writing() as uow:
        document = documents.remove(uow, document_id)
        handover_id = document.handover.public_id
    return redirect(url_for("handovers.show", handover_id=handover_id, removed=document_id))


@blueprint.post("/documents/<document_id>/restore")
@login_required
def restore(document_id: str) -> ResponseReturnValue:
    """Put a removed draft back."""
    return _do(documents.restore, document_id, _("The file is back."))


@blueprint.post("/documents/<document_id>/submit")
@login_required
def submit_extra(document_id: str) -> ResponseReturnValue:
    """Seal the newest version of a document that belongs to no item."""
    return _do(documents.submit_extra, document_id, _("Submitted and sealed."))


def _do(
    action: Callable[[UnitOfWork, str], Document], document_id: str, done: str
) -> ResponseReturnValue:
    with writing() as uow:
        back = _place(action(uow, document_id))
    flash(done, "ok")
    return redirect(back)


def _place(document: Document) -> str:
    """Where on the case page the document stands."""
    item = document.item.public_id if document.item else None
    anchor = f"item-{item}" if item else "extras-title"
    return url_for(
        "handovers.show", handover_id=document.handover.public_id, item=item, _anchor=anchor
    )


def _take(target: uploads.Target, back: str) -> ResponseReturnValue:
    if resuming.wanted():
        return resuming.create(target)
    outcomes = receive(target)
    failed = [outcome for outcome in outcomes if outcome.error is not None]
    # One file and its one answer: the status says it. Several: each is named on the next page.
    if failed and (len(outcomes) == 1 or wants_json()):
        error = failed[0].error
        assert error is not None
        raise error
    if wants_json():
        version = outcomes[-1].version
        assert version is not None
        with reading() as uow:
            return file_rows.answer(uow, version), 201
    taken = len(outcomes) - len(failed)
    if taken:
        flash(ngettext("%(num)s file is uploaded.", "%(num)s files are uploaded.", taken), "ok")
    for outcome in failed:
        flash(_said(outcome), "bad")
    return redirect(back)


def _said(outcome: Outcome) -> str:
    error = outcome.error
    assert error is not None
    sentence = words_of(error.code, error.facts)
    return _("%(name)s: %(sentence)s", name=outcome.filename, sentence=sentence)


def _page(uow: UnitOfWork, document_id: str, problems: dict[str, str] | None = None) -> str:
    shown = documents.show(uow, document_id)
    # Sealed documents are read by people who have no part in the case.
    inside = uow.may(Action.VIEW_HANDOVER, shown.handover)
    case = cases.show(uow, shown.handover.public_id) if inside else None
    return render_template(
        "documents/show.html",
        shown=shown,
        inside=inside,
        files=file_rows.of_case(case) if case else file_rows.of_handover(shown.handover),
        may_add_version=shown.item is None or file_rows.takes_files(shown.item),
        visibilities=list(words.VISIBILITY.items()),
        may_set_download=uow.may(Action.SET_DOWNLOAD, shown.document),
        typed=request.form,
        problems=problems or {},
    )
