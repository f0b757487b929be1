"""Stored bytes without a row: listed, removed when they are old, and never those of a row."""

from __future__ import annotations

import io
import os
import time
from datetime import timedelta
from pathlib import Path

import pytest

from portal.services import orphans
from portal.services.orphans import OtherDatabase
from portal.services.uploads import ToHandover
from storage import open_store
from tests.company import Company
from tests.services.conftest import Desk

MONTH = timedelta(days=30)


@pytest.fixture(params=["local", pytest.param("s3", marks=pytest.mark.s3)])
def stored(request: pytest.FixtureRequest, desk: Desk, case: str, tmp_path: Path) -> list[str]:
    """Digests of one file with a row and of two without; on both kinds of stores."""
    if request.param == "s3":
        url = request.getfixturevalue("bucket")
        desk.resources.__dict__["store"] = open_store(url, spool=tmp_path / "spool", reserve=0)
    desk.upload("leaver", ToHandover(case), "kept")
    lost = [desk.resources.store.put(io.BytesIO(each), 99).digest for each in (b"lost", b"too")]
    (kept,) = set(desk.resources.store.digests()) - set(lost)
    return [kept, *sorted(lost)]


def found(desk: Desk) -> list[str]:
    return [each.digest for each in orphans.find(desk.resources)]


def test_what_no_row_names_is_found(
    desk: Desk, stored: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(orphans, "BATCH", 1)
    seen = list(orphans.find(desk.resources))
    assert [each.digest for each in seen] == stored[1:]
    assert sorted(each.size for each in seen) == [3, 4]
    assert all(timedelta(0) <= each.age < timedelta(minutes=5) for each in seen)


def test_young_ones_and_those_with_a_row_stay(desk: Desk, stored: list[str]) -> None:
    kept, lost, other = stored
    assert not orphans.remove(desk.resources, kept, timedelta(0))
    assert not orphans.remove(desk.resources, lost, MONTH)
    assert set(desk.resources.store.digests()) == set(stored)
    assert orphans.remove(desk.resources, lost, timedelta(0))
    assert found(desk) == [other]


def test_an_upload_of_the_same_bytes_keeps_them(desk: Desk, case: str) -> None:
    """Also between its bytes and its row."""
    desk.upload("leaver", ToHandover(case), "kept")
    blob = desk.resources.store.put(io.BytesIO(b"lost and found"), 99)
    path = next(Path(desk.resources.settings.blob_store).glob(f"??/??/{blob.digest}"))
    os.utime(path, (time.time() - 40 * 86400,) * 2)
    (orphan,) = orphans.find(desk.resources)
    assert orphan.age > MONTH
    desk.store(b"lost and found")
    assert not orphans.remove(desk.resources, blob.digest, MONTH)
    desk.upload("leaver", ToHandover(case), "lost and found")
    os.utime(path, (time.time() - 40 * 86400,) * 2)
    assert not orphans.remove(desk.resources, blob.digest, MONTH)
    assert found(desk) == []


def test_the_database_of_another_store_is_refused(company: Company) -> None:
    company.resources.store.put(io.BytesIO(b"bytes"), 99)
    with pytest.raises(OtherDatabase):
        list(orphans.find(company.resources))
    assert len(list(company.resources.store.digests())) == 1
