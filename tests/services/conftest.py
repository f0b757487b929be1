"""For tests of services: the real model, and a desk at which files are handed in and read."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

import pytest
from sqlalchemy import select

from indexing.encoder import Encoder
from portal.models import Event, Passage, Reading, Version
from portal.resources import Resources
from portal.services import index_rows, readings, uploads
from tests.company import Company
from tests.conftest import Outbox


@pytest.fixture(scope="session")
def encoder(model_folder: Path) -> Encoder:
    """The bundled model, loaded once."""
    return Encoder.load("bundled", model_folder, threads=1)


@dataclass
class Desk:
    """Files of one company, as the services see them."""

    company: Company
    outbox: Outbox

    @property
    def resources(self) -> Resources:
        return self.company.resources

    def store(self, content: bytes) -> uploads.StoredBlob:
        return uploads.store(self.resources, cast("BinaryIO", io.BytesIO(content)), self.limit)

    @property
    def limit(self) -> int:
        return self.resources.settings.upload_limit_bytes

    def upload(
        self,
        who: str,
        target: uploads.Target,
        content: str | bytes = "客户沟通记录",
        filename: str = "记录.txt",
        token: str | None = None,
    ) -> str:
        """Take a file in as a request does; the public id of its version."""
        with self.company.looking(who) as uow:
            uploads.check(uow, target)
        blob = self.store(content.encode() if isinstance(content, str) else content)
        with self.company.acting(who) as uow:
            return uploads.add(uow, target, uploads.Arrival(blob, filename, token)).public_id

    def document(self, version: str) -> str:
        """The public id of a version's document."""
        with self.resources.read() as uow:
            return self._version(uow.session, version).document.public_id

    def reading(self, version: str) -> Reading:
        """The reading that counts."""
        with self.resources.read() as uow:
            return uow.session.scalars(
                select(Reading)
                .join(Version, Reading.version_id == Version.id)
                .where(Version.public_id == version, Reading.current)
            ).one()

    def work(self) -> None:
        """Do the reading jobs sent until now, as a worker would."""
        for reading_id in self.outbox.named("read_version"):
            assert reading_id is not None
            readings.read(self.resources, reading_id)

    def found(self, query: str) -> list[str]:
        """Texts of the passages found among everything there is, permissions apart."""
        with self.resources.read() as uow:
            index = index_rows.caught_up(uow)
            allowed = uow.session.scalars(select(Reading.id).where(Reading.current)).all()
            hits = index.search(query, None, allowed, 10)  # type: ignore[arg-type]
            ids = [hit.passage_id for hit in hits]
            assert len(ids) == len(set(ids)), "a passage is in the index once"
            return [uow.session.get_one(Passage, passage).text for passage in ids]

    def events(self, *kinds: str) -> list[Event]:
        """Events of these kinds, oldest first."""
        with self.resources.read() as uow:
            found = select(Event).where(Event.kind.in_(kinds)).order_by(Event.id)
            return list(uow.session.scalars(found))

    def _version(self, session: object, version: str) -> Version:
        return session.scalars(  # type: ignore[attr-defined]
            select(Version).where(Version.public_id == version)
        ).one()


@pytest.fixture
def desk(company: Company, outbox: Outbox, encoder: Encoder) -> Desk:
    company.resources._encoder = encoder
    return Desk(company, outbox)


@pytest.fixture
def case(company: Company) -> str:
    """A running case."""
    return company.handover()


@pytest.fixture
def item(company: Company, case: str) -> str:
    """Its first item, which the leaver has to deliver in files."""
    return company.item(case, "clients")
