"""Questions: asking the leaver or the head, answering, and what became of the own ones."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import login_required

from portal.blueprints.context import reading, resources, writing
from portal.blueprints.forms import plain, problems_of
from portal.blueprints.receiving import read_body
from portal.errors import InvalidInput, Problem
from portal.services import questions
from portal.services.uploads import Arrival, ToQuestion
from portal.unit_of_work import UnitOfWork

blueprint = Blueprint("questions", __name__)


@blueprint.get("/questions")
@login_required
def index() -> ResponseReturnValue:
    """The own questions, and those that wait for this person."""
    with reading() as uow:
        return render_template(
            "questions/index.html",
            asked=questions.asked(uow),
            to_answer=questions.to_answer(uow),
            may_ask=questions.may_ask(uow),
        )


@blueprint.get("/questions/new")
@login_required
def new() -> ResponseReturnValue:
    """The form, with what was searched for."""
    with reading() as uow:
        return _form(uow, request.args.get("q", ""), request.args.get("handover", ""))


@blueprint.post("/questions")
@login_required
def ask() -> ResponseReturnValue:
    """Send it."""
    text, handover = plain("text"), plain("handover")
    try:
        if not handover:
            raise InvalidInput(Problem("handover", "choice_unknown"))
        with writing() as uow:
            question = questions.ask(uow, handover, text)
    except InvalidInput as error:
        with reading() as uow:
            return _form(uow, text, handover, problems_of(error)), 400
    flash(_("Your question is sent. The answer will stand on your home page."), "ok")
    return redirect(url_for(".show", question_id=question.public_id))


@blueprint.get("/questions/<question_id>")
@login_required
def show(question_id: str) -> ResponseReturnValue:
    """One question: the form to answer it, or what became of it."""
    with writing() as uow:
        questions.mark_seen(uow, question_id)
    with reading() as uow:
        return _page(uow, question_id)


@blueprint.post("/questions/<question_id>/answer")
@login_required
def answer(question_id: str) -> ResponseReturnValue:
    """Answer in words or with a file."""
    fields, files = read_body(ToQuestion(question_id, typed=True))
    text = fields.get("text", "")
    try:
        if files and (text.strip() or len(files) > 1):
            raise InvalidInput(Problem("text", "text_or_file"))
        arrival = files[0].arrival if files else _typed(question_id, text)
        if arrival is None:
            assert files[0].error is not None
            raise files[0].error
        with writing() as uow:
            sealed = questions.answer(uow, ToQuestion(question_id, not files), arrival).sealed
    except InvalidInput as error:
        with reading() as uow:
            return _page(uow, question_id, text, problems_of(error)), 400
    if sealed:
        flash(_("Your answer is sealed, and the person who asked is told."), "ok")
    return redirect(url_for(".show", question_id=question_id))


@blueprint.post("/questions/<question_id>/withdraw")
@login_required
def withdraw(question_id: str) -> ResponseReturnValue:
    """Take it back."""
    with writing() as uow:
        questions.withdraw(uow, question_id)
    flash(_("The question is taken back."), "ok")
    return redirect(url_for(".index"))


@blueprint.record_once
def _check_tokens_ourselves(state: BlueprintSetupState) -> None:
    """`read_body` checks the form's token before it keeps a byte of a file."""
    state.app.extensions["csrf"].exempt(answer)


def _typed(question_id: str, text: str) -> Arrival:
    with reading() as uow:
        question = questions.show(uow, question_id).question
    return questions.text_answer(resources(), question, text)


def _form(uow: UnitOfWork, text: str, handover: str, problems: dict[str, str] | None = None) -> str:
    return render_template(
        "questions/new.html",
        addressees=questions.addressees(uow),
        text=text,
        chosen=handover,
        longest=questions.TEXT_LENGTH,
        problems=problems or {},
    )


def _page(
    uow: UnitOfWork, question_id: str, text: str = "", problems: dict[str, str] | None = None
) -> str:
    return render_template(
        "questions/show.html",
        line=questions.show(uow, question_id),
        text=text,
        longest=questions.ANSWER_LENGTH,
        problems=problems or {},
    )
