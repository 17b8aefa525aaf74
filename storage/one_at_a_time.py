"""Holding other transactions off a matter that only one may be in."""

from __future__ import annotations

from sqlalchemy import Connection, func, select


def one_at_a_time(connection: Connection, matter: str) -> None:
    """Wait until no other transaction is in the same *matter*; SQLite has one writer anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(matter, 0))))
