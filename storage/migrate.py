"""Bringing a database to the newest schema, safely when several processes start at once."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, inspect, make_url, text

from storage.errors import NewerReleaseError, StorageError, without_data
from storage.schema import HEAD
from storage.sqlite import sqlite_engine

T = TypeVar("T")

_UPGRADE_LOCK = 0x5C4E3A


def upgrade(url: str) -> None:
    """Apply every migration that is missing, in one transaction; whoever comes second finds nothing to do.

    Raises NewerReleaseError, StorageError.
    """
    refuse_what_cannot_be_written(url)
    found = current(url)
    if found == HEAD:
        return
    if is_newer(found):
        raise NewerReleaseError
    from alembic import command  # noqa: PLC0415 - slow to load, and needed once in a database's life
    from alembic.config import Config  # noqa: PLC0415 - the same

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))

    def migrate(connection: Connection) -> None:
        _wait_for_turn(connection)
        config.attributes["connection"] = connection
        command.upgrade(config, "head")

    _run(url, migrate, begin="BEGIN IMMEDIATE")


def current(url: str) -> str | None:
    """Return the migration the database is at; None when it is empty or not there. Raises StorageError."""
    database = make_url(url)
    if database.get_backend_name() == "sqlite" and not Path(database.database or "").is_file():
        return None
    return _run(url, version_in, begin="BEGIN")


def is_newer(found: str | None) -> bool:
    """Say whether a newer release than this has been at work; migrations are numbered, with four digits."""
    return found is not None and found > HEAD


def damage(url: str) -> str | None:
    """Say where a SQLite file is damaged, as one is that was copied over while a process used it.

    It reads the whole file. Raises StorageError.
    """
    if make_url(url).get_backend_name() != "sqlite":
        return None
    look = text("PRAGMA quick_check(1)")
    found = _run(url, lambda connection: connection.execute(look).scalar_one(), begin="BEGIN")
    return None if found == "ok" else "quick_check"


def refuse_what_cannot_be_written(url: str) -> None:
    """Raise StorageError for a file that may only be read: SQLite would say so at the first event only."""
    database = make_url(url)
    if database.get_backend_name() == "sqlite" and database.database:
        path = Path(database.database)
        if path.exists() and not os.access(path, os.W_OK):
            raise StorageError("sqlite_read_only")


def version_in(connection: Connection) -> str | None:
    """Return the migration a database is at that was opened; None when it is empty."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()


def _wait_for_turn(connection: Connection) -> None:
    """On SQLite `BEGIN IMMEDIATE` has waited already."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)").bindparams(key=_UPGRADE_LOCK))


def _run(url: str, work: Callable[[Connection], T], *, begin: str) -> T:
    try:
        if make_url(url).get_backend_name() == "sqlite":
            return _run_on_sqlite(url, work, begin)
        from storage.postgresql import run_alone  # noqa: PLC0415 - only the driver in use is loaded

        return run_alone(url, work)
    except Exception as error:  # noqa: BLE001 - translated and raised below, without the original's data
        failure = without_data(error)
    raise failure


def _run_on_sqlite(url: str, work: Callable[[Connection], T], begin: str) -> T:
    engine = sqlite_engine(url, begin=begin, query_only=False, connections=1)
    try:
        with engine.begin() as connection:
            return work(connection)
    finally:
        engine.dispose()
