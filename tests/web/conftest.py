"""What tests of pages share: the people of the company in browsers, and documents they find."""

from __future__ import annotations

from pathlib import Path

import pytest

from indexing.encoder import Encoder
from tests.company import Company
from tests.conftest import Outbox
from tests.services.conftest import Desk
from tests.services.library import Library
from tests.web.acting import ClientOf, Office


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
