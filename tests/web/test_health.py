"""Whether the portal answers, and what an administrator hears of how it does."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from indexing.extraction import converting, packed_archive
from portal.models import Reading, ReadingState
from portal.services import health, model_change
from tests.conftest import Clock
from tests.web.acting import EVERYBODY, ClientOf, Office, statuses, text_of
from tests.web.reading_pages import tree_of


@pytest.fixture
def uploaded(office: Office, case: str) -> str:
    """A version that waits to be read."""
    return office.upload("leaver", f"/items/{office.company.item(case, 'clients')}/files")


def put(office: Office, **values: object) -> None:
    """Put the readings into this state by rows."""
    with office.company.resources.write() as uow:
        for reading in uow.session.scalars(select(Reading)):
            for name, value in values.items():
                setattr(reading, name, value)


def test_alive_answers_anybody_and_says_nothing(client_of: ClientOf, office: Office) -> None:
    answer = client_of(None).get("/healthz")
    assert (answer.status_code, answer.text) == (200, "ok")


def test_health_is_for_administrators(office: Office) -> None:
    with statuses({name: 200 if name == "administrator" else 403 for name in EVERYBODY}) as found:
        for name in EVERYBODY:
            found[name] = office.get(name, "/admin/health").status_code


def test_nothing_to_do(office: Office) -> None:
    page = text_of(office.get("administrator", "/admin/health"))
    assert "no file waits" in page
    assert "0 not read" in page


def test_a_queue_that_nobody_takes_is_said(office: Office, uploaded: str, clock: Clock) -> None:
    assert "1 file waits" in text_of(office.get("administrator", "/admin/health"))
    clock.move(hours=1)
    page = text_of(office.get("administrator", "/admin/health"))
    assert "stands still" in page
    assert "handover worker" in page
    # The name of a file is none of an administrator's business.
    assert "客户" not in page.split("Health", 1)[1]


def test_a_worker_at_work_is_no_standstill(office: Office, uploaded: str, clock: Clock) -> None:
    clock.move(hours=1)
    lease = clock.now.replace(hour=23)
    put(office, state=ReadingState.READING, lease_until=lease, lease_token="t")
    assert "at work" in text_of(office.get("administrator", "/admin/health"))


@pytest.mark.parametrize(
    ("state", "words"),
    [(ReadingState.FAILED, "1 not read"), (ReadingState.PARTIAL, "1 in part")],
)
def test_what_was_not_read_is_counted(
    office: Office, uploaded: str, state: ReadingState, words: str
) -> None:
    put(office, state=state)
    page = text_of(office.get("administrator", "/admin/health"))
    assert words in page
    assert "Each says at its place why" in page


@pytest.mark.parametrize("there", [True, False])
def test_what_old_files_and_packed_archives_need(
    office: Office, monkeypatch: pytest.MonkeyPatch, there: bool
) -> None:
    found = Path("/usr/bin/soffice") if there else None
    monkeypatch.setattr(converting, "office", lambda: found)
    monkeypatch.setattr(packed_archive, "is_installed", lambda: there)
    page = tree_of(office.get("administrator", "/admin/health"))
    shown = {
        entry.css_first(".entry-title").text(): entry.css_first(".status").text().strip()
        for entry in page.css("main .entry")
    }
    state = "installed" if there else "not installed"
    assert (shown["Files of very old kinds"], shown["7z and rar archives"]) == (state, state)
    advised = page.css_first("main").text()
    assert ("Install it where the worker runs" in advised) == (not there)


@pytest.mark.parametrize(("reserve", "words"), [(2**62, "full"), (0, "enough")])
def test_room_on_the_disk(office: Office, reserve: int, words: str) -> None:
    resources = office.company.resources
    resources.settings = replace(resources.settings, free_disk_reserve_bytes=reserve)
    assert words in text_of(office.get("administrator", "/admin/health"))


def test_a_change_of_the_model_says_how_far_it_is(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    change = model_change.Progress("another", 12340, 50000, 2400.0)
    monkeypatch.setattr(model_change, "progress", lambda uow: change)
    page = text_of(office.get("administrator", "/admin/health"))
    assert "12,340 of 50,000 passages" in page
    assert "about 40 minutes" in page


def test_low_is_said_before_full() -> None:
    well = health.Health(0, None, False, 0, 0, 0, 10, reserve_bytes=4, office=True, archives=True)
    assert (well.disk_low, well.disk_full) == (False, False)
    low = replace(well, free_bytes=7)
    assert (low.disk_low, low.disk_full) == (True, False)
