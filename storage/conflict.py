"""Insert a row unless it is there already, in one statement and without an exception."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite


def insert_new(connection: Connection, table: Table, keys: Sequence[str], values: dict[str, Any]) -> bool:
    """Insert *values*; False when a row with the same *keys* exists. Other constraints still raise."""
    if connection.dialect.name == "postgresql":
        into_postgresql = postgresql.insert(table).values(values).on_conflict_do_nothing(index_elements=keys)
        return connection.execute(into_postgresql).rowcount == 1
    into_sqlite = sqlite.insert(table).values(values).on_conflict_do_nothing(index_elements=keys)
    return connection.execute(into_sqlite).rowcount == 1


def insert_or_update(
    connection: Connection, table: Table, keys: Sequence[str], values: dict[str, Any]
) -> None:
    """Insert *values*, or bring the row with the same *keys* to them."""
    changed = {name: value for name, value in values.items() if name not in keys}
    if connection.dialect.name == "postgresql":
        into_postgresql = postgresql.insert(table).values(values)
        connection.execute(into_postgresql.on_conflict_do_update(index_elements=keys, set_=changed))
        return
    into_sqlite = sqlite.insert(table).values(values)
    connection.execute(into_sqlite.on_conflict_do_update(index_elements=keys, set_=changed))
