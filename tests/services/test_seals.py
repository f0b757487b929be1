"""Breaking the seal: through services, the ORM, and raw SQL on both databases; all in vain."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
from sqlalchemy import delete, select, text, update
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DatabaseError

from portal.models import (
    Base,
    Blob,
    Blueprint,
    Document,
    Event,
    Handover,
    HandoverState,
    Item,
    Requirement,
    Version,
)
from portal.seals import SealBroken
from portal.services import documents, items
from portal.services.documents import ChangeForm
from portal.services.uploads import ToDocument, ToHandover, ToItem
from portal.unit_of_work import UnitOfWork
from tests.company import Company
from tests.services.case_steps import (
    close,
    document_of,
    outcome,
    row,
    state_of,
    submit,
    upload,
)

KEPT = (
    "versions",
    "documents",
    "blobs",
    "events",
    "items",
    "handovers",
    "handover_receivers",
    "blueprints",
    "requirements",
)


@dataclass
class Sealed:
    """A running case with a sealed version and drafts, and the row ids raw SQL needs."""

    company: Company
    case: str
    item: str
    version: str
    document: str
    draft: str
    names: dict[str, Any]


@pytest.fixture
def sealed(company: Company) -> Sealed:
    other = company.handover("colleague")
    case = company.handover()
    item = submit(company, case, "clients")
    upload(company, "leaver", ToItem(company.item(case, "orders")), "orders", "orders.txt")
    draft = upload(company, "leaver", ToHandover(case), "a draft", "draft.txt")
    with company.resources.read() as uow:
        version = uow.session.scalars(select(Version).where(Version.sealed_at.is_not(None))).one()
        names = {
            "version": version.id,
            "document": version.document_id,
            "digest": version.digest,
            "draft": row(uow, Version, draft).id,
            "draft_document": row(uow, Version, draft).document_id,
            "draft_digest": row(uow, Version, draft).digest,
            "item": row(uow, Item, item).id,
            "case": row(uow, Handover, case).id,
            "other_case": row(uow, Handover, other).id,
            "other_item": row(uow, Item, company.item(other, "clients")).id,
            "somebody": company.outsider.id,
            "elsewhere": company.positions["support"].id,
        }
        public = version.public_id
    return Sealed(company, case, item, public, document_of(company, public), draft, names)


@dataclass
class RawDatabase:
    """A connection past the portal: no pragmas, no listeners, every statement its own."""

    run: Callable[[str], Any]

    def snapshot(self) -> dict[str, list[Any]]:
        return {table: sorted(map(repr, self.run(f"SELECT * FROM {table}"))) for table in KEPT}


@pytest.fixture(params=["bare", "portal"])
def database(request: pytest.FixtureRequest, sealed: Sealed) -> Any:
    """Raw SQL, through a connection of one's own and through the portal's engine."""
    engine = sealed.company.resources.engine
    url = make_url(sealed.company.resources.settings.database_url)
    if request.param == "portal":

        def through_engine(statement: str) -> list[Any]:
            with engine.begin() as connection:
                found = connection.execute(text(statement))
                return [tuple(line) for line in found] if found.returns_rows else []

        yield RawDatabase(through_engine)
    elif url.get_backend_name() == "sqlite":
        bare = sqlite3.connect(str(url.database), isolation_level=None)
        yield RawDatabase(lambda statement: bare.execute(statement).fetchall())
        bare.close()
    else:
        plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(plain, autocommit=True) as other:

            def directly(statement: str) -> list[Any]:
                found = other.execute(statement)
                return found.fetchall() if found.description else []

            yield RawDatabase(directly)


EVERYWHERE = (
    "UPDATE versions SET digest = '{draft_digest}' WHERE id = {version}",
    "UPDATE versions SET filename = 'other.txt' WHERE id = {version}",
    "UPDATE versions SET number = 7 WHERE id = {version}",
    "UPDATE versions SET document_id = {draft_document} WHERE id = {version}",
    "UPDATE versions SET sealed_at = NULL, sealed_by_id = NULL WHERE id = {version}",
    "UPDATE versions SET sealed_by_id = {somebody} WHERE id = {version}",
    "UPDATE versions SET uploaded_by_id = {somebody}",
    "UPDATE versions SET id = 4711 WHERE id = {version}",
    "DELETE FROM versions WHERE id = {version}",
    "DELETE FROM versions",
    "UPDATE blobs SET size = size + 1",
    "UPDATE blobs SET digest = 'x' WHERE digest = '{digest}'",
    "DELETE FROM blobs WHERE digest = '{digest}'",
    "UPDATE documents SET title = 'other' WHERE id = {document}",
    "UPDATE documents SET handover_id = {other_case} WHERE id = {document}",
    "UPDATE documents SET item_id = {other_item} WHERE id = {document}",
    "UPDATE documents SET item_id = NULL WHERE id = {document}",
    "UPDATE documents SET owner_id = {somebody} WHERE id = {document}",
    "UPDATE documents SET removed_at = '2026-03-02 00:00:00' WHERE id = {document}",
    "UPDATE documents SET public_id = 'x' WHERE id = {document}",
    "UPDATE documents SET id = 4711 WHERE id = {document}",
    "DELETE FROM documents WHERE id = {document}",
    "UPDATE events SET kind = 'nothing'",
    "UPDATE events SET actor_id = NULL",
    "DELETE FROM events",
    "DELETE FROM handovers WHERE id = {case}",
    "UPDATE handovers SET position_id = {elsewhere} WHERE id = {case}",
    "UPDATE handovers SET leaver_id = {somebody} WHERE id = {case}",
    "UPDATE handovers SET blueprint_id = 4711 WHERE id = {case}",
    "UPDATE handovers SET public_id = 'x' WHERE id = {case}",
    "UPDATE handovers SET id = 4711 WHERE id = {case}",
    "UPDATE handovers SET state = 'completed' WHERE id = {case}",
    "UPDATE handovers SET state = 'completed'",
    "DELETE FROM items WHERE id = {item}",
    "UPDATE items SET handover_id = {other_case} WHERE id = {item}",
    "UPDATE items SET public_id = 'x' WHERE id = {item}",
    "UPDATE blueprints SET number = 9",
    "UPDATE blueprints SET position_id = {elsewhere}",
    "DELETE FROM blueprints",
    "UPDATE requirements SET required = (1 = 0)",
    "UPDATE requirements SET title = 'nothing to do'",
    "DELETE FROM requirements",
    "INSERT INTO requirements (blueprint_id, key, ordinal, kind, title, criteria, required,"
    " responsible, due_working_days) SELECT id, 'late', 99, 'task', 'one more', '', (1 = 1),"
    " 'leaver', 0 FROM blueprints",
)


def replacing(table: str, changed: dict[str, str], where: str) -> str:
    """A row put in the place of another: all its columns, some of them changed."""
    columns = Base.metadata.tables[table].columns.keys()
    values = [changed.get(name, name) for name in columns]
    return (
        f"INSERT OR REPLACE INTO {table} ({', '.join(columns)})"
        f" SELECT {', '.join(values)} FROM {table} WHERE id = {where}"
    )


ON_SQLITE = (
    replacing("versions", {"filename": "'other.txt'"}, "{version}"),
    replacing("versions", {"id": "4711", "digest": "'{draft_digest}'"}, "{version}"),
    replacing("versions", {"id": "4711", "public_id": "'x'", "number": "1"}, "{version}"),
    replacing("documents", {"title": "'other'"}, "{document}"),
    replacing("documents", {"id": "4711", "owner_id": "{somebody}"}, "{document}"),
    replacing("events", {"kind": "'nothing'"}, "1"),
    replacing("items", {"state": "'accepted'"}, "{item}"),
    replacing("items", {"id": "4711", "public_id": "'x'"}, "{item}"),
    "UPDATE OR REPLACE versions SET id = {version} WHERE id = {draft}",
    "UPDATE OR REPLACE versions SET document_id = {document} WHERE id = {draft}",
    "UPDATE OR REPLACE documents SET id = {document} WHERE id = {draft_document}",
    "UPDATE OR REPLACE documents SET public_id = (SELECT public_id FROM documents"
    " WHERE id = {document}) WHERE id = {draft_document}",
    "UPDATE OR REPLACE handovers SET id = {case} WHERE id = {other_case}",
    "UPDATE OR REPLACE handovers SET leaver_id = (SELECT leaver_id FROM handovers"
    " WHERE id = {case}) WHERE id = {other_case}",
    "UPDATE OR REPLACE items SET id = {item} WHERE id = {other_item}",
    "UPDATE OR REPLACE events SET id = 1 WHERE id = 2",
    "INSERT OR REPLACE INTO blobs (digest, size, created_at)"
    " VALUES ('{digest}', 1, '2026-03-02 00:00:00')",
    "INSERT OR REPLACE INTO handovers (public_id, leaver_id, position_id, head_id, blueprint_id,"
    " last_day, state, started_at, close_reason) SELECT 'x', leaver_id, position_id, head_id,"
    " blueprint_id, last_day, state, started_at, '' FROM handovers WHERE id = {case}",
    "INSERT OR REPLACE INTO blueprints (public_id, position_id, number, note, created_at)"
    " SELECT 'x', position_id, number, 'other', created_at FROM blueprints",
    "INSERT OR REPLACE INTO requirements (blueprint_id, key, ordinal, kind, title, criteria,"
    " required, responsible, due_working_days) SELECT blueprint_id, key, ordinal, kind, 'other',"
    " '', 0, responsible, 0 FROM requirements",
    "REPLACE INTO events (id, at, kind, facts) VALUES (1, '2026-03-02 00:00:00', 'x', '{{}}')",
)
ON_POSTGRESQL = (
    *(f"TRUNCATE {table} CASCADE" for table in KEPT),
    "TRUNCATE people CASCADE",
    "TRUNCATE positions CASCADE",
    "INSERT INTO versions SELECT * FROM versions WHERE id = {version}"
    " ON CONFLICT (id) DO UPDATE SET filename = 'other.txt'",
    "INSERT INTO blobs SELECT * FROM blobs WHERE digest = '{digest}'"
    " ON CONFLICT (digest) DO UPDATE SET size = 1",
    "INSERT INTO documents SELECT * FROM documents WHERE id = {document}"
    " ON CONFLICT (id) DO UPDATE SET title = 'other'",
    "INSERT INTO events SELECT * FROM events ON CONFLICT (id) DO UPDATE SET kind = 'nothing'",
    "WITH gone AS (DELETE FROM versions RETURNING *) SELECT count(*) FROM gone",
)


def try_all(sealed: Sealed, database: RawDatabase, statements: tuple[str, ...]) -> dict[str, str]:
    """Statements that were not refused, or changed something all the same."""
    before, wrong = database.snapshot(), {}
    for template in statements:
        statement = template.format(**sealed.names)
        try:
            database.run(statement)
        except (DatabaseError, sqlite3.DatabaseError, psycopg.Error) as error:
            if "portal: " not in str(error) and "FOREIGN KEY" not in str(error).upper():
                wrong[statement] = f"refused for another reason: {error}"
        else:
            wrong[statement] = "not refused"
        if database.snapshot() != before:
            wrong[statement] = "something has changed"
            break
    return wrong


def own(sealed: Sealed) -> tuple[str, ...]:
    sqlite = sealed.company.resources.engine.dialect.name == "sqlite"
    return ON_SQLITE if sqlite else ON_POSTGRESQL


def test_raw_sql_is_refused(sealed: Sealed, database: RawDatabase) -> None:
    assert try_all(sealed, database, EVERYWHERE) == {}
    assert try_all(sealed, database, own(sealed)) == {}


CLOSED = (
    "UPDATE handovers SET state = 'running' WHERE id = {case}",
    "UPDATE handovers SET last_day = '2030-01-01' WHERE id = {case}",
    "UPDATE handovers SET head_id = {somebody} WHERE id = {case}",
    "DELETE FROM handovers WHERE id = {case}",
    "UPDATE items SET state = 'open' WHERE id = {item}",
    "UPDATE items SET statement = 'all of it' WHERE id = {item}",
    "DELETE FROM items WHERE handover_id = {case}",
    "UPDATE versions SET filename = 'x' WHERE id = {draft}",
    "UPDATE versions SET sealed_at = '2026-03-02 00:00:00', sealed_by_id = {somebody}"
    " WHERE id = {draft}",
    "INSERT INTO versions (public_id, document_id, number, digest, filename, uploaded_at,"
    " uploaded_by_id) SELECT 'x', document_id, 9, digest, filename, uploaded_at, uploaded_by_id"
    " FROM versions WHERE id = {version}",
    "INSERT INTO handover_receivers (handover_id, person_id) VALUES ({case}, {somebody})",
    "UPDATE handover_receivers SET person_id = {somebody} WHERE handover_id = {case}",
    "UPDATE handover_receivers SET handover_id = {case} WHERE handover_id = {other_case}",
    "DELETE FROM handover_receivers WHERE handover_id = {case}",
    *EVERYWHERE,
)


@pytest.mark.parametrize("end", [HandoverState.COMPLETED, HandoverState.CANCELLED])
def test_a_closed_case_stays_as_it_is(
    sealed: Sealed, database: RawDatabase, end: HandoverState
) -> None:
    close(sealed.company, sealed.case, end)
    # What the running case refused for its missing items is no change of a closed one.
    statements = tuple(each for each in CLOSED if "SET state = 'completed'" not in each)
    assert try_all(sealed, database, statements) == {}


def test_a_case_cannot_be_born_closed(sealed: Sealed, database: RawDatabase) -> None:
    statement = (
        "INSERT INTO handovers (public_id, leaver_id, position_id, head_id, blueprint_id, last_day,"
        " state, started_at, close_reason) SELECT 'x', leaver_id, position_id, head_id,"
        " blueprint_id, last_day, 'completed', started_at, '' FROM handovers WHERE id = {case}"
    )
    assert try_all(sealed, database, (statement,)) == {}


def rename(session: Any, sealed: Sealed, model: Any, **values: Any) -> None:
    found = session.scalars(select(model)).first()
    for name, value in values.items():
        setattr(found, name, value)


def version_of(session: Any, sealed: Sealed) -> Version:
    found: Version = session.scalars(
        select(Version).where(Version.public_id == sealed.version)
    ).one()
    return found


def unseal(session: Any, sealed: Sealed) -> None:
    version = version_of(session, sealed)
    version.sealed_at, version.sealed_by_id = None, None


def reseal(session: Any, sealed: Sealed) -> None:
    version_of(session, sealed).sealed_at = sealed.company.resources.clock()
    version_of(session, sealed).filename = "other.txt"


BY_ORM: dict[str, Callable[[Any, Sealed], Any]] = {
    "another name": lambda s, x: setattr(version_of(s, x), "filename", "other.txt"),
    "other bytes": lambda s, x: setattr(version_of(s, x), "digest", x.names["draft_digest"]),
    "another document": lambda s, x: setattr(
        version_of(s, x), "document_id", x.names["draft_document"]
    ),
    "unsealed": unseal,
    "sealed again": reseal,
    "deleted": lambda s, x: s.delete(version_of(s, x)),
    "an event": lambda s, x: rename(s, x, Event, kind="nothing"),
    "an event deleted": lambda s, x: s.delete(s.scalars(select(Event)).first()),
    "a blob": lambda s, x: rename(s, x, Blob, size=1),
    "a blueprint": lambda s, x: rename(s, x, Blueprint, note="other"),
    "a requirement": lambda s, x: rename(s, x, Requirement, required=False),
}


@pytest.mark.parametrize("what", BY_ORM)
def test_the_orm_refuses_at_the_line_that_is_wrong(sealed: Sealed, what: str) -> None:
    with sealed.company.resources.engine.connect() as connection:
        before = connection.execute(select(Version.__table__)).all()
    with pytest.raises(SealBroken), sealed.company.acting("leaver") as uow:
        # Leaving the unit of work flushes.
        BY_ORM[what](uow.session, sealed)
    with sealed.company.resources.engine.connect() as connection:
        assert connection.execute(select(Version.__table__)).all() == before


def test_statements_through_the_orm_meet_the_triggers(sealed: Sealed) -> None:
    for statement in (
        update(Version).values(filename="other.txt"),
        delete(Version),
        update(Document).where(Document.id == sealed.names["document"]).values(title="other"),
        delete(Document),
        delete(Event),
    ):
        with pytest.raises(DatabaseError), sealed.company.acting("leaver") as uow:
            uow.session.execute(statement)


def test_drafts_stay_free(sealed: Sealed) -> None:
    with sealed.company.acting("leaver") as uow:
        draft = row(uow, Version, sealed.draft)
        draft.filename = "better.txt"
        draft.document.title = "better"
    with sealed.company.resources.read() as uow:
        assert row(uow, Version, sealed.draft).filename == "better.txt"


BY_SERVICE: dict[str, tuple[Callable[[UnitOfWork, Sealed], Any], str]] = {
    "renamed": (
        lambda uow, x: documents.change(uow, x.document, ChangeForm("other", "company", x.item)),
        "document_sealed",
    ),
    "moved": (
        lambda uow, x: documents.change(uow, x.document, ChangeForm("clients", "position", None)),
        "document_sealed",
    ),
    "removed": (lambda uow, x: documents.remove(uow, x.document), "document_sealed"),
    "sealed again": (lambda uow, x: documents.submit_extra(uow, x.document), "document_not_extra"),
}


@pytest.mark.parametrize("what", BY_SERVICE)
def test_services_refuse(sealed: Sealed, what: str) -> None:
    act, expected = BY_SERVICE[what]
    found = {
        who: outcome(sealed.company, who, lambda uow: act(uow, sealed))
        for who in ("leaver", "receiver", "head", "hr", "outsider", "administrator")
    }
    assert found == {
        "leaver": expected,
        "receiver": "forbidden",
        "head": "forbidden",
        "hr": "forbidden",
        "outsider": "not_found",
        "administrator": "not_found",
    }


def test_a_correction_stands_beside_what_is_sealed(sealed: Sealed) -> None:
    company = sealed.company
    with company.acting("receiver") as uow:
        items.send_back(uow, sealed.item, "one is missing")
    later = upload(company, "leaver", ToDocument(sealed.document), "all of them", "clients 2.txt")
    with company.resources.read() as uow:
        first, second = row(uow, Version, sealed.version), row(uow, Version, later)
        assert (first.number, second.number) == (1, 2)
        assert first.sealed
        assert not second.sealed
    found = outcome(company, "leaver", lambda uow: documents.remove(uow, sealed.document))
    assert found == "document_sealed"
    assert state_of(company, Item, sealed.item) == "returned"
