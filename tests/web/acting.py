"""People in their browsers, for tests of the pages of a case."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from portal.models import (
    Document,
    Handover,
    HandoverState,
    Item,
    ItemState,
    Person,
    Requirement,
    Version,
)
from tests.company import LINES, Company

EVERYBODY = (
    "leaver",
    "receiver",
    "colleague",
    "neighbour",
    "outsider",
    "head",
    "chief",
    "hr",
    "administrator",
    "auditor",
    "departed",
)
SCRIPT = {"X-Requested-With": "fetch", "Accept": "application/json"}
ClientOf = Callable[[Person | None], FlaskClient]


@dataclass
class Office:
    """The company and a browser for each of its people."""

    company: Company
    client_of: ClientOf

    def __post_init__(self) -> None:
        self._browsers: dict[str, FlaskClient] = {}

    def browser(self, name: str) -> FlaskClient:
        """Somebody's browser; «visitor» is nobody's."""
        if name not in self._browsers:
            person = None if name == "visitor" else self.company.people[name]
            self._browsers[name] = self.client_of(person)
        return self._browsers[name]

    def get(self, name: str, url: str, **options: object) -> TestResponse:
        """Open a page."""
        return self.browser(name).get(url, **options)

    def post(
        self, name: str, url: str, data: dict | None = None, **options: object
    ) -> TestResponse:
        """Send a form."""
        return self.browser(name).post(url, data=data or {}, **options)

    def send(
        self, name: str, url: str, *files: tuple[str, bytes], script: bool = True, **fields: str
    ) -> TestResponse:
        """Send files, as the script does or as a plain form."""
        data = {
            **fields,
            "file": [FileStorage(io.BytesIO(content), filename) for filename, content in files],
        }
        # In one piece: the client's own way leaves a temporary file open for large ones.
        boundary, body = encode_multipart(data)
        return self.browser(name).post(
            url,
            data=body,
            content_type=f"multipart/form-data; boundary={boundary}",
            headers=SCRIPT if script else {},
        )

    def upload(self, name: str, url: str, filename: str = "客户.txt", text: str = "one") -> str:
        """Send one file and expect it to be taken; the public id of the version."""
        answer = self.send(name, url, (filename, text.encode()))
        assert answer.status_code == 201, answer.get_data(as_text=True)
        return str(answer.json["id"]).removeprefix("file-")

    def document(self, version_id: str) -> str:
        """The public id of the document of a version."""
        with self.company.resources.read() as uow:
            found = uow.session.scalar(
                select(Document.public_id)
                .join(Version, Version.document_id == Document.id)
                .where(Version.public_id == version_id)
            )
        assert found is not None
        return found

    def settle(self, handover_id: str, *but: str) -> None:
        """Accept every item but these, by rows."""
        keys = [line[0] for line in LINES if line[0] not in but]
        self.set_items(handover_id, ItemState.ACCEPTED, *keys)

    def set_items(self, handover_id: str, state: ItemState, *keys: str) -> None:
        """Put items into a state by rows."""
        with self.company.resources.write() as uow:
            found = uow.session.scalars(
                select(Item)
                .join(Handover, Item.handover_id == Handover.id)
                .join(Requirement, Item.requirement_id == Requirement.id)
                .where(Handover.public_id == handover_id, Requirement.key.in_(keys))
            )
            for item in found:
                item.state = state

    def close(self, handover_id: str, state: HandoverState) -> None:
        """End the case by rows; the database completes none before its items are settled."""
        if state is HandoverState.COMPLETED:
            self.settle(handover_id)
        with self.company.resources.write() as uow:
            handover = uow.session.scalars(
                select(Handover).where(Handover.public_id == handover_id)
            ).one()
            handover.state = state
            handover.closed_at = uow.resources.clock()
            handover.closed_by_id = self.company.hr.id


def main_of(answer: TestResponse) -> str:
    """The page's own part: no bar, no navigation, no dialogs of every page."""
    return answer.get_data(as_text=True).split("<main")[1].split("</main>")[0]


def text_of(answer: TestResponse) -> str:
    """What a person reads: the page without its tags."""
    page = re.sub(
        r"<(script|style|template)\b.*?</\1>", " ", answer.get_data(as_text=True), flags=re.S
    )
    page = re.sub(r"<[^>]+>", " ", page)
    for entity, sign in (
        ("&#39;", "'"),
        ("&#34;", '"'),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&amp;", "&"),
    ):
        page = page.replace(entity, sign)
    return " ".join(page.split())


@contextmanager
def statuses(expected: dict[str, int]) -> Iterator[dict[str, int]]:
    """Collect a status for each key and compare them all at once, so that a failure shows all."""
    found: dict[str, int] = {}
    yield found
    assert found == expected
