"""Fill an empty installation with the sample company.

The sample's people do everything themselves, through the services the pages call, on days in the
past: so what is shown is what the portal really does, and its log tells a believable story. Reading
and embedding the files is left to the worker, like any other upload.

The way is a list of steps, each one transaction that also counts itself (`counters`). A kill leaves
whole steps and the number of those done; the next filling goes on with the first one missing, on
the days the first one had chosen. `handover up` holds the lock of the data folder meanwhile; should
two fill at once all the same, the counter sees to it that no step is done twice.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import select

from portal import working_days
from portal.errors import Refused
from portal.models import Counter, Person
from portal.resources import Resources
from portal.sample_company import Login, SampleCompany, load, logins
from portal.services import uploads
from portal.services.sample_directory import add_directory
from portal.services.sample_steps import Names, Step, person, timeline
from portal.unit_of_work import UnitOfWork
from storage import StoredBlob

Say = Callable[[str], None]

STEPS_DONE = "sample_steps_done"
STEPS_IN_ALL = "sample_steps_in_all"
FIRST_DAY = "sample_day"  # the day «today» was when filling began, as its ordinal number
# The first action of a day and the time between two; a day of the sample has at most 25.
MORNING = time(9, 5)
PACE = timedelta(minutes=19)


@dataclass
class SampleClock:
    """The portal's clock while the sample acts: it stands at the moment of the present step."""

    moment: datetime

    def __call__(self) -> datetime:
        return self.moment


@dataclass(frozen=True)
class _Progress:
    done: int
    in_all: int
    today: date


def fill(resources: Resources, say: Say, language: str | None = None) -> list[Login]:
    """Fill the portal, or finish a filling that was interrupted, and return who can sign in.

    `say` gets a line now and then. `language` ("zh" or "en") writes names and checklists in one
    language; None means that of each department, and it has to stay the same when a filling is
    finished. What is filled already is left as it is.

    Raises Refused (sample_not_empty) when there are other people in the portal, Refused
    (sample_interrupted) when another version of the portal was interrupted at filling it, and what
    `uploads.store` raises.
    """
    sample = load()
    names = Names(sample, language)
    steps = timeline(names)
    acting = dataclasses.replace(resources, clock=SampleClock(resources.clock()))
    try:
        progress = _begin(acting, names, len(steps))
        if progress.done < progress.in_all:
            _check_same(progress, steps)
            say(_summary(sample))
            _go_on(acting, steps, progress)
    finally:
        acting.close()
    return logins(sample)


def _begin(resources: Resources, names: Names, in_all: int) -> _Progress:
    """Find how far an earlier filling came, or begin one with the directory."""
    with resources.read() as uow:
        progress = _progress(uow)
    if progress is not None:
        return progress
    with resources.write() as uow:
        # Asked again where nobody else can write: two may have found the portal empty.
        progress = _progress(uow)
        if progress is not None:
            return progress
        if uow.session.scalar(select(Person.id).limit(1)) is not None:
            raise Refused("sample_not_empty")
        progress = _Progress(0, in_all, resources.today())
        _keep(uow, progress)
        _turn(resources, _moment(resources, progress.today, _first_day(names.sample), 0))
        add_directory(uow, names, lambda day: day_of(progress.today, day))
    return progress


def _go_on(resources: Resources, steps: list[Step], progress: _Progress) -> None:
    of_day: dict[int, int] = {}
    for number, step in enumerate(steps):
        order = of_day[step.day] = of_day.get(step.day, -1) + 1
        if number >= progress.done:
            _turn(resources, _moment(resources, progress.today, step.day, order))
            _take(resources, step, number)


def _take(resources: Resources, step: Step, number: int) -> None:
    """Do one step. The bytes come first and without a transaction, as with every upload."""
    with resources.read() as uow:
        actor = person(uow, step.by).id
    blob = _receive(resources, step, actor)
    with resources.write(actor) as uow:
        counter = uow.session.scalars(
            select(Counter).where(Counter.name == STEPS_DONE).with_for_update()
        ).one()
        if counter.value != number:
            return  # another filling has done it meanwhile
        counter.value += 1
        step.act(uow, blob)


def _receive(resources: Resources, step: Step, actor: int) -> StoredBlob | None:
    if step.upload is None:
        return None
    with resources.read(actor) as uow:
        uploads.check(uow, step.upload.target(uow))
    with step.upload.document.path.open("rb") as stream:
        return uploads.store(resources, stream, resources.settings.upload_limit_bytes)


def _progress(uow: UnitOfWork) -> _Progress | None:
    rows = uow.session.scalars(select(Counter).where(Counter.name.startswith("sample_")))
    found = {row.name: row.value for row in rows}
    if not found:
        return None
    return _Progress(found[STEPS_DONE], found[STEPS_IN_ALL], date.fromordinal(found[FIRST_DAY]))


def _keep(uow: UnitOfWork, progress: _Progress) -> None:
    values = {
        STEPS_DONE: progress.done,
        STEPS_IN_ALL: progress.in_all,
        FIRST_DAY: progress.today.toordinal(),
    }
    uow.session.add_all(Counter(name=name, value=value) for name, value in values.items())
    uow.session.flush()


def _check_same(progress: _Progress, steps: list[Step]) -> None:
    if progress.in_all != len(steps):
        raise Refused("sample_interrupted")


def _summary(sample: SampleCompany) -> str:
    people, cases, files = len(sample.people), len(sample.handovers), len(sample.documents)
    return f"{sample.name.en}: {people} people, {cases} handovers, {files} files"


def day_of(today: date, day: int) -> date:
    """Return the date of a day of the sample, which counts working days from `today`."""
    if day < 0:
        return working_days.before(today, -day)
    return working_days.after(today, day)


def _first_day(sample: SampleCompany) -> int:
    return min(case.start_day for case in sample.handovers) - 1


def _moment(resources: Resources, today: date, day: int, order: int) -> datetime:
    morning = datetime.combine(day_of(today, day), MORNING, resources.settings.zone)
    return morning + order * PACE


def _turn(resources: Resources, moment: datetime) -> None:
    clock = resources.clock
    assert isinstance(clock, SampleClock)  # made by `fill`
    clock.moment = moment
