"""Health, as an administrator sees it: numbers alone, nothing of what documents are or say."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select

from indexing.extraction import converting, packed_archive
from portal.answer_endpoint import Endpoint
from portal.models import FINISHED, Reading, ReadingState
from portal.permissions import Action
from portal.services import model_change, rereading
from portal.services.model_change import Progress
from portal.unit_of_work import UnitOfWork

# A reading that waits so many leases while none is under way: nobody takes it.
PATIENCE = 2
# Below so many times the reserve an upload of ordinary size may already be refused.
DISK_WARNING = 2


@dataclass(frozen=True)
class Health:
    """What an administrator may have to do something about.

    waiting, oldest: readings not finished, and since when the oldest waits (None: none does).
    stalled: they wait and no worker is at work. failed, partial: current readings that ended so.
    outdated: versions that a better reader reads again by and by; they are found meanwhile.
    change: how far the portal is on its way to another model; None when it is not.
    writer: the model that writes answers, None where none is set.
    office, archives: whether LibreOffice, for files of very old kinds, and libarchive, for 7z and
    rar, are found where the web server runs.
    free_bytes: on the disk of the data folder; below reserve_bytes no file is taken.
    """

    waiting: int
    oldest: datetime | None
    stalled: bool
    failed: int
    partial: int
    outdated: int
    free_bytes: int
    reserve_bytes: int
    office: bool
    archives: bool
    change: Progress | None = None
    writer: Endpoint | None = None

    @property
    def disk_full(self) -> bool:
        """Whether files are refused."""
        return self.free_bytes <= self.reserve_bytes

    @property
    def disk_low(self) -> bool:
        """Whether files will soon be refused."""
        return self.free_bytes < DISK_WARNING * self.reserve_bytes


def show(uow: UnitOfWork) -> Health:
    """How the portal does. Raises Forbidden, and OSError when the data folder is gone."""
    uow.permit(Action.VIEW_HEALTH)
    moment = uow.resources.clock()
    settings = uow.resources.settings
    unfinished = (Reading.current, Reading.state.not_in(FINISHED))
    waiting, oldest = uow.session.execute(
        select(func.count(), func.min(Reading.queued_at)).where(*unfinished)
    ).one()
    at_work = uow.session.scalar(
        select(func.count()).where(
            *unfinished, Reading.state != ReadingState.QUEUED, Reading.lease_until > moment
        )
    )
    by_state = select(Reading.state, func.count()).where(Reading.current).group_by(Reading.state)
    ends = dict(uow.session.execute(by_state).all())
    patience = timedelta(seconds=PATIENCE * settings.lease_seconds)
    return Health(
        waiting=waiting,
        oldest=oldest,
        stalled=bool(waiting) and not at_work and oldest < moment - patience,
        failed=ends.get(ReadingState.FAILED, 0),
        partial=ends.get(ReadingState.PARTIAL, 0),
        outdated=rereading.waiting(uow),
        writer=Endpoint.of(settings),
        free_bytes=shutil.disk_usage(settings.data_folder).free,
        reserve_bytes=settings.free_disk_reserve_bytes,
        office=converting.office() is not None,
        archives=packed_archive.is_installed(),
        change=model_change.progress(uow),
    )
