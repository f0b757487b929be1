"""Reading cases: the page, the list, what waits for whom, the receipt."""

from __future__ import annotations

import dataclasses
from datetime import date

from sqlalchemy import select

from portal.models import Assignment, HandoverState
from portal.services import cases, handovers, items
from portal.services.cases import CaseFilter, Part
from portal.services.uploads import ToDocument, ToHandover
from tests.company import LAST_DAY, LINES, Company
from tests.conftest import Clock
from tests.services.case_steps import (
    REQUIRED,
    accept,
    close,
    document_of,
    outcome,
    settle,
    start,
    submit,
    upload,
)


def test_the_case_page_counts_and_says_what_is_next(company: Company) -> None:
    case = start(company)
    accept(company, case, "confirm")
    orders = submit(company, case, "orders")
    with company.acting("receiver") as uow:
        items.send_back(uow, orders, "the May orders are missing")
    extra = upload(company, "leaver", ToHandover(case), "how the stove works", "stove.txt")
    with company.looking("leaver") as uow:
        found = cases.show(uow, case)
        assert (found.done, found.total, found.required_left, found.days_left) == (1, 7, 4, 21)
        assert found.part == {Part.LEAVER}
        assert found.next_item is not None
        assert found.next_item.item.public_id == orders, "what was returned comes first"
        assert [line.document.public_id for line in found.extras] == [document_of(company, extra)]
    with company.looking("receiver") as uow:
        seen = cases.show(uow, case)
        assert seen.extras == [], "drafts are the leaver's"
        assert seen.part == {Part.RECEIVER}
        assert seen.may == frozenset()
    with company.looking("chief") as uow:
        assert cases.show(uow, case).part == {Part.HEAD}


def test_a_head_who_leaves_is_only_the_leaver(company: Company) -> None:
    with company.resources.write() as uow:
        uow.session.merge(company.departments["sales"]).head_id = company.leaver.id
    case = start(company)
    settle(company, case)
    with company.looking("leaver") as uow:
        found = cases.show(uow, case)
        assert found.part == {Part.LEAVER}
        assert found.handover.head_id == company.chief.id
        assert [line.handover.public_id for line in cases.mine(uow).leaving] == [case]
        assert cases.mine(uow).heading == []
        assert cases.mine(uow).waiting == []
    refused = outcome(company, "leaver", lambda uow: handovers.complete(uow, case))
    assert refused == "forbidden"


def lists(company: Company, who: str, **wanted: object) -> list[str]:
    with company.looking(who) as uow:
        found = cases.listing(uow, CaseFilter(**wanted), 1)  # type: ignore[arg-type]
        assert found.total == len(found.cases)
        return [line.handover.public_id for line in found.cases]


def test_lists_and_filters(company: Company) -> None:
    late = company.handover(last_day=date(2026, 5, 1))
    soon = company.handover("colleague", last_day=date(2026, 3, 6))
    done = company.handover("departed", ("colleague",))
    close(company, done, HandoverState.COMPLETED)
    assert lists(company, "hr") == [soon, late, done]
    assert lists(company, "hr", state=HandoverState.RUNNING) == [soon, late]
    assert lists(company, "hr", text="李") == [late]
    assert lists(company, "hr", text="销售经") == [soon, late, done]
    assert lists(company, "hr", text="%") == [], "no wildcard"
    assert lists(company, "hr", mine=True) == []
    assert lists(company, "receiver") == [soon, late]
    assert lists(company, "colleague") == [soon, done]
    assert lists(company, "head", mine=True) == [soon, late, done]
    for nobody in ("outsider", "neighbour", "administrator", "auditor", "departed"):
        assert lists(company, nobody) == []


def test_pages_of_the_list(company: Company) -> None:
    for number in range(cases.PAGE + 1):
        case = company.handover(last_day=date(2026, 3, 3 + number % 5))
        close(company, case, HandoverState.CANCELLED)
    with company.looking("hr") as uow:
        first, second = (cases.listing(uow, CaseFilter(), page) for page in (1, 2))
        assert (first.total, len(first.cases), len(second.cases)) == (cases.PAGE + 1, cases.PAGE, 1)


def test_counts_of_a_line(company: Company, clock: Clock) -> None:
    case = start(company)
    accept(company, case, "confirm")
    submit(company, case, "clients")
    clock.move(days=23)  # 25 March: «orders» was due on the 24th, «clients» waits for acceptance
    with company.looking("hr") as uow:
        (line,) = cases.at_risk(uow)
    assert (line.done, line.total, line.required_left, line.overdue) == (1, 7, 4, 1)
    assert line.days_left == 4


def waits(company: Company, who: str) -> list[tuple[str, str]]:
    with company.looking(who) as uow:
        return [
            (each.kind, each.item.requirement.key if each.item else "")
            for each in cases.mine(uow).waiting
        ]


def test_what_waits_for_whom(company: Company, clock: Clock) -> None:
    case = start(company)
    assert waits(company, "leaver") == [
        ("submit", "clients"),
        ("submit", "orders"),
        ("submit", "confirm"),
        ("submit", "tips"),
        ("submit", "crm"),
    ]
    assert waits(company, "head") == [("submit", "desk")]
    assert waits(company, "receiver") == [("submit", "intro")]
    tips = submit(company, case, "tips")
    submit(company, case, "intro")
    assert waits(company, "receiver") == [("review", "tips")]
    assert waits(company, "head") == [("review", "intro"), ("submit", "desk")]
    with company.acting("receiver") as uow:
        items.send_back(uow, tips, "which tips?")
    assert waits(company, "leaver")[0] == ("resubmit", "tips")
    clock.move(days=9)  # 11 March: «clients» was due on the 10th
    assert waits(company, "head")[-1] == ("missing_due", "clients")
    assert waits(company, "hr") == []
    settle(company, case, "tips", "intro")
    for who in ("head", "chief", "hr"):
        assert ("complete", "") in waits(company, who)
    assert ("complete", "") not in waits(company, "leaver")
    close(company, case, HandoverState.COMPLETED)
    assert [waits(company, who) for who in ("leaver", "receiver", "head", "hr")] == [[], [], [], []]


def test_the_receipt_lists_what_is_sealed(company: Company, clock: Clock) -> None:
    case = start(company)
    clients = submit(company, case, "clients")
    with company.acting("receiver") as uow:
        items.send_back(uow, clients, "one client is missing")
    with company.looking("leaver") as uow:
        (line,) = cases.receipt(uow, case).versions
    with company.looking("leaver") as uow:
        document = next(
            each.documents[0].document.public_id
            for each in cases.show(uow, case).items
            if each.item.public_id == clients
        )
    upload(company, "leaver", ToDocument(document), "all clients", "clients 2.txt")
    upload(company, "leaver", ToHandover(case), "never submitted", "draft.txt")
    clock.move(days=1)
    with company.acting("leaver") as uow:
        items.submit(uow, clients)
    with company.looking("leaver") as uow:
        found = cases.receipt(uow, case)
    assert found.versions[0] == line, "what was proved once is proved for ever"
    assert [(v.number, v.filename, v.item) for v in found.versions] == [
        (1, "clients.txt", "客户档案"),
        (2, "clients 2.txt", "客户档案"),
    ]
    assert found.versions[1].sealed_at == clock.now
    assert found.versions[1].sealed_by == "李 离职"
    assert len(found.versions[1].digest) == 64
    assert [item.requirement.title for item in found.items] == [each[2] for each in LINES]


def test_the_leaver_keeps_the_receipt_after_leaving_and_nothing_else(
    company: Company, clock: Clock
) -> None:
    case = start(company)
    accept(company, case, *REQUIRED)
    with company.acting("head") as uow:
        handovers.complete(uow, case)
    with company.resources.write() as uow:
        held = uow.session.scalars(
            select(Assignment).where(Assignment.person_id == company.leaver.id)
        ).one()
        held.ends_on = LAST_DAY
    clock.move(days=30)
    with company.looking("leaver") as uow:
        assert uow.actor.departed
        assert len(cases.receipt(uow, case).versions) == 2
        assert [kept.public_id for kept in cases.receipts(uow)] == [case]
        assert cases.listing(uow, CaseFilter(), 1).total == 0
        assert dataclasses.astuple(cases.mine(uow)) == ([], [], [], [])
    gone = outcome(company, "leaver", lambda uow: cases.show(uow, case))
    assert gone == "not_found"
    others = outcome(company, "departed", lambda uow: cases.receipt(uow, case))
    assert others == "not_found"
