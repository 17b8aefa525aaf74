"""Inserting many rows that may be there already, in one statement, and telling which were new.

The values go to the driver as they are: converting each by its column's type costs more than storing it.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Dialect, Table

Row = tuple[Any, ...]
Always = tuple[tuple[str, str], ...]
"""Columns that are the same in every row, each with its value in SQL or the name of a column like it."""
Into = tuple[Table, tuple[str, ...], tuple[str, ...], Always]
"""A table, the columns that tell a repetition, the columns that are given, and the others."""

_AT_ONCE = 32
"""Rows per statement on SQLite, so that its driver keeps every statement prepared."""


def insert_many_new(
    connection: Connection,
    table: Table,
    keys: tuple[str, ...],
    columns: tuple[str, ...],
    rows: Sequence[Row],
    always: Always = (),
) -> list[bool]:
    """Insert *rows*, whose first value is a unique "id"; False for each of which *keys* exist already.

    Of rows that repeat one another the first is inserted. They are stored in their order. Moments are
    microseconds on SQLite and datetimes on PostgreSQL.
    """
    if connection.dialect.name == "sqlite":
        return _into_sqlite(connection, (table, keys, columns, always), rows)
    statement, values = many_in_arrays(connection.dialect, (table, keys, columns, always), rows)
    new = set(connection.exec_driver_sql(statement, values).scalars())
    return [row[0] in new for row in rows]


def many_in_arrays(dialect: Dialect, into: Into, rows: Sequence[Row]) -> tuple[str, tuple[list[Any], ...]]:
    """Return what inserts *rows* on PostgreSQL, with its parameters; it returns the ids of those inserted."""
    values = tuple(list(column) for column in zip(*rows, strict=True))
    return _postgresql(dialect, into), values


def _into_sqlite(connection: Connection, into: Into, rows: Sequence[Row]) -> list[bool]:
    driver: Any = connection.connection.driver_connection
    found: list[bool] = []
    for begin in range(0, len(rows), _AT_ONCE):
        some = rows[begin : begin + _AT_ONCE]
        found += _some(driver, into, some)
    return found


def _some(driver: Any, into: Into, rows: Sequence[Row]) -> list[bool]:
    """Insert few rows; they are told apart one by one only where some of them are there already."""
    driver.execute("SAVEPOINT some")
    every = [value for row in rows for value in row]
    if driver.execute(_sqlite(into, len(rows)), every).rowcount == len(rows):
        driver.execute("RELEASE some")
        return [True] * len(rows)
    driver.execute("ROLLBACK TO some")
    driver.execute("RELEASE some")
    return [driver.execute(_sqlite(into, 1), row).rowcount == 1 for row in rows]


@lru_cache
def _sqlite(into: Into, rows: int) -> str:
    table, keys, columns, always = into
    named = (*columns, *(name for name, _ in always))
    places = (_places(columns, always, 1 + row * len(columns)) for row in range(rows))
    return (
        f"INSERT INTO {table.name} ({', '.join(named)}) VALUES {', '.join(places)} "
        f"ON CONFLICT ({', '.join(keys)}) DO NOTHING"
    )


def _places(columns: tuple[str, ...], always: Always, first: int) -> str:
    places = {name: f"?{place}" for place, name in enumerate(columns, first)}
    return f"({', '.join([*places.values(), *(places.get(value, value) for _, value in always)])})"


@lru_cache
def _postgresql(dialect: Dialect, into: Into) -> str:
    """Spell a statement with one array for each column, whose text is the same for any number of rows."""
    table, keys, columns, always = into
    kinds = (table.c[name].type.compile(dialect) for name in columns)
    arrays = ", ".join(f"${place}::{kind}[]" for place, kind in enumerate(kinds, 1))
    given = ", ".join(columns)
    return (
        f"INSERT INTO {table.name} ({', '.join([given, *(name for name, _ in always)])}) "
        f"SELECT {', '.join([given, *(value for _, value in always)])} "
        f"FROM unnest({arrays}) WITH ORDINALITY AS arrived ({given}, nth) ORDER BY nth "
        f"ON CONFLICT ({', '.join(keys)}) DO NOTHING RETURNING id"
    )
