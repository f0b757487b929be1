"""Reconciling: what the rows promise is ordered again, and nothing more."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete

from portal.models import (
    Block,
    Embedding,
    IndexLogEntry,
    Passage,
    Position,
    Reading,
    ReadingState,
)
from portal.services import documents, index_rows, items, reading_leases, readings, reconciling
from portal.services.uploads import ToHandover, ToItem
from portal.unit_of_work import SendFailed
from tests.services.conftest import Desk


def later(desk: Desk, seconds: float) -> None:
    desk.resources.clock.move(seconds=seconds)  # type: ignore[attr-defined]


def ordered(desk: Desk, job: str = "read_version") -> list[int | None]:
    """Ids one round of reconciling orders."""
    desk.outbox.jobs.clear()
    reconciling.reconcile(desk.resources)
    return desk.outbox.named(job)


@pytest.fixture
def lease(desk: Desk) -> float:
    return desk.resources.settings.lease_seconds


def test_nothing_to_do(desk: Desk, case: str) -> None:
    assert ordered(desk) == []
    assert desk.outbox.jobs == []


def test_a_job_the_broker_forgot(desk: Desk, item: str, lease: float) -> None:
    desk.upload("leaver", ToItem(item))
    (reading,) = desk.outbox.named("read_version")
    assert ordered(desk) == [], "its job is on the way"
    later(desk, lease + 1)
    assert ordered(desk) == [reading]
    assert ordered(desk) == [], "once in a lease, not in each round"
    later(desk, lease + 1)
    assert ordered(desk) == [reading]
    desk.work()
    later(desk, lease + 1)
    assert ordered(desk) == []
    assert len(desk.found("沟通记录")) == 1


def test_a_job_that_was_never_sent(desk: Desk, item: str, lease: float) -> None:
    desk.outbox.broken = SendFailed("away")
    desk.upload("leaver", ToItem(item))
    later(desk, lease + 1)
    reconciling.reconcile(desk.resources)
    desk.outbox.broken = None
    later(desk, lease + 1)
    assert len(ordered(desk)) == 1


@pytest.mark.parametrize("state", ["reading", "embedding"])
def test_a_worker_that_was_killed(desk: Desk, item: str, lease: float, state: str) -> None:
    version = desk.upload("leaver", ToItem(item))
    reading_id = desk.reading(version).id
    claim = reading_leases.claim(desk.resources, reading_id)
    assert claim is not None
    if state == "embedding":
        readings._read_text(desk.resources, claim, desk.resources.encoder)
    assert desk.reading(version).state == state
    assert ordered(desk) == []
    later(desk, lease + 1)
    assert ordered(desk) == [reading_id]
    desk.work()
    assert desk.reading(version).state is ReadingState.FINDABLE
    assert desk.reading(version).attempts == 2
    assert len(desk.found("沟通记录")) == 1


def test_a_file_that_kills_every_worker_is_given_up(desk: Desk, item: str, lease: float) -> None:
    version = desk.upload("leaver", ToItem(item))
    for _ in range(reading_leases.ATTEMPTS):
        assert reading_leases.claim(desk.resources, desk.reading(version).id) is not None
        later(desk, lease + 1)
        reconciling.reconcile(desk.resources)
    desk.work()
    assert desk.reading(version).state is ReadingState.FAILED
    later(desk, lease + 1)
    assert ordered(desk) == []


def test_a_slow_worker_cannot_write_after_it_was_given_up(
    desk: Desk, item: str, lease: float
) -> None:
    version = desk.upload("leaver", ToItem(item))
    claim = reading_leases.claim(desk.resources, desk.reading(version).id)
    assert claim is not None
    later(desk, lease + 1)
    reconciling.reconcile(desk.resources)
    with pytest.raises(reading_leases.LeaseLost):
        readings._read_text(desk.resources, claim, desk.resources.encoder)


def test_a_long_queue_is_not_sent_all_at_once(
    desk: Desk, case: str, lease: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconciling, "MOST", 3)
    for number in range(5):
        desk.upload("leaver", ToHandover(case), f"{number}", f"{number}.txt")
    waiting = desk.outbox.named("read_version")
    later(desk, lease + 1)
    assert ordered(desk) == waiting[:3], "oldest first"
    assert ordered(desk) == waiting[3:]


def test_a_version_without_a_reading(desk: Desk, item: str) -> None:
    desk.upload("leaver", ToItem(item))
    desk.work()
    with desk.resources.write() as uow:
        for table in (IndexLogEntry, Embedding, Passage, Block, Reading):
            uow.session.execute(delete(table))
    (reading,) = ordered(desk)
    assert ordered(desk) == []
    desk.outbox.jobs.clear()
    assert reading is not None
    readings.read(desk.resources, reading)
    assert len(desk.found("沟通记录")) == 1


def test_a_removed_draft_without_a_reading_is_left_alone(desk: Desk, item: str) -> None:
    document = desk.document(desk.upload("leaver", ToItem(item)))
    with desk.company.acting("leaver") as uow:
        documents.remove(uow, document)
    with desk.resources.write() as uow:
        uow.session.execute(delete(Reading))
    assert ordered(desk) == []


def test_a_map_nobody_builds(desk: Desk, item: str) -> None:
    desk.upload("leaver", ToItem(item))
    with desk.company.acting("leaver") as uow:
        items.submit(uow, item)
    position = desk.company.positions["sales"].id
    assert ordered(desk, "build_map") == [], "its job is on the way"
    later(desk, desk.resources.settings.reconcile_seconds + 1)
    assert ordered(desk, "build_map") == [position]
    with desk.resources.write() as uow:
        row = uow.session.get_one(Position, position)
        row.map_lease_until = desk.resources.clock() + timedelta(seconds=60)
    assert ordered(desk, "build_map") == [], "somebody builds it"
    later(desk, 61)
    assert ordered(desk, "build_map") == [position]
    with desk.resources.write() as uow:
        uow.session.get_one(Position, position).map_wanted_at = None
    assert ordered(desk, "build_map") == []


def test_the_index_is_folded_when_enough_has_gathered(
    desk: Desk, case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index_rows, "FOLD_PASSAGES", 3)
    for number in range(3):
        assert ordered(desk, "fold_index") == []
        desk.upload("leaver", ToHandover(case), f"文件 {number}", f"{number}.txt")
        desk.work()
    assert ordered(desk, "fold_index") == [None]
    index_rows.fold(desk.resources)
    assert ordered(desk, "fold_index") == []
    assert len(desk.found("文件")) == 3


def test_leftovers_are_swept_now_and_then(desk: Desk) -> None:
    folder = Path(str(desk.resources.settings.blob_store)) / "temporary"

    def leave(age: float) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{age}"
        path.write_bytes(b"half a file")
        os.utime(path, (time.time() - age,) * 2)
        return path

    def round_after(seconds: float) -> None:
        later(desk, seconds)
        reconciling.reconcile(desk.resources)

    old, young = leave(2 * reconciling.LEFTOVER_AGE), leave(60)
    round_after(0)
    assert (old.exists(), young.exists()) == (False, True)
    old = leave(2 * reconciling.LEFTOVER_AGE)
    round_after(reconciling.SWEEP_EVERY - 10)
    assert old.exists(), "not in every round"
    round_after(20)
    assert not old.exists()


def test_folders_of_killed_readers_are_removed(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    dead, alive = (tmp_path / f"handover-reading-{pid}-x" for pid in (2**22 + 1, os.getpid()))
    for path in (dead, alive):
        path.mkdir()
    reconciling.reconcile(desk.resources)
    assert (dead.exists(), alive.exists()) == (False, True)


def test_two_rounds_at_once_order_a_reading_once(desk: Desk, case: str, lease: float) -> None:
    from tests.services.test_uploads import race

    for number in range(6):
        desk.upload("leaver", ToHandover(case), f"{number}", f"{number}.txt")
    later(desk, lease + 1)
    desk.outbox.jobs.clear()
    race(*[lambda: reconciling.reconcile(desk.resources)] * 3)
    sent = desk.outbox.named("read_version")
    assert len(sent) == len(set(sent)) == 6


def test_an_index_of_an_older_version_is_swept(
    desk: Desk, case: str, caplog: pytest.LogCaptureFixture
) -> None:
    desk.upload("leaver", ToHandover(case))
    desk.work()
    index_rows.fold(desk.resources)
    folder = desk.resources.settings.index_folder
    (of_model,) = folder.iterdir()
    shutil.copytree(of_model, folder, dirs_exist_ok=True)
    assert len(list(folder.iterdir())) > 1
    with caplog.at_level("INFO"):
        reconciling.reconcile(desk.resources)
    assert list(folder.iterdir()) == [of_model]
    assert "removed an index of an older version" in caplog.text
    assert desk.found("客户沟通记录")
