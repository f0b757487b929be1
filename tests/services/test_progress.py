"""How far a reading is, and how long it will still take: told where it was measured only."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from portal.models import Reading, ReadingState
from portal.services import progress, reading_leases, readings
from portal.services.progress import Progress
from portal.services.reading_leases import Claim
from portal.services.uploads import ToHandover
from tests.conftest import Clock
from tests.services.conftest import Desk


def upload(desk: Desk, case: str, name: str, size: int = 1000) -> str:
    return desk.upload("leaver", ToHandover(case), name.encode().ljust(size, b"."), name)


def take(desk: Desk, version: str) -> Claim:
    """Take its reading as a worker would."""
    claim = reading_leases.claim(desk.resources, desk.reading(version).id)
    assert claim is not None
    return claim


def of(desk: Desk, version: str) -> Progress | None:
    reading = desk.reading(version)
    with desk.resources.read() as uow:
        return progress.of(uow, [reading, None]).get(reading.id)


def finished(desk: Desk, version: str, seconds: float, clock: Clock) -> None:
    """End its reading, after so long."""
    claim = take(desk, version)
    clock.move(seconds=seconds)
    with desk.resources.write() as uow:
        reading = reading_leases.held(uow, claim)
        reading.state = ReadingState.FINDABLE
        reading_leases.settle(uow, reading)


def test_pages_are_counted_and_their_speed_gives_the_time(
    desk: Desk, case: str, clock: Clock
) -> None:
    version = upload(desk, case, "scan.pdf")
    assert of(desk, version) == Progress(waiting=True, seconds=0)
    claim = take(desk, version)
    assert of(desk, version) == Progress()
    clock.move(seconds=1)
    reading_leases.renew(desk.resources, claim, pages_done=1, pages=40)
    assert of(desk, version) == Progress(1, 40)
    clock.move(seconds=27)
    reading_leases.renew(desk.resources, claim, pages_done=7)
    assert of(desk, version) == Progress(7, 40, seconds=132)


def test_passages_are_counted_once_the_text_is_there(desk: Desk, case: str, clock: Clock) -> None:
    version = upload(desk, case, "a.txt")
    take(desk, version)
    change = {"state": ReadingState.EMBEDDING, "passages": 90, "passages_done": 30}
    with desk.resources.write() as uow:
        uow.session.execute(update(Reading).values(step_at=clock(), **change))
    clock.move(seconds=10)
    assert of(desk, version) == Progress(30, 90, seconds=20)
    # Gone on with by another process: nobody has measured how fast that is.
    with desk.resources.write() as uow:
        uow.session.execute(update(Reading).values(lease_until=clock(), lease_token=None))
    take(desk, version)
    clock.move(seconds=10)
    assert of(desk, version) == Progress(30, 90)


def test_the_worker_counts_what_it_does(desk: Desk, case: str) -> None:
    version = desk.upload("leaver", ToHandover(case), "# A\n\nOne.\n\n# B\n\nTwo.\n", "a.md")
    desk.work()
    reading = desk.reading(version)
    assert reading.passages == reading.passages_done == 2
    assert reading.started_at is not None
    assert of(desk, version) is None
    copy = desk.upload("leaver", ToHandover(case), "# A\n\nOne.\n\n# B\n\nTwo.\n", "b.md")
    desk.work()
    assert desk.reading(copy).passages == desk.reading(copy).passages_done == 2


def test_the_wait_is_known_by_files_of_the_same_kind(desk: Desk, case: str, clock: Clock) -> None:
    for number in range(3):
        finished(desk, upload(desk, case, f"{number}.txt", 100), 1, clock)
    first, second, third, other = (
        upload(desk, case, name, 2000) for name in ("a.txt", "b.pdf", "c.txt", "d.txt")
    )
    assert of(desk, first) == Progress(waiting=True, seconds=0)
    # A hundred bytes took a second.
    assert of(desk, second) == Progress(waiting=True, seconds=20)
    # Of the PDF before it nobody knows.
    assert of(desk, third) == Progress(waiting=True)
    claim = take(desk, second)
    assert of(desk, first) == Progress(waiting=True)
    clock.move(seconds=10)
    reading_leases.renew(desk.resources, claim, pages_done=1, pages=4)
    assert of(desk, first) == Progress(waiting=True, seconds=30)
    assert of(desk, other) == Progress(waiting=True, seconds=30 + 20 + 20)
    # What is in hand is worked on side by side.
    take(desk, first)
    assert of(desk, third) == Progress(waiting=True)


def test_what_does_not_move_is_told(desk: Desk, case: str, clock: Clock) -> None:
    version = upload(desk, case, "a.txt")
    clock.move(minutes=11)
    assert of(desk, version) == Progress(waiting=True, late=True)
    take(desk, version)
    assert of(desk, version) == Progress()
    # Its worker has gone, and no other has come.
    clock.move(minutes=30)
    stuck = of(desk, version)
    assert stuck is not None
    assert stuck.late


@pytest.mark.parametrize("taken", [False, True])
def test_cancelled_it_goes_on_no_more(desk: Desk, case: str, taken: bool) -> None:
    version = upload(desk, case, "a.txt")
    if taken:
        take(desk, version)
    with desk.company.acting("leaver") as uow:
        readings.cancel(uow, version)
    assert of(desk, version) is None
