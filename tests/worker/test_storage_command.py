"""`handover storage sweep`: what it lists, asks and removes."""

from __future__ import annotations

import io
import json
import os
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from portal.cli.commands import handover
from portal.services.uploads import ToHandover
from tests.services.conftest import Desk


@pytest.fixture
def lost(desk: Desk, case: str) -> str:
    """The digest of old bytes without a row, beside young ones and a file with a row."""
    store = desk.resources.store
    desk.upload("leaver", ToHandover(case), "kept")
    store.put(io.BytesIO(b"young"), 99)
    digest = store.put(io.BytesIO(b"old"), 99).digest
    path = next(Path(desk.resources.settings.blob_store).glob(f"??/??/{digest}"))
    os.utime(path, (time.time() - 40 * 86400,) * 2)
    return digest


def sweep(desk: Desk, *arguments: str, typed: str = "") -> Result:
    settings = desk.resources.settings
    environment = {
        "HANDOVER_DATA_FOLDER": str(settings.data_folder),
        "HANDOVER_DATABASE_URL": settings.database_url,
    }
    for name in os.environ:
        if name.startswith("HANDOVER_"):
            environment.setdefault(name, None)  # type: ignore[arg-type]
    command = ["storage", "sweep", *arguments]
    return CliRunner().invoke(handover, command, input=typed, env=environment)


def test_it_lists_and_removes_nothing_by_itself(desk: Desk, lost: str) -> None:
    done = sweep(desk)
    assert done.exit_code == 0, done.output
    assert done.output.splitlines() == [
        f"{lost}               3 bytes     40 days",
        "Without a row for 30 days and more: 1, 0.0 MiB.",
        "Younger ones, which stay: 1.",
    ]
    assert desk.resources.store.exists(lost)
    report = json.loads(sweep(desk, "--json", "--days", "60").output)
    assert report == {"without_row": [], "younger": 2, "removed": 0}


def test_it_removes_the_old_ones_after_a_question(desk: Desk, lost: str) -> None:
    assert sweep(desk, "--delete", typed="n\n").exit_code == 1
    assert desk.resources.store.exists(lost)
    done = sweep(desk, "--delete", typed="y\n")
    assert done.exit_code == 0
    assert done.output.endswith("Removed 1, 0.0 MiB.\n")
    assert not desk.resources.store.exists(lost)
    assert len(list(desk.resources.store.digests())) == 2


def test_without_the_question(desk: Desk, lost: str) -> None:
    done = sweep(desk, "--delete", "--yes", "--json")
    assert json.loads(done.output)["removed"] == 1
    assert not desk.resources.store.exists(lost)


@pytest.mark.parametrize("days", ["0", "-1", "soon"])
def test_misuse(desk: Desk, lost: str, days: str) -> None:
    assert sweep(desk, "--delete", "--yes", "--days", days).exit_code == 2
    assert desk.resources.store.exists(lost)
