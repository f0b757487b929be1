"""Search: the page of results, and what could be asked."""

from __future__ import annotations

from datetime import date
from functools import partial

from flask import Blueprint, jsonify, make_response, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import login_required

from portal import place_words
from portal.blueprints.context import reading, resources
from portal.blueprints.paging import page_number
from portal.services import questions, search, searches, suggesting
from portal.services.search import SearchForm

blueprint = Blueprint("search", __name__)
RECENT = 5
FILTERS = (
    "position", "handover", "type", "language", "verified", "person", "after", "before",
)  # fmt: skip


@blueprint.get("/search")
@login_required
def results() -> ResponseReturnValue:
    """What was found; without a question, what one could ask."""
    asked = request.args
    form = _form()
    with reading() as uow:
        found = search.search(uow, form)
        record = searches.record_of(uow, form, found)
        page = render_template(
            "search/results.html",
            form=form,
            found=found,
            arguments={key: asked[key] for key in ("q", *FILTERS) if asked.get(key)},
            examples=[] if found.query.text else suggesting.examples(uow),
            addressees=questions.addressees(uow),
            places=place_words,
            token=record.token if record else None,
            recent=[] if found.query.text else searches.own(uow, RECENT),
        )
    answer = make_response(page)
    if record is not None:
        answer.call_on_close(partial(searches.keep, resources(), uow.actor.id, record))
    return answer


@blueprint.get("/search/suggestions")
@login_required
def suggestions() -> ResponseReturnValue:
    """Titles and headings that go on from what is being typed."""
    with reading() as uow:
        return jsonify(suggestions=suggesting.suggestions(uow, request.args.get("q", "")))


def _form() -> SearchForm:
    return SearchForm(
        query=request.args.get("q", ""),
        position=_plain("position"),
        handover=_plain("handover"),
        kind=_plain("type"),
        language=_plain("language"),
        verified=bool(request.args.get("verified")),
        person=_plain("person"),
        after=_day("after"),
        before=_day("before"),
        page=page_number(),
    )


def _plain(name: str) -> str:
    return request.args.get(name, "").replace("\x00", "")


def _day(name: str) -> date | None:
    """A day of the filter; None for one that is none: the address bar is no form."""
    try:
        return date.fromisoformat(request.args.get(name, ""))
    except ValueError:
        return None
