"""A database as the release before left it, on either kind of server."""

from __future__ import annotations

import gzip
import multiprocessing
import os
import signal
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from multiprocessing.process import BaseProcess
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import (
    Boolean,
    Connection,
    DateTime,
    LargeBinary,
    MetaData,
    Table,
    event,
    func,
    inspect,
    select,
    text,
)
from sqlalchemy.engine import Engine

import storage
from storage.migrate import upgrade
from tests.databases import perform
from tests.patience import PATIENCE_S

LEFT_BEHIND = Path(__file__).parent / "previous_release.sql.gz"
"""Written by the release before itself: thirteen decisions about made-up donors, in every state that lasts,
and something in every table. Two writes were under way when it was stopped."""

KEY = "FlJC2t9Jfdm2f14Qh4WJcvn+gpHUfOp1/n8ZWkKctZo="
OLDER = "0008"
STOPPED_AT = datetime(2026, 11, 24, 19, 48, tzinfo=UTC)
PROCESSES = multiprocessing.get_context("forkserver")
"""Forks of a process without threads: a fork of this one may wait for ever for what a thread held."""
PROCESSES.set_forkserver_preload([__name__])
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def lay_down(path: Path) -> str:
    """Put the older database into a file, and return its URL."""
    with sqlite3.connect(path) as connection:
        connection.executescript(gzip.decompress(LEFT_BEHIND.read_bytes()).decode())
    connection.close()
    return f"sqlite:///{path}"


def copy_over(path: Path, url: str) -> None:
    """Put every row of the older database in the file at *path* into an empty PostgreSQL database."""
    config = Config()
    config.set_main_option("script_location", str(Path(storage.__file__).parent / "migrations"))
    source = sqlite3.connect(path, check_same_thread=False)
    source.row_factory = sqlite3.Row

    def copy(connection: Connection) -> None:
        config.attributes["connection"] = connection
        command.upgrade(config, OLDER)
        tables = MetaData()
        tables.reflect(connection)
        for table in tables.sorted_tables:
            if table.name != "alembic_version":
                _copy(source, connection, table)

    try:
        perform(url, copy)
    finally:
        source.close()


def _copy(source: sqlite3.Connection, connection: Connection, table: Table) -> None:
    rows = [dict(row) for row in source.execute(f'SELECT * FROM "{table.name}"')]
    read = {column.name: _reader(column.type) for column in table.columns}
    connection.execute(
        table.insert(),
        [{name: None if value is None else read[name](value) for name, value in row.items()} for row in rows],
    )
    if "position" in table.columns:
        last = select(func.max(table.c.position)).scalar_subquery()
        connection.execute(select(func.setval(func.pg_get_serial_sequence(table.name, "position"), last)))


def _reader(kind: Any) -> Callable[[Any], Any]:
    """Return what makes of a value in SQLite the one that PostgreSQL holds."""
    if isinstance(kind, DateTime):
        return lambda stored: _EPOCH + timedelta(microseconds=stored)
    if isinstance(kind, Boolean):
        return bool
    return bytes if isinstance(kind, LargeBinary) else _as_it_is


def _as_it_is(stored: Any) -> Any:
    return stored


def rows_of(url: str) -> dict[str, int]:
    """Count the rows of every table."""

    def count(connection: Connection) -> dict[str, int]:
        names = [name for name in inspect(connection).get_table_names() if not name.startswith("sqlite_")]
        return {
            name: connection.execute(text(f'SELECT count(*) FROM "{name}"')).scalar_one() for name in names
        }

    return perform(url, count)


def migrating(url: str, *, dies_at: int | None = None, once: Event | None = None) -> BaseProcess:
    """Have a process of its own upgrade the database, *once* that is so.

    With *dies_at* it dies before its statement of that number.
    """
    process = PROCESSES.Process(target=_migrate, args=(url, dies_at, once))
    process.start()
    return process


def _migrate(url: str, dies_at: int | None, once: Event | None) -> None:
    if dies_at is not None:
        _die_at(dies_at)
    if once is not None:
        once.wait(PATIENCE_S)
    upgrade(url)


def _die_at(number: int) -> None:
    """Pull the plug before so many statements have been sent, of those that change anything."""
    sent = 0

    def before(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        nonlocal sent
        sent += not statement.lstrip().upper().startswith(("SELECT", "PRAGMA", "BEGIN"))
        if sent >= number:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(Engine, "before_cursor_execute", before)
