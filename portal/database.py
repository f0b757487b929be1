"""The database: one engine for each process, and the schema brought up to date.

SQLite is used in WAL mode: readers never wait. Python's driver would begin transactions on its own
and too late, so it is told not to, and every transaction begins here: a writing one with BEGIN
IMMEDIATE. Two requests that change the same case then queue up at their first statement, instead
of both reading the old state and the second failing in the middle (SQLITE_BUSY_SNAPSHOT).
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url

MIGRATIONS = Path(__file__).parent / "migrations"
# How long a writer waits for another, in seconds. Writing transactions take milliseconds; longer
# waits mean that something hangs, and a person should hear of it.
BUSY_SECONDS = 20.0
READ_ONLY = "portal_read_only"


def make_engine(url: str) -> Engine:
    """Make the engine of this process. Make it after a fork, never before."""
    if make_url(url).get_backend_name() == "sqlite":
        engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS})
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    return create_engine(url, pool_pre_ping=True, pool_size=5, max_overflow=15)


def _prepare_sqlite(connection: sqlite3.Connection, _: Any) -> None:
    connection.isolation_level = None
    for pragma in (
        "journal_mode = WAL",
        # FULL: a confirmed upload survives a power cut, not only a kill.
        "synchronous = FULL",
        "foreign_keys = ON",
        # Without it INSERT OR REPLACE would delete a sealed row without firing its trigger.
        "recursive_triggers = ON",
        "temp_store = MEMORY",
        "cache_size = -65536",
        "mmap_size = 268435456",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    read_only = connection.get_execution_options().get(READ_ONLY, False)
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")


def upgrade(url: str) -> None:
    """Bring the schema to the version of this program. Harmless when repeated.

    Raises sqlalchemy.exc.OperationalError when the database cannot be reached.
    """
    engine = make_engine(url)
    try:
        with engine.connect() as connection:
            config = _config()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            connection.commit()
    finally:
        engine.dispose()


def current_revision(url: str) -> str | None:
    """The schema's version in the database; None when it is empty."""
    engine = make_engine(url)
    try:
        with engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision()
    finally:
        engine.dispose()


def newest_revision() -> str:
    """The schema's version this program needs."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    if head is None:
        raise RuntimeError("the migrations are missing from the installation")
    return head


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    return config
