"""Bringing a database to the newest schema, safely when several processes start at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, make_url, text

from storage.postgresql import postgresql_engine
from storage.schema import HEAD
from storage.sqlite import sqlite_engine

_UPGRADE_LOCK = 0x5C4E3A


def upgrade(url: str) -> None:
    """Apply every migration that is missing, in one transaction; whoever comes second finds nothing to do."""
    from alembic import command  # noqa: PLC0415 - slow to load, and needed once in a database's life
    from alembic.config import Config  # noqa: PLC0415 - the same

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    with _engine(url, begin="BEGIN IMMEDIATE") as engine, engine.begin() as connection:
        _wait_for_turn(connection)
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def current(url: str) -> str | None:
    """Return the migration the database is at; None when it is empty or not there."""
    database = make_url(url)
    if database.get_backend_name() == "sqlite" and not Path(database.database or "").is_file():
        return None
    with _engine(url, begin="BEGIN") as engine, engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()


def is_current(url: str) -> bool:
    """Say whether the schema is the one this version of the program needs."""
    return current(url) == HEAD


def _wait_for_turn(connection: Connection) -> None:
    """On SQLite `BEGIN IMMEDIATE` has waited already."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)").bindparams(key=_UPGRADE_LOCK))


@contextmanager
def _engine(url: str, *, begin: str) -> Iterator[Engine]:
    if make_url(url).get_backend_name() == "sqlite":
        engine = sqlite_engine(url, begin=begin, query_only=False, connections=1)
    else:
        engine = postgresql_engine(url, connections=1)
    try:
        yield engine
    finally:
        engine.dispose()
