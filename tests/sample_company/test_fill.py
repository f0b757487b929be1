"""Filling a portal with the sample company: what is there afterwards, and what stops it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from portal import working_days
from portal.errors import FileRefused, Refused
from portal.models import (
    Document,
    Event,
    Handover,
    HandoverState,
    Item,
    ItemState,
    Person,
    Reading,
    ReadingState,
    Version,
)
from portal.permissions import Action
from portal.resources import Resources
from portal.sample_company import ItemState as SampleState
from portal.sample_company import SampleCompany
from portal.services import accounts
from portal.services.sample import day_of, fill
from portal.unit_of_work import Job
from tests.company import Company
from tests.conftest import Clock
from tests.sample_company.conftest import silent, snapshot

STATES = {
    SampleState.OPEN: ItemState.OPEN,
    SampleState.DRAFT: ItemState.OPEN,
    SampleState.SUBMITTED: ItemState.SUBMITTED,
    SampleState.RETURNED: ItemState.RETURNED,
    SampleState.ACCEPTED: ItemState.ACCEPTED,
    SampleState.WAIVED: ItemState.WAIVED,
}


def person_of(resources: Resources, login: str) -> Person:
    with resources.read() as uow:
        email = f"{login}@sample-company.example"
        return uow.session.scalars(select(Person).where(Person.email == email)).one()


def case_of(uow: Any, leaver: str) -> Handover:
    found: Handover = uow.session.scalars(
        select(Handover).join(Person, Handover.leaver_id == Person.id).where(Person.email == leaver)
    ).one()
    return found


def test_every_item_is_as_described(filled: Resources, sample: SampleCompany) -> None:
    with filled.read() as uow:
        for described in sample.handovers:
            case = case_of(uow, described.leaver)
            items = uow.session.scalars(select(Item).where(Item.handover_id == case.id))
            states = [item.state for item in sorted(items, key=lambda i: i.requirement.ordinal)]
            assert states == [STATES[item.state] for item in described.items]


def test_two_cases_are_completed_and_one_runs(filled: Resources, sample: SampleCompany) -> None:
    with filled.read() as uow:
        for described in sample.handovers:
            case = case_of(uow, described.leaver)
            completed = described.completion_day is not None
            assert case.state is (HandoverState.COMPLETED if completed else HandoverState.RUNNING)
            assert (case.closed_by == case.head) is completed
            assert case.last_day == day_of(filled.today(), described.last_day)


def test_every_file_is_a_version_waiting_to_be_read(
    filled: Resources, sample: SampleCompany
) -> None:
    with filled.read() as uow:
        versions = uow.session.scalars(select(Version)).all()
        readings = uow.session.scalars(select(Reading)).all()
        assert {reading.state for reading in readings} == {ReadingState.QUEUED}
        assert {reading.version_id for reading in readings} == {version.id for version in versions}
    sizes = sorted(document.path.stat().st_size for document in sample.documents)
    assert sorted(version.blob.size for version in versions) == sizes
    assert {v.filename for v in versions} == {d.filename for d in sample.documents}
    for version in versions:
        assert filled.store.exists(version.digest)


def test_the_returned_document_has_two_versions(filled: Resources) -> None:
    with filled.read() as uow:
        document = uow.session.scalars(
            select(Document).where(Document.title == "客户沟通记录")
        ).one()
        numbers = uow.session.scalars(
            select(Version.number).where(Version.document_id == document.id).order_by(Version.id)
        ).all()
    assert numbers == [1, 2]


def test_documents_have_the_titles_and_visibility_described(
    filled: Resources, sample: SampleCompany
) -> None:
    with filled.read() as uow:
        found = {
            (each.title, each.visibility.value) for each in uow.session.scalars(select(Document))
        }
    assert found == {(each.title, each.visibility.value) for each in sample.documents}


def test_only_the_draft_is_not_sealed(filled: Resources) -> None:
    with filled.read() as uow:
        drafts = uow.session.scalars(
            select(Document.title)
            .join(Version, Version.document_id == Document.id)
            .where(Version.sealed_at.is_(None))
        ).all()
    assert drafts == ["共同拜访计划"]


def test_the_log_tells_the_story_in_the_order_of_the_days(filled: Resources) -> None:
    with filled.read() as uow:
        moments = uow.session.scalars(select(Event.at).order_by(Event.id)).all()
        kinds = set(uow.session.scalars(select(Event.kind)))
    days = [moment.astimezone(filled.settings.zone) for moment in moments]
    assert [day.date() for day in days] == sorted(day.date() for day in days)
    assert days[-1] < filled.clock()
    assert all(working_days.is_working_day(day.date()) for day in days)
    assert {day.hour for day in days} <= set(range(9, 18))
    assert kinds >= {
        "blueprint_saved", "handover_started", "document_added", "version_uploaded",
        "version_sealed", "item_submitted", "item_accepted", "item_returned", "item_waived",
        "handover_completed", "assignment_saved", "department_saved",
        "person_saved", "position_saved",
    }  # fmt: skip


# Who sees how many cases and how many versions of documents.
SEES = {
    "zhang.san": (1, 8),  # with the own draft
    "li.si": (1, 7),
    "sun.ba": (1, 7),
    "alex": (0, 0),  # has left: the receipt only
    "robin": (1, 9),
    "kim": (0, 9),
    "jo": (1, 9),
    "wu.shi": (0, 0),
    "zheng.yi": (1, 6),
    "zhou.jiu": (1, 6),
    "zhao.liu": (3, 0),  # HR: every case, no content
    "qian.qi": (0, 0),
    "wang.wu": (0, 0),
}


@pytest.mark.parametrize("login", SEES)
def test_everybody_sees_what_is_promised(filled: Resources, login: str) -> None:
    with filled.read(person_of(filled, login).id) as uow:
        seen = tuple(
            uow.session.scalar(select(func.count()).select_from(model).where(uow.rows(action)))
            for model, action in (
                (Handover, Action.VIEW_HANDOVER),
                (Version, Action.VIEW_VERSION),
            )
        )
    assert seen == SEES[login]


@pytest.mark.parametrize("login", ["alex", "wu.shi"])
def test_who_has_left_keeps_the_receipt(filled: Resources, login: str) -> None:
    with filled.read(person_of(filled, login).id) as uow:
        receipts = uow.session.scalars(select(Handover).where(uow.rows(Action.VIEW_RECEIPT))).all()
    assert len(receipts) == 1


def test_everybody_can_sign_in_with_the_password_printed(
    filled: Resources, sample: SampleCompany
) -> None:
    logins = fill(filled, silent)
    assert {login.email for login in logins} == {person.email for person in sample.people}
    for login in logins:
        with filled.write() as uow:
            assert accounts.sign_in(uow, login.email, login.password) is not None


def test_filling_again_changes_nothing(filled: Resources) -> None:
    said: list[str] = []
    before = snapshot(filled)
    later = replace(filled, clock=Clock(filled.clock() + timedelta(days=40)))
    fill(later, said.append)
    later.close()
    assert snapshot(filled) == before
    assert said == []


class Killed(BaseException):
    """The process ends at this line."""


@dataclass
class DyingAfter:
    """A sender in which the process dies at the n-th job: right after a commit."""

    jobs: int
    sent: list[Job] = field(default_factory=list)

    def __call__(self, job: Job) -> None:
        self.sent.append(job)
        if len(self.sent) == self.jobs:
            raise Killed


@pytest.mark.parametrize("jobs", [1, 20])
def test_an_interrupted_filling_is_finished_on_its_own_days(
    resources: Resources, story: dict[str, list[Any]], jobs: int
) -> None:
    dying = replace(resources, send=DyingAfter(jobs))
    with pytest.raises(Killed):
        fill(dying, silent)
    dying.close()
    # A weekend later, so that other days would be noticed.
    late = replace(resources, clock=Clock(resources.clock() + timedelta(days=5)))
    fill(late, silent)
    late.close()
    assert snapshot(resources) == story


def test_a_full_disk_stops_it_and_room_lets_it_go_on(
    resources: Resources, sample: SampleCompany
) -> None:
    full = replace(resources, settings=replace(resources.settings, free_disk_reserve_bytes=2**60))
    with pytest.raises(FileRefused) as caught:
        fill(full, silent)
    full.close()
    assert caught.value.code == "disk_full"
    fill(resources, silent)
    with resources.read() as uow:
        count = uow.session.scalar(select(func.count()).select_from(Version))
    assert count == len(sample.documents)


def test_a_portal_with_people_is_left_alone(resources: Resources, company: Company) -> None:
    before = snapshot(resources)
    with pytest.raises(Refused) as caught:
        fill(resources, silent)
    assert caught.value.code == "sample_not_empty"
    assert snapshot(resources) == before


def test_it_can_be_filled_on_a_holiday_and_in_one_language(
    resources: Resources, clock: Clock
) -> None:
    clock.now = clock.now.replace(year=2026, month=2, day=17)
    day = resources.today()
    assert not working_days.is_working_day(day)
    fill(resources, silent, language="en")
    with resources.read() as uow:
        running = case_of(uow, "zhang.san@sample-company.example")
        assert working_days.left(day, running.last_day) == 9
        assert running.position.name == "Account manager"
        assert running.position.department.name == "Sales"
        assert running.blueprint.requirements[0].title == "Client contact history"
        assert all(moment < clock() for moment in uow.session.scalars(select(Event.at)))


@pytest.mark.parametrize(
    ("day", "number", "found"),
    [
        (date(2026, 3, 2), 0, date(2026, 3, 2)),
        (date(2026, 3, 2), -1, date(2026, 2, 28)),  # a Saturday worked in exchange
        (date(2026, 3, 2), 5, date(2026, 3, 9)),
        (date(2026, 2, 17), -1, date(2026, 2, 14)),  # in the holidays of the New Year
        (date(2026, 2, 17), 1, date(2026, 2, 24)),
    ],
)
def test_days_are_working_days(day: date, number: int, found: date) -> None:
    assert day_of(day, number) == found
