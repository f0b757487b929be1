"""What every test may use: a real database of each kind, a real store, captured jobs, a clock."""

from __future__ import annotations

import gc
import os
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal.models import Person
from portal.resources import Resources
from portal.settings import Settings
from portal.unit_of_work import Job
from tests.company import Company
from tests.databases import Databases, MovingEngine, SqliteDatabases, postgres_databases

# A Monday without holidays around it: 10:00 in Shanghai.
MORNING = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
MIB = 2**20


# Linux's folder in memory, and how much of it must be free to be used.
MEMORY = Path("/dev/shm")
MEMORY_BYTES = 4 * 2**30


def pytest_configure(config: pytest.Config) -> None:
    """Put the run's files into memory where there is room: a quarter of its time went to syncing.

    A folder given by --basetemp or TMPDIR is kept to.
    """
    given = config.option.basetemp or os.environ.get("TMPDIR")
    if given or not os.access(MEMORY, os.W_OK):
        return
    if shutil.disk_usage(MEMORY).free >= MEMORY_BYTES:
        # For pytest and for what the tests start; tempfile may have looked already.
        os.environ["TMPDIR"] = tempfile.tempdir = str(MEMORY)


# Last, because other steps give the time limits.
@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the tests that may take longest, or one process ends alone with one of them."""

    def seconds(item: pytest.Item) -> float:
        limit = item.get_closest_marker("timeout")
        return float(limit.args[0]) if limit else 0.0

    items.sort(key=seconds, reverse=True)


def pytest_collection_finish() -> None:
    """Let the collector of garbage look at what tests make, not at the libraries each time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


@dataclass
class Clock:
    """A clock that stands until it is moved."""

    now: datetime = MORNING

    def __call__(self) -> datetime:
        return self.now

    def move(self, **delta: float) -> None:
        """Move it on."""
        self.now += timedelta(**delta)


@dataclass
class Outbox:
    """Jobs sent, in their order; `broken` makes the broker refuse."""

    jobs: list[Job] = field(default_factory=list)
    broken: Exception | None = None

    def __call__(self, job: Job) -> None:
        if self.broken is not None:
            raise self.broken
        self.jobs.append(job)

    def named(self, name: str) -> list[int | None]:
        """Row ids of the jobs of one kind."""
        return [job.row_id for job in self.jobs if job.name == name]


@pytest.fixture(scope="session")
def _sqlite(tmp_path_factory: pytest.TempPathFactory) -> Databases:
    return SqliteDatabases(tmp_path_factory.mktemp("template"))


@pytest.fixture(scope="session")
def _postgresql() -> Iterator[Databases]:
    with postgres_databases() as databases:
        yield databases


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def databases(request: pytest.FixtureRequest) -> Databases:
    """Databases of one kind; every test that uses one runs on both kinds."""
    found: Databases = request.getfixturevalue(f"_{request.param}")
    return found


@pytest.fixture
def database_url(
    request: pytest.FixtureRequest, databases: Databases, tmp_path: Path
) -> Iterator[str]:
    """A migrated database: empty, or with the company in it where the test asks for it."""
    make = databases.with_company if "company" in request.fixturenames else databases.empty
    with make(tmp_path) as url:
        yield url


@pytest.fixture(scope="session")
def model_folder(request: pytest.FixtureRequest) -> Path:
    """Where the bundled model is built once and kept between test runs."""
    return Path(request.config.cache.mkdir("model"))


@pytest.fixture
def settings(database_url: str, tmp_path: Path, model_folder: Path) -> Settings:
    """Settings of a portal of its own."""
    return Settings(
        data_folder=tmp_path / "data",
        database_url=database_url,
        model_folder=model_folder,
        upload_limit_bytes=8 * MIB,
        free_disk_reserve_bytes=0,
        secret_key="a key for tests, long enough to be one",
        encoder_threads=1,
        # What is submitted need not be read first; the guard's own tests switch it on.
        guard=False,
    )


@pytest.fixture
def clock() -> Clock:
    """The portal's clock."""
    return Clock()


@pytest.fixture
def outbox() -> Outbox:
    """Where jobs go instead of to a broker."""
    return Outbox()


@pytest.fixture(scope="session")
def _engines() -> dict[str, MovingEngine]:
    """The engines of this process, by kind of database."""
    return {}


@pytest.fixture
def resources(
    settings: Settings, outbox: Outbox, clock: Clock, _engines: dict[str, MovingEngine]
) -> Iterator[Resources]:
    """What one process of the portal shares."""
    url = settings.database_url
    kind = url.partition(":")[0]
    if kind not in _engines:
        _engines[kind] = MovingEngine(url)
    made = Resources(settings, outbox, clock)
    settings.data_folder.mkdir(parents=True)
    with _engines[kind].at(url) as made.engine:
        yield made
        made.close()


@pytest.fixture
def company(resources: Resources, databases: Databases) -> Company:
    """A small company, see tests/company.py."""
    return Company.of_copy(resources, databases.company)


@pytest.fixture(scope="session")
def _apps() -> list[Flask]:
    """The web application of this process, once it is made."""
    return []


@pytest.fixture
def app(
    settings: Settings, resources: Resources, outbox: Outbox, _apps: list[Flask]
) -> Iterator[Flask]:
    """The web application over the same resources; forms need no token (that has its own tests).

    Made once for a process, because putting its addresses and templates together takes longer than
    most pages; a test gets it with resources of its own and the configuration it began with.
    """
    from portal.app import create_app

    if not _apps:
        _apps.append(create_app(settings, outbox))
    (made,) = _apps
    config = dict(made.config)
    prepare(made, resources)
    yield made
    made.config.clear()
    made.config.update(config)


def prepare(app: Flask, resources: Resources) -> None:
    """Make an application ready for a test."""
    app.extensions["portal"] = resources
    app.config.update(TESTING=True, WTF_CSRF_ENABLED=False)


@pytest.fixture
def client_of(app: Flask) -> Callable[[Person | None], FlaskClient]:
    """A browser in which this person is signed in; None is a visitor. It asks for English."""

    def make(person: Person | None) -> FlaskClient:
        client = app.test_client()
        client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
        if person is not None:
            with client.session_transaction() as session:
                session["_user_id"] = f"{person.id}.{person.session_version}"
                session["_fresh"] = True
        return client

    return make


@pytest.fixture(scope="session")
def s3_endpoint() -> Iterator[str]:
    """An S3 server of this test run; its keys are any."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    try:
        yield f"http://{host}:{port}"
    finally:
        server.stop()


@pytest.fixture
def bucket(s3_endpoint: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """URL of a new bucket's prefix."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    import boto3

    name = f"b{uuid.uuid4().hex[:20]}"
    boto3.client("s3", endpoint_url=s3_endpoint).create_bucket(Bucket=name)
    return f"s3://{name}/blobs?endpoint={s3_endpoint}&region=us-east-1"
