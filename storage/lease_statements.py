"""The statements under the leased queues, built once for each table since every claim runs them."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    Integer,
    Select,
    Table,
    Update,
    and_,
    bindparam,
    case,
    false,
    func,
    literal_column,
    or_,
    select,
    true,
    tuple_,
    update,
)
from sqlalchemy.sql.dml import ReturningUpdate

from storage.columns import UtcDateTime


@lru_cache
def candidates(table: Table, *, urgent: bool, onwards: bool, named: bool) -> Select[Any]:
    """Build the query for claimable rows; rows another transaction has locked are passed over.

    *onwards* looks only behind the place that the parameters name, *named* only at the items they name.
    """
    now = bindparam("now", type_=UtcDateTime())
    fresh = and_(in_status(table, "ready"), table.c.available_at <= now, _is_its_turn(table))
    abandoned = and_(
        in_status(table, "in_flight"),
        or_(
            table.c.lease_until <= bindparam("expired", type_=UtcDateTime()),
            table.c.lease_until > bindparam("absurd", type_=UtcDateTime()),
        ),
    )
    # What a CASE says no planner can guess. One that knows the rows of last week expects next to none here,
    # and would sort all that wait instead of reading the first few by the index, which has them in order.
    is_claimable = case((or_(fresh, abandoned), true()), else_=false())
    query = (
        select(table.c.position)
        .where(in_status(table, "ready", "in_flight"), is_claimable)
        .order_by(table.c.priority, table.c.first_due_at, table.c.position)
        .limit(bindparam("limit", type_=Integer(), literal_execute=True))
        .with_for_update(skip_locked=True, of=table)
    )
    if urgent:
        query = query.where(table.c.priority <= bindparam("at_most", type_=Integer()))
    if onwards:
        query = query.where(tuple_(table.c.priority, table.c.first_due_at, table.c.position) > _PLACE)
    if named:
        query = query.where(table.c.id.in_(bindparam("ids", expanding=True)))
    return query


@lru_cache
def claiming(table: Table, *, timed: bool) -> ReturningUpdate[Any]:
    """Build the update that gives rows to an owner; *timed* to one who lives by the server's time."""
    at = bindparam("at", type_=UtcDateTime())
    wanted = table.c.position.in_(bindparam("positions", expanding=True))
    return (
        update(table)
        .where(wanted, _IN_TIME if timed else true())
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
def holding(table: Table, *, timed: bool = False) -> Update:
    """Build the update of an item by whoever holds it; the parameters say what is set."""
    return update(table).where(
        _IN_TIME if timed else true(),
        table.c.id == bindparam("held_id"),
        table.c.status == literal_column("'in_flight'"),
        table.c.fence == bindparam("held_fence"),
    )


@lru_cache
def oldest(table: Table) -> Select[Any]:
    """Build the look into the index for what comes next of one order."""
    return (
        select(table.c.id)
        .where(table.c.entity_key == bindparam("of_entity"), in_status(table, "ready", "in_flight"))
        .order_by(table.c.first_due_at, table.c.position)
        .limit(_ONE)
    )


def in_line(table: Table) -> Select[Any]:
    """Build the look at an item and what comes behind it in its order."""
    held = table.alias("held")
    order = select(held.c.entity_key).where(held.c.id == bindparam("held_id")).scalar_subquery()
    return (
        select(table)
        .where(table.c.entity_key == order, in_status(table, "ready", "in_flight"))
        .order_by(table.c.first_due_at, table.c.position)
        .limit(bindparam("most", type_=Integer(), literal_execute=True))
    )


@lru_cache
def locking(table: Table, *, by_then: bool) -> Update:
    """Build the update that changes nothing and so locks what waits of one kind and order.

    *by_then* leaves out what was put off, at its birth, to after the moment that the parameters name.
    """
    moment = bindparam("due_by", type_=UtcDateTime())
    due = table.c.first_due_at <= moment if by_then else true()
    return (
        update(table)
        .where(
            table.c.entity_key == bindparam("of_entity"),
            table.c.kind == bindparam("of_kind"),
            in_status(table, "ready"),
            due,
        )
        .values(available_at=table.c.available_at)
    )


def _is_its_turn(table: Table) -> ColumnElement[bool]:
    """Say that no row of the entity is claimed and none that is unfinished is older.

    Each is one look into an index, however many rows of the entity wait.
    """
    other, claimed = table.alias("other"), table.alias("claimed")
    oldest = (
        select(other.c.position)
        .where(other.c.entity_key == table.c.entity_key, in_status(other, "ready", "in_flight"))
        .order_by(other.c.first_due_at, other.c.position)
        .limit(_ONE)
        .scalar_subquery()
    )
    in_flight = (
        select(claimed.c.position)
        .where(claimed.c.entity_key == table.c.entity_key, in_status(claimed, "in_flight"))
        .limit(_ONE)
        .scalar_subquery()
    )
    return or_(table.c.entity_key.is_(None), and_(table.c.position == oldest, in_flight.is_(None)))


_IN_TIME = func.clock_timestamp() < bindparam("server_before", type_=UtcDateTime())
"""What whoever stood still with their clock, as a machine does that was held, does not fulfil any more."""
_ONE = literal_column("1", Integer())
"""Spelled out, and not a parameter that a planner has to make a guess at."""
_PLACE = tuple_(
    bindparam("after_priority", type_=Integer()),
    bindparam("after_due_at", type_=UtcDateTime()),
    bindparam("after_position", type_=BigInteger()),
)


def in_status(table: FromClause, *statuses: str) -> ColumnElement[bool]:
    """Compare the status with literals: only so does a database see that a partial index serves.

    That index's own condition has to be among the query's, even where another implies it.
    """
    status = table.c.status
    literals: list[ColumnElement[Any]] = [literal_column(f"'{status}'") for status in statuses]
    return status == literals[0] if len(literals) == 1 else status.in_(literals)
