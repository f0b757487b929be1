"""Questions: what a search did not answer, asked of the leaver, after the handover of the head.

An answer is a document of the case, so the next person who asks finds it. What is typed is looked
through and sealed as it arrives; a file is taken in and sealed as any other of the case.
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO, cast

from sqlalchemy import ColumnElement, Select, exists, select
from sqlalchemy.orm import joinedload

from portal.actor import able
from portal.errors import InvalidInput, Problem, Refused
from portal.models import (
    Document,
    Handover,
    HandoverReceiver,
    HandoverState,
    Person,
    Position,
    Question,
    QuestionState,
    Version,
)
from portal.permissions import Action
from portal.resources import Resources
from portal.services import documents, findings, uploads
from portal.services.handovers import usual_head
from portal.services.uploads import Arrival, ToQuestion
from portal.unit_of_work import UnitOfWork

TEXT_LENGTH = 1000
ANSWER_LENGTH = 20_000
# The newest so many of a list; older ones are found by searching for what they asked.
MOST = 100
_CREDENTIAL = re.compile(
    "密码|密碼|口令|密钥|令牌|passw|passphrase|pwd|secret|token|key", re.IGNORECASE
)


@dataclass(frozen=True)
class Addressee:
    """A case somebody may ask about, and the person who would be asked."""

    handover: Handover
    person: Person


@dataclass(frozen=True)
class QuestionLine:
    """One question as this person sees it.

    person: whom it waits for, or who answered; None when nobody can answer it now. answer: the
    sealed version to read; None before there is one, or when this person may not read it any more.
    draft: the file this person means to answer with and has not sealed yet. takes_file: it may be
    answered with a file, too.
    """

    question: Question
    person: Person | None
    answer: Version | None
    may_answer: bool
    may_withdraw: bool
    draft: Document | None
    takes_file: bool


def may_ask(uow: UnitOfWork) -> bool:
    """Whether there is a case this person could ask about."""
    return bool(uow.session.scalar(select(exists().where(uow.rows(Action.ASK_QUESTION)))))


def addressees(uow: UnitOfWork) -> list[Addressee]:
    """Whom this person could ask, the cases they receive first: of each position the running
    cases, or where none runs the one that was completed last."""
    received = select(HandoverReceiver.handover_id).where(
        HandoverReceiver.person_id == uow.actor.id
    )
    found = uow.session.scalars(
        _cases()
        .where(uow.rows(Action.ASK_QUESTION))
        .order_by(Handover.id.in_(received).desc(), Handover.closed_at.desc(), Handover.id.desc())
    ).all()
    running = [handover for handover in found if handover.running]
    taken = {handover.position_id for handover in running}
    chosen = list(running)
    for handover in found:
        if handover.position_id not in taken:
            taken.add(handover.position_id)
            chosen.append(handover)
    acting = set(uow.session.scalars(able(uow.resources.today())))
    asked = [(each, _person(each, acting - {uow.actor.id})) for each in chosen]
    return [Addressee(handover, person) for handover, person in asked if person is not None]


def ask(uow: UnitOfWork, handover_id: str, text: str) -> Question:
    """Send a question. The same one, still open, is sent once.

    Raises NotFound, Forbidden, InvalidInput, Refused when nobody is left who could answer.
    """
    handover = uow.load(Handover, handover_id, Action.ASK_QUESTION)
    text = " ".join(text.replace("\x00", "").split())
    if not text:
        raise InvalidInput(Problem("text", "required"))
    if len(text) > TEXT_LENGTH:
        raise InvalidInput(Problem("text", "too_long", {"limit": TEXT_LENGTH}))
    findings.ensure_harmless(uow.resources, "text", text)
    acting = set(uow.session.scalars(able(uow.resources.today())))
    person = _person(handover, acting - {uow.actor.id})
    if person is None:
        raise Refused("nobody_to_ask")
    before = uow.session.scalar(
        select(Question).where(
            Question.handover_id == handover.id,
            Question.asker_id == uow.actor.id,
            Question.text == text,
            Question.state == QuestionState.OPEN,
        )
    )
    if before is not None:
        return before
    question = Question(
        handover_id=handover.id, asker_id=uow.actor.id, text=text, asked_at=uow.resources.clock()
    )
    uow.session.add(question)
    uow.session.flush()
    # The words stay out of the log, which is kept for ever and read by more people than these two.
    uow.record("question_asked", handover, question, person=person.name)
    return question


def text_answer(resources: Resources, question: Question, text: str) -> Arrival:
    """Store an answer that was typed, as a file whose heading is the question.

    Raises InvalidInput, and what `uploads.store` raises.
    """
    text = text.replace("\x00", "").replace("\r\n", "\n").strip()
    if not text:
        raise InvalidInput(Problem("text", "required"))
    if len(text) > ANSWER_LENGTH:
        raise InvalidInput(Problem("text", "too_long", {"limit": ANSWER_LENGTH}))
    # Where a password was asked for, one looks like any word.
    hint = "密码：" if _CREDENTIAL.search(question.text) else ""
    findings.ensure_harmless(resources, "text", text, hint)
    content = f"# {question.text}\n\n{text}\n".encode()
    stream = cast("BinaryIO", io.BytesIO(content))
    blob = uploads.store(resources, stream, resources.settings.upload_limit_bytes)
    return Arrival(blob, uploads.clean_filename(f"{question.text}.md"), None)


def answer(uow: UnitOfWork, target: ToQuestion, arrival: Arrival) -> Version:
    """Answer with what is stored, which becomes a document of the case; sealed, if it was typed.

    Raises NotFound, Forbidden, Refused (question_settled, answer_unread, handover_closed).
    """
    version = uploads.add(uow, target, arrival)
    if version.sealed:
        documents.tell_sealed(uow, version.document.handover, [version])
    return version


def withdraw(uow: UnitOfWork, question_id: str) -> Question:
    """Take an open question back. Raises NotFound, Forbidden, Refused when it is settled."""
    question = uow.load(Question, question_id, Action.WITHDRAW_QUESTION)
    handover = uow.lock(question.handover_id)
    uow.session.refresh(question)
    if question.state is not QuestionState.OPEN:
        raise Refused("question_settled")
    question.state = QuestionState.WITHDRAWN
    uow.record("question_withdrawn", handover, question)
    return question


def show(uow: UnitOfWork, question_id: str) -> QuestionLine:
    """One question. Raises NotFound."""
    question = uow.load(Question, question_id, Action.VIEW_QUESTION)
    return _lines(uow, [question])[0]


def mark_seen(uow: UnitOfWork, question_id: str) -> None:
    """The asker has read that it was answered; of anybody else's looking nothing is kept."""
    question = uow.load(Question, question_id, Action.VIEW_QUESTION)
    answered = question.state is QuestionState.ANSWERED
    if answered and question.asker_id == uow.actor.id and question.seen_at is None:
        question.seen_at = uow.resources.clock()


def asked(uow: UnitOfWork) -> list[QuestionLine]:
    """What this person has asked, newest first."""
    own = Question.asker_id == uow.actor.id
    return _lines(uow, _found(uow, own & uow.rows(Action.VIEW_QUESTION)))


def to_answer(uow: UnitOfWork, handover: Handover | None = None) -> list[Question]:
    """Open questions that wait for this person, of one case or of all, newest first."""
    clause = uow.rows(Action.ANSWER_QUESTION) & (Question.state == QuestionState.OPEN)
    if handover is not None:
        clause &= Question.handover_id == handover.id
    return _found(uow, clause)


def news(uow: UnitOfWork) -> list[Question]:
    """Answers this person has not seen yet."""
    unseen = (Question.state == QuestionState.ANSWERED) & Question.seen_at.is_(None)
    own = Question.asker_id == uow.actor.id
    return _found(uow, own & unseen & uow.rows(Action.VIEW_QUESTION))


def _found(uow: UnitOfWork, clause: ColumnElement[bool]) -> list[Question]:
    case = joinedload(Question.handover)
    return list(
        uow.session.scalars(
            select(Question)
            .where(clause)
            .options(
                joinedload(Question.asker),
                joinedload(Question.answered_by),
                joinedload(Question.document),
                case.joinedload(Handover.leaver),
                case.joinedload(Handover.head),
                case.joinedload(Handover.position).joinedload(Position.department),
            )
            .order_by(Question.id.desc())
            .limit(MOST)
        )
    )


def _lines(uow: UnitOfWork, found: Sequence[Question]) -> list[QuestionLine]:
    ids = [question.id for question in found]
    open_ones = select(Question.id).where(
        Question.id.in_(ids), Question.state == QuestionState.OPEN
    )
    answerable = set(uow.session.scalars(open_ones.where(uow.rows(Action.ANSWER_QUESTION))))
    own = set(uow.session.scalars(open_ones.where(uow.rows(Action.WITHDRAW_QUESTION))))
    answers = {
        version.document_id: version
        for version in uow.session.scalars(
            select(Version)
            .join(Document, Version.document_id == Document.id)
            .where(Document.id.in_([question.document_id for question in found]))
            .where(Version.sealed_at.is_not(None), uow.rows(Action.VIEW_VERSION))
            .order_by(Version.number)
        )
    }
    acting = set(uow.session.scalars(able(uow.resources.today())))
    return [
        QuestionLine(
            question=each,
            person=each.answered_by or _person(each.handover, acting - {each.asker_id}),
            answer=answers.get(each.document_id or 0),
            may_answer=each.id in answerable,
            may_withdraw=each.id in own,
            draft=_draft(uow, each),
            takes_file=each.handover.running or not uow.resources.settings.guard,
        )
        for each in found
    ]


def _draft(uow: UnitOfWork, question: Question) -> Document | None:
    document = question.document
    if document is None or question.state is not QuestionState.OPEN:
        return None
    own = document.owner_id == uow.actor.id and document.removed_at is None
    return document if own and question.handover.running else None


def _person(handover: Handover, acting: set[int]) -> Person | None:
    """Who is asked: the leaver while the case runs, then its head, then the nearest one above."""
    if handover.state is HandoverState.CANCELLED:
        return None
    if handover.running and handover.leaver_id in acting:
        return handover.leaver
    others = acting - {handover.leaver_id}
    if handover.head_id in others:
        return handover.head
    return usual_head(handover.position, others)


def _cases() -> Select[Handover]:
    return select(Handover).options(
        joinedload(Handover.leaver),
        joinedload(Handover.head),
        joinedload(Handover.position).joinedload(Position.department),
    )
