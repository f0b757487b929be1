"""A portal filled with the sample company, once for each kind of database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from portal.models import Event, Item, Version
from portal.resources import Resources
from portal.sample_company import SampleCompany, load
from portal.services.sample import fill
from portal.settings import Settings
from tests.conftest import Clock, Outbox
from tests.databases import Databases


def silent(line: str) -> None:
    """Say nothing."""


def snapshot(resources: Resources) -> dict[str, list[Any]]:
    """What filling leaves behind, without the random ids."""
    with resources.read() as uow:
        events = uow.session.scalars(select(Event).order_by(Event.id)).all()
        return {
            "events": [(event.at, event.kind, event.facts) for event in events],
            "versions": list(uow.session.scalars(select(Version.filename).order_by(Version.id))),
            "items": list(uow.session.scalars(select(Item.state).order_by(Item.id))),
        }


@pytest.fixture(scope="session")
def sample() -> SampleCompany:
    """The description."""
    return load()


@pytest.fixture(
    scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]
)
def filled(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Resources]:
    """A filled portal, on the clock's Monday morning. Tests of it only look."""
    folder = tmp_path_factory.mktemp("filled")
    with request.getfixturevalue(f"_{request.param}").empty(folder) as url:
        yield from _fill(url, folder)


def _fill(url: str, folder: Path) -> Iterator[Resources]:
    settings = Settings(
        data_folder=folder / "data",
        database_url=url,
        secret_key="a key for tests, long enough to be one",
        free_disk_reserve_bytes=0,
        guard=False,
    )
    settings.data_folder.mkdir()
    resources = Resources(settings, Outbox(), Clock())
    fill(resources, silent)
    yield resources
    resources.close()


@pytest.fixture(scope="session")
def story(_sqlite: Databases, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Any]]:
    """What an undisturbed filling leaves behind."""
    folder = tmp_path_factory.mktemp("undisturbed")
    with _sqlite.empty(folder) as url:
        [left] = [snapshot(resources) for resources in _fill(url, folder)]
    return left
