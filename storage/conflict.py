"""Insert a row unless it is there already, in one statement and without an exception."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite


def insert_new(connection: Connection, table: Table, keys: tuple[str, ...], values: dict[str, Any]) -> bool:
    """Insert *values*; False when a row with the same *keys* exists. Other constraints still raise.

    On PostgreSQL this waits for a concurrent transaction with the same keys, and inserts if that fails.
    """
    return connection.execute(_unless_there(connection.dialect.name, table, keys), values).rowcount == 1


def insert_or_update(
    connection: Connection, table: Table, keys: tuple[str, ...], values: dict[str, Any]
) -> None:
    """Insert *values*, or bring the row with the same *keys* to them."""
    changed = {name: value for name, value in values.items() if name not in keys}
    row = _insert(connection.dialect.name, table).values(values)
    connection.execute(row.on_conflict_do_update(index_elements=keys, set_=changed))


@lru_cache
def _unless_there(dialect: str, table: Table, keys: tuple[str, ...]) -> postgresql.Insert | sqlite.Insert:
    """Built once for each table, because every event and click takes this way."""
    counted = _insert(dialect, table).inline().execution_options(preserve_rowcount=True)
    return counted.on_conflict_do_nothing(index_elements=keys)


def _insert(dialect: str, table: Table) -> postgresql.Insert | sqlite.Insert:
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)
