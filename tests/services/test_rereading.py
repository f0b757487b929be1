"""A better reader reads again what an older one has read, without a moment in which it is lost."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from indexing.extraction import READER_VERSION
from portal.models import Block, Reading, ReadingState, Version
from portal.services import documents, readings, reconciling, rereading
from portal.services.uploads import ToHandover
from tests.services.conftest import Desk

TEXT = "# 拜访\n\n每月第一周拜访客户。"


@pytest.fixture
def version(desk: Desk, case: str) -> str:
    """A sealed version, as an older reader has left it."""
    made = desk.upload("leaver", ToHandover(case), TEXT, "拜访.md")
    desk.work()
    with desk.company.acting("leaver") as uow:
        documents.submit_extra(uow, desk.document(made))
    age(desk)
    desk.outbox.jobs.clear()
    return made


def age(desk: Desk, **values: object) -> None:
    with desk.resources.write() as uow:
        old = {"reader_version": READER_VERSION - 1, **values}
        uow.session.execute(update(Reading).values(**old))


def all_readings(desk: Desk) -> list[Reading]:
    with desk.resources.read() as uow:
        return list(uow.session.scalars(select(Reading).order_by(Reading.id)))


def waiting(desk: Desk) -> int:
    with desk.resources.read() as uow:
        return rereading.waiting(uow)


def test_the_old_one_counts_until_the_new_one_is_findable(desk: Desk, version: str) -> None:
    assert waiting(desk) == 1
    reconciling.reconcile(desk.resources)
    old, new = all_readings(desk)
    assert (old.current, new.current, new.successor) == (True, False, True)
    assert desk.outbox.named("read_version") == [new.id]
    assert desk.found("拜访客户") == ["每月第一周拜访客户。"]
    assert waiting(desk) == 1
    readings.read(desk.resources, new.id)
    old, new = all_readings(desk)
    assert (old.current, new.current, new.successor) == (False, True, False)
    assert new.state is ReadingState.FINDABLE
    assert new.reader_version == READER_VERSION
    assert desk.found("拜访客户") == ["每月第一周拜访客户。"]
    assert waiting(desk) == 0


def test_nothing_sealed_is_touched_and_the_log_tells_nothing_twice(
    desk: Desk, version: str
) -> None:
    def row() -> tuple[object, ...]:
        with desk.resources.read() as uow:
            table = Version.__table__
            return tuple(uow.session.execute(select(table)).one())

    before, told = row(), len(desk.events("version_read"))
    reconciling.reconcile(desk.resources)
    readings.read(desk.resources, all_readings(desk)[-1].id)
    assert row() == before
    assert len(desk.events("version_read")) == told


def test_it_is_ordered_once(desk: Desk, version: str) -> None:
    for _ in range(3):
        reconciling.reconcile(desk.resources)
    assert len(all_readings(desk)) == 2
    readings.read(desk.resources, all_readings(desk)[-1].id)
    reconciling.reconcile(desk.resources)
    assert len(all_readings(desk)) == 2


def test_one_that_fails_leaves_the_old_one_and_is_not_tried_for_ever(
    desk: Desk, version: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    reconciling.reconcile(desk.resources)
    new = all_readings(desk)[-1].id
    with monkeypatch.context() as patch:
        patch.setattr(readings, "_extract", broken)
        for _ in range(3):
            with pytest.raises(ZeroDivisionError):
                readings.read(desk.resources, new)
    old, new_one = all_readings(desk)
    assert (old.current, new_one.successor, new_one.state) == (True, False, ReadingState.FAILED)
    assert desk.found("拜访客户") == ["每月第一周拜访客户。"]
    assert desk.events("reading_failed") == []
    reconciling.reconcile(desk.resources)
    assert len(all_readings(desk)) == 2
    assert waiting(desk) == 0


def test_a_lost_job_is_sent_again(desk: Desk, version: str) -> None:
    reconciling.reconcile(desk.resources)
    desk.outbox.jobs.clear()
    with desk.resources.write() as uow:
        uow.session.execute(update(Reading).where(Reading.successor).values(lease_until=None))
    reconciling.reconcile(desk.resources)
    assert desk.outbox.named("read_version") == [all_readings(desk)[-1].id]


def test_a_person_who_orders_a_reading_ends_the_successor(desk: Desk, version: str) -> None:
    reconciling.reconcile(desk.resources)
    successor = all_readings(desk)[-1].id
    with desk.company.acting("leaver") as uow:
        newest = readings.read_again(uow, version).id
    readings.read(desk.resources, successor)
    desk.work()
    states = {reading.id: (reading.current, reading.state) for reading in all_readings(desk)}
    assert states[successor] == (False, ReadingState.QUEUED)
    assert states[newest] == (True, ReadingState.FINDABLE)


@pytest.mark.parametrize(
    ("values", "again"),
    [
        ({}, 1),
        ({"state": ReadingState.PARTIAL}, 1),
        ({"state": ReadingState.FAILED, "reader_version": 1}, int(READER_VERSION > 1)),
        ({"state": ReadingState.FAILED, "reader_version": 0}, 0),
        ({"reader_version": READER_VERSION}, 0),
        ({"reader_version": READER_VERSION, "cutter_version": 300}, 1),
    ],
)
def test_what_is_read_again(
    desk: Desk, version: str, values: dict[str, object], again: int
) -> None:
    age(desk, **values)
    reconciling.reconcile(desk.resources)
    assert len(all_readings(desk)) == 1 + again


def test_a_few_at_a_time(desk: Desk, case: str) -> None:
    for number in range(rereading.AT_ONCE + 2):
        desk.upload("leaver", ToHandover(case), f"{TEXT} {number}", f"{number}.md")
    desk.work()
    age(desk)
    reconciling.reconcile(desk.resources)
    assert sum(reading.successor for reading in all_readings(desk)) == rereading.AT_ONCE
    assert waiting(desk) == rereading.AT_ONCE + 2


def test_the_new_text_replaces_the_old(desk: Desk, version: str) -> None:
    reconciling.reconcile(desk.resources)
    new = all_readings(desk)[-1].id
    readings.read(desk.resources, new)
    with desk.resources.read() as uow:
        texts = uow.session.scalars(select(Block.text).where(Block.reading_id == new)).all()
    assert "每月第一周拜访客户。" in texts
