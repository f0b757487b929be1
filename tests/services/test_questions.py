"""Questions: who is asked in which state, what an answer becomes, what the database refuses."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError

from portal.errors import Forbidden, InvalidInput, Refused
from portal.models import Assignment, Handover, HandoverState, Question, QuestionState, Version
from portal.services import cases, documents, questions
from portal.services.uploads import Arrival, ToHandover, ToQuestion
from tests.company import Company
from tests.conftest import Clock
from tests.services.case_steps import close, events, outcome, row
from tests.services.conftest import Desk

ASKED = "Who signs the contract with Meier?"
SECRET = "The password: Tr0ub4dor&3-horse-staple"


def ask(company: Company, case: str, who: str = "receiver", words: str = ASKED) -> str:
    """Ask as a page does; the public id."""
    with company.acting(who) as uow:
        return questions.ask(uow, case, words).public_id


def answer(desk: Desk, who: str, asked: str, words: str = "Mrs Zhao does.") -> Version:
    """Answer in words."""
    with desk.company.looking(who) as uow:
        question = questions.show(uow, asked).question
    arrival = questions.text_answer(desk.resources, question, words)
    with desk.company.acting(who) as uow:
        return questions.answer(uow, ToQuestion(asked, typed=True), arrival)


def send_file(desk: Desk, who: str, asked: str) -> Version:
    """Answer with a file."""
    arrival = Arrival(desk.store(b"Mrs Zhao signs."), "contract.txt", None)
    with desk.company.acting(who) as uow:
        return questions.answer(uow, ToQuestion(asked), arrival)


def question(company: Company, asked: str) -> Question:
    with company.resources.read() as uow:
        found: Question = row(uow, Question, asked)
        return found


def guarded(desk: Desk) -> None:
    desk.resources.settings = replace(desk.resources.settings, guard=True)


def leave(company: Company, who: str) -> None:
    """End all assignments of this person yesterday."""
    with company.resources.write() as uow:
        held = select(Assignment).where(Assignment.person_id == company.people[who].id)
        for each in uow.session.scalars(held):
            each.ends_on = uow.resources.today().replace(day=1)


def test_words_become_a_sealed_document_and_the_asker_is_told(
    desk: Desk, case: str, company: Company
) -> None:
    asked = ask(company, case)
    with company.looking("leaver") as uow:
        assert [each.public_id for each in questions.to_answer(uow)] == [asked]
        (waits,) = [each for each in cases.mine(uow).waiting if each.kind == "question"]
        assert waits.question is not None
    version = answer(desk, "leaver", asked)
    assert version.sealed
    desk.work()
    assert any("Mrs Zhao" in found for found in desk.found("contract Meier"))
    with company.looking("leaver") as uow:
        assert questions.to_answer(uow) == []
    with company.looking("receiver") as uow:
        (told,) = questions.news(uow)
        line = questions.show(uow, asked)
        assert told.public_id == asked
        assert line.answer is not None
        assert line.answer.id == version.id
    with company.acting("leaver") as uow:
        questions.mark_seen(uow, asked)
    with company.acting("receiver") as uow:
        assert len(questions.news(uow)) == 1
        questions.mark_seen(uow, asked)
    with company.looking("receiver") as uow:
        assert questions.news(uow) == []
    assert "build_map" in {job.name for job in desk.outbox.jobs}
    # What somebody did not know stays out of the log; the title of the answer is no secret.
    (event,) = events(company, "question_asked")
    assert ASKED not in str(event.facts)
    assert [each.kind for each in events(company, "version_sealed", "question_answered")] == [
        "version_sealed",
        "question_answered",
    ]


def test_a_file_answers_when_it_is_sealed_as_any_other(
    desk: Desk, case: str, company: Company
) -> None:
    asked = ask(company, case)
    version = send_file(desk, "leaver", asked)
    assert not version.sealed
    assert question(company, asked).state is QuestionState.OPEN
    with company.looking("receiver") as uow:
        line = questions.show(uow, asked)
        assert (line.answer, line.draft) == (None, None)
    document = desk.document(version.public_id)
    with company.acting("leaver") as uow:
        line = questions.show(uow, asked)
        assert line.draft is not None
        assert line.draft.public_id == document
        documents.submit_extra(uow, document)
    answered = question(company, asked)
    assert (answered.state, answered.answered_by_id) == (QuestionState.ANSWERED, company.leaver.id)
    with company.looking("receiver") as uow:
        assert questions.show(uow, asked).answer is not None


def test_a_file_taken_back_leaves_the_question_open_for_words(
    desk: Desk, case: str, company: Company
) -> None:
    asked = ask(company, case)
    document = desk.document(send_file(desk, "leaver", asked).public_id)
    with pytest.raises(Refused, match="same_version"):
        send_file(desk, "leaver", asked)
    with company.acting("leaver") as uow:
        documents.remove(uow, document)
        assert questions.show(uow, asked).draft is None
    answer(desk, "leaver", asked)
    assert question(company, asked).state is QuestionState.ANSWERED


STATES = (
    # state of the case, whom it waits for, who may answer
    (HandoverState.RUNNING, "leaver", {"leaver"}),
    (HandoverState.COMPLETED, "head", {"head", "chief"}),
    (HandoverState.CANCELLED, None, set()),
)
PEOPLE = ("leaver", "receiver", "colleague", "head", "chief", "hr", "outsider", "departed")


@pytest.mark.parametrize(("state", "waits_for", "answerers"), STATES, ids=[s[0] for s in STATES])
def test_who_answers_in_which_state(
    desk: Desk,
    case: str,
    company: Company,
    state: HandoverState,
    waits_for: str | None,
    answerers: set[str],
) -> None:
    asked = {who: ask(company, case, words=f"Question for {who}?") for who in PEOPLE}
    close(company, case, state)
    with company.looking("receiver") as uow:
        person = questions.show(uow, asked["hr"]).person
        assert (person.name if person else None) == (
            company.people[waits_for].name if waits_for else None
        )
        names = [each.person.name for each in questions.addressees(uow)]
        assert names == ([company.people[waits_for].name] if waits_for else [])
    arrival = Arrival(desk.store(b"so it is"), "so.txt", None)
    sent = {
        who: outcome(
            company,
            who,
            lambda uow, who=who: questions.answer(uow, ToQuestion(asked[who], True), arrival),
        )
        for who in PEOPLE
    }
    assert {who for who, result in sent.items() if result == "ok"} == answerers
    hidden = {who for who, result in sent.items() if result == "not_found"}
    assert hidden == {"colleague", "hr", "outsider", "departed"}


def test_after_the_end_the_head_answers_and_the_receipt_stays_as_it_was(
    desk: Desk, case: str, company: Company, clock: Clock
) -> None:
    close(company, case, HandoverState.COMPLETED)
    clock.move(days=40)
    leave(company, "leaver")
    asked = ask(company, case, "colleague")
    version = answer(desk, "head", asked)
    assert version.sealed
    desk.work()
    with company.looking("colleague") as uow:
        line = questions.show(uow, asked)
        assert line.answer is not None
        assert line.person is not None
        assert line.person.id == company.head.id
    with company.looking("hr") as uow:
        assert cases.receipt(uow, case).versions == []
    second = ask(company, case, "colleague", "And a file?")
    assert send_file(desk, "head", second).sealed
    guarded(desk)
    third = ask(company, case, "colleague", "And one nobody looked through?")
    with pytest.raises(Refused, match="answer_unread"):
        send_file(desk, "head", third)


def test_who_has_gone_before_the_end_is_not_asked(desk: Desk, case: str, company: Company) -> None:
    asked = ask(company, case)
    leave(company, "leaver")
    with company.looking("receiver") as uow:
        person = questions.show(uow, asked).person
        assert person is not None
        assert person.id == company.head.id
    assert answer(desk, "head", asked).sealed
    with company.resources.write() as uow:
        for each in ("head", "chief"):
            uow.session.merge(company.people[each]).active = False
    with pytest.raises(Refused, match="nobody_to_ask"):
        ask(company, case, words="Anybody?")


def test_secrets_are_neither_asked_nor_answered(desk: Desk, case: str, company: Company) -> None:
    guarded(desk)
    with pytest.raises(InvalidInput) as refused:
        ask(company, case, words=SECRET)
    assert refused.value.problems[0].code == "text_sensitive"
    asked = ask(company, case)
    with pytest.raises(InvalidInput):
        answer(desk, "leaver", asked, SECRET)
    assert answer(desk, "leaver", asked, "It lies in the vault at sales/crm.").sealed


def test_a_bare_password_is_no_answer_either(desk: Desk, case: str, company: Company) -> None:
    guarded(desk)
    asked = ask(company, case, words="CRM 的密码是什么？")
    with pytest.raises(InvalidInput):
        answer(desk, "leaver", asked, "Abc@123456")
    assert answer(desk, "leaver", asked, "见保险库 sales/crm").sealed


def test_asking_twice_is_asking_once_and_what_is_settled_stays_so(
    desk: Desk, case: str, company: Company
) -> None:
    asked = ask(company, case)
    assert ask(company, case, words=f"  {ASKED}\n") == asked
    for words, code in (("", "required"), ("?" * 1001, "too_long")):
        done = outcome(
            company, "receiver", lambda uow, words=words: questions.ask(uow, case, words)
        )
        assert done == code
    with pytest.raises(Forbidden), company.acting("leaver") as uow:
        questions.withdraw(uow, asked)
    with company.acting("receiver") as uow:
        questions.withdraw(uow, asked)
    with pytest.raises(Refused, match="question_settled"):
        answer(desk, "leaver", asked)
    again = ask(company, case)
    assert again != asked
    answer(desk, "leaver", again)
    with pytest.raises(Refused, match="question_settled"):
        answer(desk, "leaver", again)
    late = outcome(company, "receiver", lambda uow: questions.withdraw(uow, again))
    assert late == "question_settled"
    with company.looking("receiver") as uow:
        assert [line.question.public_id for line in questions.asked(uow)] == [again, asked]


NEW_VERSION = (
    "INSERT INTO versions (public_id, document_id, number, digest, filename, uploaded_at,"
    " uploaded_by_id, sealed_at, sealed_by_id) SELECT 'x', {document}, {number}, digest, filename,"
    " uploaded_at, uploaded_by_id, {sealed} FROM versions WHERE id = {version}"
)
SEALED = "sealed_at, sealed_by_id"


def test_the_door_for_late_answers_is_no_wider_than_that(
    desk: Desk, case: str, company: Company
) -> None:
    draft = desk.upload("leaver", ToHandover(case), "a draft", "draft.txt")
    asked, open_one = ask(company, case), ask(company, case, words="Another one?")
    version = answer(desk, "leaver", asked)
    close(company, case, HandoverState.COMPLETED)
    with company.resources.read() as uow:
        names: dict[str, Any] = {
            "asked": row(uow, Question, asked).id,
            "open": row(uow, Question, open_one).id,
            "draft": row(uow, Version, draft).document_id,
            "case": row(uow, Handover, case).id,
            "answer": version.document_id,
            "version": version.id,
        }
    point = "UPDATE questions SET document_id = {draft} WHERE id = {open}"
    refused = (
        NEW_VERSION.format(document="{answer}", number=2, sealed=SEALED, version="{version}"),
        NEW_VERSION.format(document="{draft}", number=2, sealed=SEALED, version="{version}"),
        NEW_VERSION.format(document="{draft}", number=1, sealed=SEALED, version="{version}"),
        NEW_VERSION.format(document="{draft}", number=1, sealed="NULL, NULL", version="{version}"),
        "UPDATE questions SET document_id = NULL, state = 'open' WHERE id = {asked}",
        "UPDATE questions SET text = 'something else' WHERE id = {asked}",
        "DELETE FROM questions WHERE id = {asked}",
        "UPDATE questions SET document_id = {answer} WHERE id = {open}",
    )
    engine = company.resources.engine
    for statement in refused:
        for first in ("", point):
            with pytest.raises(DatabaseError, match="portal: "), engine.connect() as connection:
                if first:
                    connection.execute(text(first.format(**names)))
                connection.execute(text(statement.format(**names)))
