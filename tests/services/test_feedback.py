"""Feedback: who may say it, who reads it, and how little it moves."""

from __future__ import annotations

import dataclasses
from contextlib import suppress

import pytest
from sqlalchemy import func, select

from portal.errors import Forbidden, InvalidInput, NotFound
from portal.models import Feedback, FeedbackWord, Visibility
from portal.services import feedback
from portal.services.feedback import MOST, FeedbackForm, FeedbackLine, Mark
from tests.services.conftest import Desk
from tests.services.library import CLIENTS, SERVERS, Library

NOBODYS = Mark(None, "")


@pytest.fixture
def library(desk: Desk, case: str) -> Library:
    return Library(desk, case)


def say(library: Library, who: str, version: str, word: str, remark: str | None = None) -> Mark:
    with library.desk.company.acting(who) as uow:
        return feedback.give(uow, version, FeedbackForm(word, remark))


def marked(library: Library, who: str, version: str) -> Mark | None:
    with library.desk.company.looking(who) as uow, suppress(NotFound, Forbidden):
        return feedback.mark(uow, version)
    return None


def lines(library: Library, who: str = "head") -> list[FeedbackLine]:
    with library.desk.company.looking(who) as uow:
        found = feedback.to_settle(uow)
        assert feedback.waiting(uow) == len(found)
    return found


def weight(library: Library, version: str) -> float:
    with library.desk.resources.read() as uow:
        return feedback.weights(uow).get(library.row(version).id, 0.0)


def test_one_word_each_that_can_be_changed_and_taken_back(library: Library) -> None:
    version = library.add(CLIENTS, "客户.md")
    assert marked(library, "receiver", version) == NOBODYS
    say(library, "receiver", version, "outdated", "  寄送日期\n已经变了 ")
    assert marked(library, "receiver", version) == Mark(FeedbackWord.OUTDATED, "寄送日期 已经变了")
    # Another word keeps the remark, an empty remark takes it away.
    assert say(library, "receiver", version, "unclear") == Mark(
        FeedbackWord.UNCLEAR, "寄送日期 已经变了"
    )
    assert say(library, "receiver", version, "unclear", "") == Mark(FeedbackWord.UNCLEAR, "")
    assert marked(library, "colleague", version) == NOBODYS
    with library.desk.resources.read() as uow:
        assert uow.session.scalar(select(func.count()).select_from(Feedback)) == 1
    assert say(library, "receiver", version, "") == NOBODYS
    assert say(library, "receiver", version, "") == NOBODYS
    kinds = [event.kind for event in library.desk.events("feedback_given", "feedback_withdrawn")]
    assert kinds == ["feedback_given"] * 3 + ["feedback_withdrawn"]


def test_who_may_say_something(library: Library) -> None:
    sealed = library.add(CLIENTS, "客户.md", Visibility.DEPARTMENT)
    draft = library.add(CLIENTS, "草稿.md", Visibility.COMPANY, sealed=False)
    who = {"receiver", "colleague", "neighbour", "head", "chief"}
    for name in (*who, "leaver", "outsider", "hr", "administrator", "auditor", "departed"):
        for version, may in ((sealed, name in who), (draft, False)):
            assert (marked(library, name, version) is not None) is may, name
            if not may:
                with pytest.raises((NotFound, Forbidden)):
                    say(library, name, version, "helpful")
    say(library, "neighbour", sealed, "helpful")


def test_what_is_refused(library: Library) -> None:
    version = library.add(CLIENTS, "客户.md")
    resources = library.desk.resources
    resources.settings = dataclasses.replace(resources.settings, guard=True)
    for word, remark in (
        ("terrible", None),
        ("helpful", "x" * 501),
        ("unclear", "密码：Tr0ub4dor&3xyz"),
    ):
        with pytest.raises(InvalidInput):
            say(library, "receiver", version, word, remark)
    assert marked(library, "receiver", version) == NOBODYS


def test_the_heads_read_it_and_deal_with_it(library: Library) -> None:
    version = library.add(CLIENTS, "客户.md")
    say(library, "colleague", version, "helpful")
    assert lines(library) == [], "praise asks for nothing"
    say(library, "receiver", version, "outdated", "有变化")
    for who in ("head", "chief"):
        (line,) = lines(library, who)
        assert line.counts == {
            FeedbackWord.HELPFUL: 1,
            FeedbackWord.OUTDATED: 1,
            FeedbackWord.UNCLEAR: 0,
        }
        assert [(row.person.name, row.remark) for row in line.said] == [("王 接收", "有变化")]
        assert not line.replaced
    for who in ("leaver", "receiver", "colleague", "outsider", "hr", "administrator", "auditor"):
        assert lines(library, who) == []
        with library.desk.company.acting(who) as uow, pytest.raises(NotFound):
            feedback.settle(uow, version)
    with library.desk.company.acting("head") as uow:
        feedback.settle(uow, version)
    assert lines(library) == []
    (event,) = library.desk.events("feedback_settled")
    assert event.handover_id is not None
    with library.desk.company.acting("head") as uow, pytest.raises(NotFound):
        feedback.settle(uow, version)
    # Said again, it asks again.
    say(library, "receiver", version, "outdated")
    assert len(lines(library)) == 1
    library.correct(version, CLIENTS.replace("五日", "十日"), "客户.md")
    assert lines(library)[0].replaced


def test_it_raises_and_lowers_among_equals(library: Library) -> None:
    text = "# 对账\n\n每月五日前把对账单寄给客户财务部。\n"
    first, second = library.add(text, "one.md"), library.add(text, "two.md")
    library.add(SERVERS, "servers.md")
    before = library.titles("receiver", "对账单")[:2]
    last = {"one": first, "two": second}[before[-1]]
    say(library, "colleague", last, "helpful")
    assert library.titles("receiver", "对账单")[:2] == before[::-1]
    say(library, "colleague", last, "unclear")
    assert library.titles("receiver", "对账单")[:2] == before
    say(library, "colleague", {"one": first, "two": second}[before[0]], "outdated")
    say(library, "colleague", last, "")
    assert library.titles("receiver", "对账单")[:2] == before[::-1]


def test_it_never_hides_and_outweighs_no_answer(library: Library) -> None:
    answer = library.add(CLIENTS, "客户.md", Visibility.COMPANY)
    other = library.add("# 其他\n\n这份文件偶尔也提到对账。\n", "其他.md", Visibility.COMPANY)
    query = "每月几日前把对账单寄给客户财务部"
    before = library.titles("receiver", query)
    assert before[0] == "客户"
    for who in ("receiver", "colleague", "neighbour", "head", "chief", "hr", "outsider"):
        say(library, who, answer, "outdated")
        say(library, who, other, "helpful")
    assert library.titles("receiver", query) == before
    for version in (answer, other):
        assert 0 < abs(weight(library, version)) < MOST
    assert weight(library, answer) < 0 < weight(library, other)
    # What is dealt with lowers no more; praise goes on.
    for who in ("head", "chief"):
        say(library, who, answer, "helpful")
    with library.desk.company.acting("head") as uow:
        feedback.settle(uow, answer)
    assert weight(library, answer) == pytest.approx(MOST * 2 / 5)
    # A newer version begins anew.
    newer = library.correct(answer, CLIENTS.replace("五日", "十日"), "客户.md")
    assert weight(library, newer) == 0
