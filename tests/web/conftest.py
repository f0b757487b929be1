"""What tests of pages share: templates compiled once, and the people of the company in browsers."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from jinja2 import FileSystemBytecodeCache

from indexing.encoder import Encoder
from tests.company import Company
from tests.conftest import Outbox
from tests.services.conftest import Desk
from tests.services.library import Library
from tests.web.acting import ClientOf, Office


@pytest.fixture(scope="session")
def _compiled(tmp_path_factory: pytest.TempPathFactory) -> FileSystemBytecodeCache:
    return FileSystemBytecodeCache(str(tmp_path_factory.mktemp("templates")))


@pytest.fixture
def app(app: Flask, _compiled: FileSystemBytecodeCache) -> Flask:
    """The application; compiling all templates anew for each test would take most of its time."""
    app.jinja_env.bytecode_cache = _compiled
    return app


@pytest.fixture
def office(company: Company, client_of: ClientOf) -> Office:
    """The people of the company, each in a browser."""
    return Office(company, client_of)


@pytest.fixture
def case(company: Company) -> str:
    """A running case; its public id."""
    return company.handover()


@pytest.fixture(scope="session")
def encoder(model_folder: Path) -> Encoder:
    """The bundled model, loaded once."""
    return Encoder.load("bundled", model_folder, threads=1)


@pytest.fixture
def library(company: Company, outbox: Outbox, encoder: Encoder, case: str) -> Library:
    """Documents of the case that are read as a worker would."""
    company.resources._encoder = encoder
    return Library(Desk(company, outbox), case)
