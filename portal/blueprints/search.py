"""Search: the page of results, and what could be asked."""

from __future__ import annotations

from datetime import date
from functools import partial

from flask import Blueprint, Response, jsonify, make_response, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import login_required

from portal import place_words
from portal.answer_endpoint import Endpoint
from portal.blueprints.context import reading, resources, wants_json
from portal.blueprints.paging import page_number
from portal.fragments import fragment
from portal.services import composing, feedback, pictures, questions, search, searches, suggesting
from portal.services.search_scope import SearchForm
from portal.services.searches import SearchRecord

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
        # Without scripts somebody asks for it by a link.
        answer = search.answer(uow, form) if found.asks and asked.get("answer") else None
        record = searches.record_of(uow, form, found, answer)
        page = render_template(
            "search/results.html",
            form=form,
            found=found,
            filters=fragment(
                "search/_filters.html", found.facets, form.filters, facets=found.facets, form=form
            ),
            answer=answer,
            arguments=_arguments(),
            examples=[] if found.query.text else suggesting.examples(uow),
            may_ask=questions.may_ask(uow),
            places=place_words,
            marks=feedback.marks(uow, [hit.version for hit in found.hits]),
            preview=pictures.preview,
            token=record.token if record else None,
            writer=Endpoint.of(resources().settings) if found.hits else None,
            recent=[] if found.query.text else searches.own(uow, RECENT),
        )
    return _kept(page, uow.actor.id, record)


@blueprint.get("/search/answer")
@login_required
def answer() -> ResponseReturnValue:
    """The answer above the hits, or that there is none: a piece of their page."""
    form, token = _form(), request.args.get("search", "")
    with reading() as uow:
        found = search.answer(uow, form)
        record = searches.record_of_answer(uow, form, token, found)
        page = render_template("search/_answer.html", answer=found, token=token, places=place_words)
    return _kept(page, uow.actor.id, record)


@blueprint.post("/search/written")
@login_required
def written() -> ResponseReturnValue:
    """An answer a language model writes from the passages found: a piece of the page of hits, or,
    without scripts, a page of its own. Somebody asks for it: it costs time, and it sends text."""
    form, token = _form(), request.values.get("search", "")
    with reading() as uow:
        draft = composing.draft(uow, form)
    text = composing.ask(resources(), draft)
    template = "search/_written.html" if wants_json() else "search/written.html"
    with reading() as uow:
        answer = composing.written(uow, draft, text)
        record = searches.record_of_written(uow, form, token) if answer.said else None
        page = render_template(
            template,
            written=answer,
            form=form,
            token=token,
            arguments=_arguments(),
            places=place_words,
        )
    return _kept(page, uow.actor.id, record)


@blueprint.get("/search/suggestions")
@login_required
def suggestions() -> ResponseReturnValue:
    """What goes on from what is being typed."""
    with reading() as uow:
        found = suggesting.suggestions(uow, request.args.get("q", ""))
    return jsonify(suggestions=[{"text": each.text, "kind": each.kind} for each in found])


def _kept(page: str, person_id: int, record: SearchRecord | None) -> Response:
    """The page; when it is sent, what is to be kept of the search is written."""
    sent = make_response(page)
    if record is not None:
        sent.call_on_close(partial(searches.keep, resources(), person_id, record))
    return sent


def _arguments() -> dict[str, str]:
    """What leads to the same hits again."""
    sent = request.values
    return {key: sent[key] for key in ("q", *FILTERS) if sent.get(key)}


def _form() -> SearchForm:
    """What was asked, in the address or in a form."""
    return SearchForm(
        query=request.values.get("q", ""),
        position=_plain("position"),
        handover=_plain("handover"),
        kind=_plain("type"),
        language=_plain("language"),
        verified=bool(request.values.get("verified")),
        person=_plain("person"),
        after=_day("after"),
        before=_day("before"),
        page=page_number(),
    )


def _plain(name: str) -> str:
    return request.values.get(name, "").replace("\x00", "")


def _day(name: str) -> date | None:
    """A day of the filter; None for one that is none: the address bar is no form."""
    try:
        return date.fromisoformat(request.values.get(name, ""))
    except ValueError:
        return None
