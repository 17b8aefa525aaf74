"""How much waits in a leased queue, and for how long: what metrics, status and alerts are made of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Integer, Table, and_, case, func, literal_column, select, union_all

from storage.lease_statements import in_status

STATUSES = ("ready", "in_flight", "done", "dead")

_BELOW_ALL = literal_column("-32768", Integer())
"""Named so that rows are read by the index that has them nearly in the order they lie in in the file."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a queue stands: *counts* of what is "due", "later", "in_flight" and "dead".

    *waiting_since* is when what waits longest could first have been claimed. *tried* counts by code what
    waits to be tried again, with when the first of each was tried.
    """

    counts: dict[str, int]
    waiting_since: datetime | None
    tried: dict[str, tuple[int, datetime]]


class CountedQueue:
    """The reading half of a leased queue, over the caller's transaction."""

    def __init__(self, connection: Connection, table: Table) -> None:
        self._connection = connection
        self._table = table

    def standing(self, now: datetime) -> Standing:
        """Return how the queue stands at *now*, from one look at what is unfinished.

        It never looks at what is done, so it costs the same after years.
        """
        table = self._table
        ready, tried = in_status(table, "ready"), table.c.last_error.is_not(None)
        is_due = and_(ready, table.c.available_at <= now)
        sums = select(
            func.count(),
            func.count(case((in_status(table, "in_flight"), 1))),
            func.count(case((is_due, 1))),
            func.min(case((is_due, table.c.available_at))),
            func.count(case((and_(ready, tried), 1))),
        ).where(in_status(table, "ready", "in_flight"), table.c.priority > _BELOW_ALL)
        unfinished, in_flight, due, since, in_vain = self._connection.execute(sums).one()
        dead = select(func.count()).where(in_status(table, "dead"), in_status(table, "done", "dead"))
        counts = {
            "due": due,
            "later": unfinished - in_flight - due,
            "in_flight": in_flight,
            "dead": self._connection.execute(dead).scalar_one(),
        }
        return Standing(counts, since, self._tried() if in_vain else {})

    def _tried(self) -> dict[str, tuple[int, datetime]]:
        table = self._table
        query = select(table.c.last_error, func.count(), func.min(table.c.first_attempt_at)).where(
            in_status(table, "ready"),
            in_status(table, "ready", "in_flight"),
            table.c.last_error.is_not(None),
            table.c.first_attempt_at.is_not(None),
        )
        rows = self._connection.execute(query.group_by(table.c.last_error))
        return {code: (count, since) for code, count, since in rows}

    def counts(self) -> dict[str, int]:
        """Return how many items are in each status, zeros included."""
        status = self._table.c.status
        halves = (in_status(self._table, "ready", "in_flight"), in_status(self._table, "done", "dead"))
        counts = (select(status, func.count()).where(half).group_by(status) for half in halves)
        found: dict[str, int] = {row[0]: row[1] for row in self._connection.execute(union_all(*counts))}
        return {name: found.get(name, 0) for name in STATUSES}

    def dead_since(self, moment: datetime | None) -> dict[tuple[str, str], int]:
        """Count what was set aside after *moment*, or ever, by kind and code."""
        table = self._table
        query = select(table.c.kind, table.c.last_error, func.count()).where(
            in_status(table, "dead"), in_status(table, "done", "dead")
        )
        if moment is not None:
            query = query.where(table.c.finished_at > moment)
        rows = self._connection.execute(query.group_by(table.c.kind, table.c.last_error))
        return {(kind, code or ""): count for kind, code, count in rows}
