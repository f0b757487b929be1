"""Who may do what on which rows: a table of people and actions over cases in all states."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pytest
from sqlalchemy import delete, select

from portal.errors import NotFound
from portal.models import (
    Assignment,
    Blob,
    Department,
    Document,
    Event,
    Handover,
    HandoverReceiver,
    HandoverState,
    Item,
    Person,
    Position,
    Question,
    Role,
    RoleGrant,
    Version,
    Visibility,
)
from portal.permissions import POLICY, Action
from tests.company import LONG_AGO, Company
from tests.services.case_steps import close, row

EVERYBODY = (
    "leaver",
    "receiver",
    "colleague",
    "neighbour",
    "outsider",
    "head",
    "chief",
    "hr",
    "administrator",
    "auditor",
    "departed",
)
PARTS = {"leaver", "receiver", "head", "chief"}
SEES_CASE = PARTS | {"hr"}
HEADS = {"head", "chief"}
YESTERDAY = date(2026, 3, 1)


@dataclass
class Cases:
    """One case in each state, each with a sealed document of each visibility, a draft, a question.

    Their ids by state, and by state and visibility («draft» for the draft); all of `leaver`, but
    the questions, which `receiver` has asked.
    """

    company: Company
    cases: dict[str, str] = field(default_factory=dict)
    documents: dict[tuple[str, str], int] = field(default_factory=dict)
    versions: dict[tuple[str, str], int] = field(default_factory=dict)
    questions: dict[str, int] = field(default_factory=dict)

    def rows(self, who: str, action: Action) -> set[Any]:
        """Row ids this person may do the action on."""
        model = POLICY[action][0]
        assert model is not None
        with self.company.looking(who) as uow:
            return set(uow.session.scalars(select(model.id).where(uow.rows(action))))


@pytest.fixture
def cases(company: Company) -> Cases:
    made = Cases(company)
    for state in (HandoverState.CANCELLED, HandoverState.COMPLETED, HandoverState.RUNNING):
        case = made.cases[state.value] = company.handover()
        with company.resources.write() as uow:
            handover_id = row(uow, Handover, case).id
            for name in (*(each.value for each in Visibility), "draft"):
                _add_document(uow, made, (state.value, name), handover_id)
            uow.record("handover_started", row(uow, Handover, case))
            asked = Question(handover_id=handover_id, asker_id=company.receiver.id, text="Why?")
            uow.session.add(asked)
            uow.session.flush()
            made.questions[state.value] = asked.id
        close(company, case, state)
    return made


def _add_document(uow: Any, made: Cases, key: tuple[str, str], handover_id: int) -> None:
    state, name = key
    leaver, draft = made.company.leaver.id, name == "draft"
    blob = Blob(digest=f"{state} {name}", size=1)
    document = Document(handover_id=handover_id, owner_id=leaver, title=name)
    document.visibility = Visibility.COMPANY if draft else Visibility(name)
    uow.session.add_all([blob, document])
    uow.session.flush()
    version = Version(
        document_id=document.id,
        number=1,
        digest=blob.digest,
        filename="a.txt",
        uploaded_by_id=leaver,
        sealed_at=None if draft else uow.resources.clock(),
        sealed_by_id=None if draft else leaver,
    )
    uow.session.add(version)
    uow.session.flush()
    made.documents[key], made.versions[key] = document.id, version.id


# Who reads what is sealed, by its visibility, while the case is not cancelled.
READERS = {
    "receivers": PARTS,
    "position": PARTS | {"colleague"},
    "department": PARTS | {"colleague", "neighbour"},
    "company": PARTS | {"colleague", "neighbour", "outsider", "hr"},
}


def test_content_is_read_by_part_and_visibility(cases: Cases) -> None:
    found = {who: cases.rows(who, Action.VIEW_VERSION) for who in EVERYBODY}
    for (state, name), version in cases.versions.items():
        readers = {"leaver"} if name == "draft" else READERS[name]
        if state == "cancelled":
            readers = readers & PARTS
        assert {who for who in EVERYBODY if version in found[who]} == readers, (state, name)


def test_what_is_read_is_downloaded_unless_it_is_for_viewing_only(cases: Cases) -> None:
    for view_only in (False, True):
        with cases.company.resources.write() as uow:
            for document in uow.session.scalars(select(Document)):
                document.view_only = view_only
        for who in EVERYBODY:
            read = cases.rows(who, Action.VIEW_VERSION)
            kept = set() if view_only and who not in HEADS | {"leaver"} else read
            assert cases.rows(who, Action.DOWNLOAD_VERSION) == kept, (who, view_only)


def test_the_heads_decide_about_the_download_of_what_is_sealed(cases: Cases) -> None:
    sealed = {number for (_, name), number in cases.documents.items() if name != "draft"}
    for who in EVERYBODY:
        expected = sealed if who in HEADS else set()
        assert cases.rows(who, Action.SET_DOWNLOAD) == expected, who


def test_heads_and_hr_settle_what_was_found_in_sealed_versions(cases: Cases) -> None:
    sealed = {number for (_, name), number in cases.versions.items() if name != "draft"}
    for who in EVERYBODY:
        expected = sealed if who in HEADS | {"hr"} else set()
        assert cases.rows(who, Action.SETTLE_FINDINGS) == expected, who


def test_names_and_digests_are_listed_by_who_sees_the_case(cases: Cases) -> None:
    for action, ids in (
        (Action.LIST_VERSION, cases.versions),
        (Action.LIST_DOCUMENT, cases.documents),
    ):
        found = {who: cases.rows(who, action) for who in EVERYBODY}
        for (state, name), listed in ids.items():
            readers = {"leaver"} if name == "draft" else READERS[name] | SEES_CASE
            if state == "cancelled":
                readers = readers & SEES_CASE
            seen = {who for who in EVERYBODY if listed in found[who]}
            assert seen == readers, (action, state, name)


def test_what_is_taken_back_is_gone_for_everybody(cases: Cases) -> None:
    draft = cases.documents["running", "draft"]
    with cases.company.resources.write() as uow:
        uow.session.get_one(Document, draft).removed_at = uow.resources.clock()
    for action in (Action.LIST_DOCUMENT, Action.CHANGE_DOCUMENT):
        assert draft not in cases.rows("leaver", action)
    version = cases.versions["running", "draft"]
    assert version not in cases.rows("leaver", Action.VIEW_VERSION)


# Who may do it on every case, whatever its state; the state is asked after the permission.
ON_CASES = {
    Action.VIEW_HANDOVER: SEES_CASE,
    Action.VIEW_RECEIPT: SEES_CASE | {"auditor"},
    Action.CHANGE_HANDOVER: {"hr"},
    Action.CANCEL_HANDOVER: {"hr"},
    Action.COMPLETE_HANDOVER: HEADS | {"hr"},
    Action.UPLOAD_EXTRA: {"leaver"},
}
# By the part that is responsible for the item: an item of each.
ON_ITEMS = {
    Action.VIEW_ITEM: {"confirm": SEES_CASE, "desk": SEES_CASE, "intro": SEES_CASE},
    Action.SUBMIT_ITEM: {"confirm": {"leaver"}, "desk": HEADS, "intro": {"receiver"}},
    Action.REVIEW_ITEM: {"confirm": {"receiver"}, "desk": {"receiver"}, "intro": HEADS},
    Action.WAIVE_ITEM: {"confirm": HEADS, "desk": HEADS, "intro": HEADS},
}
READS_CHECKLIST = {"leaver", "receiver", "colleague", "head", "chief", "hr"}
ON_SALES = {
    Action.VIEW_MAP: READS_CHECKLIST,
    Action.VIEW_BLUEPRINT: READS_CHECKLIST,
    Action.EDIT_BLUEPRINT: HEADS | {"hr"},
    Action.VIEW_ASKED: HEADS | {"hr"},
}
ON_ALL = {
    Action.START_HANDOVER: {"hr"},
    Action.SEARCH: set(EVERYBODY) - {"departed"},
    Action.BROWSE_EVENTS: {"hr", "auditor"},
    Action.MANAGE_DEPARTMENTS: {"administrator"},
    Action.MANAGE_PEOPLE: {"administrator"},
    Action.MANAGE_POSITIONS: {"administrator"},
    Action.MANAGE_ASSIGNMENTS: {"administrator", "hr"},
    Action.VIEW_HEALTH: {"administrator"},
}
ON_DOCUMENTS = {
    Action.LIST_DOCUMENT,
    Action.CHANGE_DOCUMENT,
    Action.LIST_VERSION,
    Action.VIEW_VERSION,
    Action.DOWNLOAD_VERSION,
    Action.SET_DOWNLOAD,
    Action.RETRY_READING,
    Action.DECIDE_FINDINGS,
    Action.SETTLE_FINDINGS,
}


# By the state of the case.
ON_QUESTIONS = {
    Action.VIEW_QUESTION: dict.fromkeys(HandoverState, PARTS),
    Action.WITHDRAW_QUESTION: {state: {"receiver"} for state in HandoverState},
    Action.ANSWER_QUESTION: {
        HandoverState.RUNNING: {"leaver"},
        HandoverState.COMPLETED: HEADS,
        HandoverState.CANCELLED: set(),
    },
}
ASKS = {
    HandoverState.RUNNING: {"receiver", "colleague"},
    HandoverState.COMPLETED: {"receiver", "colleague"},
    HandoverState.CANCELLED: set(),
}


def test_every_action_stands_in_a_table() -> None:
    others = {
        Action.VIEW_EVENT,
        Action.ASK_QUESTION,
        Action.VIEW_SEARCH,
        Action.GIVE_FEEDBACK,
        Action.VIEW_FEEDBACK,
    }
    tables = (ON_CASES, ON_ITEMS, ON_SALES, ON_ALL, ON_DOCUMENTS, ON_QUESTIONS, others)
    assert {action for table in tables for action in table} == set(Action)


def test_questions(cases: Cases) -> None:
    for action, table in ON_QUESTIONS.items():
        found = {who: cases.rows(who, action) for who in EVERYBODY}
        for state, allowed in table.items():
            asked = cases.questions[state.value]
            assert {who for who in EVERYBODY if asked in found[who]} == allowed, (action, state)
    found = {who: cases.rows(who, Action.ASK_QUESTION) for who in EVERYBODY}
    with cases.company.resources.read() as uow:
        for state, allowed in ASKS.items():
            case = row(uow, Handover, cases.cases[state.value]).id
            assert {who for who in EVERYBODY if case in found[who]} == allowed, state


def test_cases(cases: Cases) -> None:
    with cases.company.resources.read() as uow:
        ids = {row(uow, Handover, case).id for case in cases.cases.values()}
    for action, allowed in ON_CASES.items():
        for who in EVERYBODY:
            expected = ids if who in allowed else set()
            assert cases.rows(who, action) == expected, (action, who)


def test_items(cases: Cases) -> None:
    company, running = cases.company, cases.cases["running"]
    with company.resources.read() as uow:
        ids = {
            key: row(uow, Item, company.item(running, key)).id
            for key in ("confirm", "desk", "intro")
        }
    for action, table in ON_ITEMS.items():
        found = {who: cases.rows(who, action) for who in EVERYBODY}
        for key, allowed in table.items():
            assert {who for who in EVERYBODY if ids[key] in found[who]} == allowed, (action, key)


def test_positions_and_the_portal_as_a_whole(cases: Cases) -> None:
    sales = cases.company.positions["sales"].id
    for action, allowed in ON_SALES.items():
        seen = {who for who in EVERYBODY if sales in cases.rows(who, action)}
        assert seen == allowed, action
    for action, allowed in ON_ALL.items():
        seen = set()
        for who in EVERYBODY:
            with cases.company.looking(who) as uow:
                if uow.may(action):
                    seen.add(who)
        assert seen == allowed, action


def test_events(cases: Cases) -> None:
    with cases.company.resources.write() as uow:
        uow.record("signed_in")
    with cases.company.resources.read() as uow:
        of_cases = set(uow.session.scalars(select(Event.id).where(Event.handover_id.is_not(None))))
        everything = set(uow.session.scalars(select(Event.id)))
    assert everything > of_cases
    for who in EVERYBODY:
        expected = of_cases if who in PARTS else set()
        if who in ("hr", "auditor"):
            expected = everything
        assert cases.rows(who, Action.VIEW_EVENT) == expected, who


def test_may_and_which_rows_agree(cases: Cases) -> None:
    for action, (model, _) in POLICY.items():
        if model is None:
            continue
        for who in ("leaver", "receiver", "neighbour", "hr", "auditor", "departed"):
            with cases.company.looking(who) as uow:
                some = uow.session.scalars(select(model).order_by(model.id.desc()).limit(6)).all()
                allowed = set(uow.session.scalars(select(model.id).where(uow.rows(action))))
                for each in some:
                    assert uow.may(action, each) == (each.id in allowed), (action, who)


def sees(cases: Cases, who: str, name: str, state: str = "running") -> bool:
    return cases.versions[state, name] in cases.rows(who, Action.VIEW_VERSION)


def end_assignments(company: Company, who: str) -> None:
    with company.resources.write() as uow:
        for held in uow.session.scalars(
            select(Assignment).where(Assignment.person_id == company.people[who].id)
        ):
            held.ends_on = YESTERDAY


def test_rights_end_with_the_assignment(cases: Cases) -> None:
    company = cases.company
    for who in ("leaver", "receiver", "colleague", "neighbour", "outsider", "head", "hr"):
        end_assignments(company, who)
        for action, (model, _) in POLICY.items():
            if model is None:
                with company.looking(who) as uow:
                    assert not uow.may(action), (who, action)
            elif who == "leaver" and action is Action.VIEW_RECEIPT:
                assert len(cases.rows(who, action)) == 3
            else:
                assert cases.rows(who, action) == set(), (who, action)


def test_the_last_day_of_an_assignment_still_counts(cases: Cases) -> None:
    with cases.company.resources.write() as uow:
        held = uow.session.scalars(
            select(Assignment).where(Assignment.person_id == cases.company.colleague.id)
        ).one()
        held.ends_on = uow.resources.today()
    assert sees(cases, "colleague", "position")


LOSSES = ("receiver", "position", "department", "head", "role", "named head")


@pytest.mark.parametrize("what", LOSSES)
def test_a_right_removed_a_moment_ago_is_gone(cases: Cases, what: str) -> None:
    company = cases.company
    running = cases.cases["running"]
    who, name = {
        "receiver": ("outsider", "receivers"),
        "position": ("colleague", "position"),
        "department": ("neighbour", "department"),
        "head": ("chief", "receivers"),
        "role": ("hr", ""),
        "named head": ("outsider", "receivers"),
    }[what]
    person = company.people[who].id

    def has() -> bool:
        if name:
            return sees(cases, who, name)
        with company.looking(who) as uow:
            return uow.may(Action.VIEW_HANDOVER, row(uow, Handover, running))

    with company.resources.write() as uow:
        handover = row(uow, Handover, running)
        if what == "receiver":
            uow.session.add(HandoverReceiver(handover_id=handover.id, person_id=person))
        elif what == "named head":
            handover.head_id = person
    assert has()
    with company.resources.write() as uow:
        handover = row(uow, Handover, running)
        _take_away(uow, what, handover, person, company)
    assert not has()


def _take_away(uow: Any, what: str, handover: Handover, person: int, company: Company) -> None:
    session = uow.session
    if what == "receiver":
        session.execute(
            delete(HandoverReceiver).where(
                HandoverReceiver.handover_id == handover.id, HandoverReceiver.person_id == person
            )
        )
    elif what == "named head":
        handover.head_id = company.head.id
    elif what == "head":
        session.get_one(Department, company.departments["company"].id).head_id = None
    elif what == "role":
        session.execute(delete(RoleGrant).where(RoleGrant.person_id == person))
    else:
        held = session.scalars(select(Assignment).where(Assignment.person_id == person)).one()
        held.position_id = company.positions["engineer"].id


def test_an_account_that_is_off_does_nothing(cases: Cases) -> None:
    with cases.company.resources.write() as uow:
        uow.session.get_one(Person, cases.company.receiver.id).active = False
    with pytest.raises(NotFound), cases.company.looking("receiver"):
        pass


BEGINNERS = (
    # what, days of assignments to «sales», whether they have left
    ("begins next month", [(date(2026, 4, 1), None)], False),
    ("between two", [(LONG_AGO, YESTERDAY), (date(2026, 4, 1), None)], False),
    ("left yesterday", [(LONG_AGO, YESTERDAY)], True),
    ("never held one", [], False),
)


@pytest.mark.parametrize(("what", "days", "departed"), BEGINNERS, ids=[b[0] for b in BEGINNERS])
def test_without_a_position_today_nothing_is_shared(
    cases: Cases, what: str, days: list[tuple[date, date | None]], departed: bool
) -> None:
    company = cases.company
    with company.resources.write() as uow:
        person = Person(email="new@company.example", name=what)
        uow.session.add(person)
        uow.session.flush()
        for begins, ends in days:
            uow.session.add(
                Assignment(
                    person_id=person.id,
                    position_id=company.positions["sales"].id,
                    starts_on=begins,
                    ends_on=ends,
                )
            )
        company.people["new"] = person
    assert cases.rows("new", Action.VIEW_VERSION) == set()
    with company.looking("new") as uow:
        assert uow.actor.departed is departed
        assert uow.may(Action.SEARCH) is not departed
    with company.resources.write() as uow:
        case = row(uow, Handover, cases.cases["running"]).id
        uow.session.add(HandoverReceiver(handover_id=case, person_id=company.people["new"].id))
    # A successor reads before the first day; who has left does not.
    assert sees(cases, "new", "receivers") is not departed


def test_hr_does_not_look_after_the_own_case(company: Company) -> None:
    case = company.handover("hr")
    with company.looking("hr") as uow:
        handover = row(uow, Handover, case)
        found = {action for action in ON_CASES if uow.may(action, handover)}
    assert found == {Action.VIEW_HANDOVER, Action.VIEW_RECEIPT, Action.UPLOAD_EXTRA}
    with company.resources.write() as uow:
        uow.session.add(RoleGrant(person_id=company.outsider.id, role=Role.HR))
    with company.looking("outsider") as uow:
        assert uow.may(Action.CHANGE_HANDOVER, row(uow, Handover, case))


def test_heads_of_departments_below_and_circles(company: Company) -> None:
    with company.resources.write() as uow:
        # A circle, however it came about, ends instead of looping.
        whole = uow.session.get_one(Department, company.departments["company"].id)
        whole.parent_id = company.departments["sales"].id
    case = company.handover()
    for who in ("head", "chief"):
        with company.looking(who) as uow:
            assert uow.may(Action.WAIVE_ITEM, row(uow, Item, company.item(case, "desk")))
            assert set(uow.session.scalars(select(Position.id))) == set(
                uow.session.scalars(select(Position.id).where(uow.rows(Action.EDIT_BLUEPRINT)))
            )
