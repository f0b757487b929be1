"""Documents handed over, for tests of searching: uploaded, read and sealed through the services."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import select

from portal.models import Document, Version, Visibility
from portal.services import documents, search
from portal.services.answering import AnswerLine
from portal.services.search import Results
from portal.services.search_scope import SearchForm
from portal.services.uploads import Target, ToDocument, ToHandover
from tests.services.conftest import Desk

CLIENTS = """# 客户档案

## 沟通记录

王小姐喜欢上午打电话，不要在星期五下午联系她。

## 对账

每月五日前把对账单寄给客户财务部，编号为 CRM-2041。
"""
SERVERS = """# Server handbook

## Restarting the mail server

Stop the queue first, then restart the service and watch the log for two minutes.

## Backups

Every night at two o'clock the databases are copied to the second site.
"""


@dataclass
class Library:
    """The documents of one case. `versions` are public ids by the title of their document."""

    desk: Desk
    case: str
    versions: dict[str, str] = field(default_factory=dict)

    def add(
        self,
        text: str | bytes,
        filename: str,
        visibility: Visibility = Visibility.POSITION,
        *,
        sealed: bool = True,
        target: Target | None = None,
        who: str = "leaver",
    ) -> str:
        """Upload, read, and seal; the public id of the version."""
        version = self.desk.upload(who, target or ToHandover(self.case), text, filename)
        self.desk.work()
        document = self.desk.document(version)
        if target is None:
            self._show_to(document, visibility)
        if sealed:
            with self.desk.company.acting(who) as uow:
                documents.submit_extra(uow, document)
        self.versions[filename.rpartition(".")[0]] = version
        return version

    def correct(self, version: str, text: str, filename: str, *, sealed: bool = True) -> str:
        """Add a newer version of the same document."""
        target = ToDocument(self.desk.document(version))
        return self.add(text, filename, sealed=sealed, target=target)

    def search(self, who: str, query: str = "", **form: object) -> Results:
        """Search as this person."""
        with self.desk.company.looking(who) as uow:
            return search.search(uow, SearchForm(query, **form))  # type: ignore[arg-type]

    def answer(self, who: str, query: str, **form: object) -> AnswerLine | None:
        """Ask as this person."""
        with self.desk.company.looking(who) as uow:
            return search.answer(uow, SearchForm(query, **form))  # type: ignore[arg-type]

    def titles(self, who: str, query: str, **form: object) -> list[str]:
        """Titles of the documents found, best first."""
        return [hit.document.title for hit in self.search(who, query, **form).hits]

    def _show_to(self, document: str, visibility: Visibility) -> None:
        with self.desk.resources.write() as uow:
            found = uow.session.scalars(select(Document).where(Document.public_id == document))
            found.one().visibility = visibility

    def row(self, version: str) -> Version:
        """The row of a version."""
        with self.desk.resources.read() as uow:
            found = uow.session.scalars(select(Version).where(Version.public_id == version))
            return found.one()
