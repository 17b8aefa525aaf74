"""The statements under the leased queues, built once for each table since every claim runs them."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Integer,
    Select,
    Table,
    Update,
    and_,
    bindparam,
    exists,
    func,
    literal_column,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.sql.dml import ReturningUpdate

from storage.columns import UtcDateTime


@lru_cache
def candidates(table: Table, *, of_kinds: bool, urgent: bool) -> Select[Any]:
    """Build the query for claimable rows; rows another transaction has locked are passed over."""
    now = bindparam("now", type_=UtcDateTime())
    due = or_(
        and_(in_status(table, "ready"), table.c.available_at <= now),
        and_(
            in_status(table, "in_flight"),
            or_(
                table.c.lease_until <= bindparam("expired", type_=UtcDateTime()),
                table.c.lease_until > bindparam("absurd", type_=UtcDateTime()),
            ),
        ),
    )
    query = (
        select(table.c.position)
        .where(in_status(table, "ready", "in_flight"), due, ~_blocked(table))
        .order_by(table.c.priority, table.c.first_due_at, table.c.position)
        .limit(bindparam("limit", type_=Integer()))
        .with_for_update(skip_locked=True, of=table)
    )
    if urgent:
        query = query.where(table.c.priority <= bindparam("at_most", type_=Integer()))
    return query.where(table.c.kind.in_(bindparam("kinds", expanding=True))) if of_kinds else query


@lru_cache
def claiming(table: Table) -> ReturningUpdate[Any]:
    """Build the update that gives rows to an owner."""
    at = bindparam("at", type_=UtcDateTime())
    return (
        update(table)
        .where(table.c.position.in_(bindparam("positions", expanding=True)))
        .values(
            status="in_flight",
            lease_owner=bindparam("lease_owner"),
            lease_until=bindparam("lease_until"),
            fence=table.c.fence + 1,
            attempts=table.c.attempts + 1,
            first_attempt_at=func.coalesce(table.c.first_attempt_at, at),
        )
        .returning(table)
    )


@lru_cache
def holding(table: Table) -> Update:
    """Build the update of an item by whoever holds it; the parameters say what is set."""
    return update(table).where(
        table.c.id == bindparam("held_id"),
        table.c.status == literal_column("'in_flight'"),
        table.c.fence == bindparam("held_fence"),
    )


def _blocked(table: Table) -> ColumnElement[bool]:
    """Say that another row of the entity is claimed, or unfinished and older."""
    other = table.alias("other")
    older = tuple_(other.c.first_due_at, other.c.position) < tuple_(table.c.first_due_at, table.c.position)
    return exists().where(
        other.c.entity_key == table.c.entity_key,
        other.c.position != table.c.position,
        in_status(other, "ready", "in_flight"),
        or_(in_status(other, "in_flight"), older),
    )


def in_status(table: FromClause, *statuses: str) -> ColumnElement[bool]:
    """Compare the status with literals: only so does a database see that a partial index serves.

    That index's own condition has to be among the query's, even where another implies it.
    """
    status = table.c.status
    literals: list[ColumnElement[Any]] = [literal_column(f"'{status}'") for status in statuses]
    return status == literals[0] if len(literals) == 1 else status.in_(literals)
