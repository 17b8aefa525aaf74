"""Leased work in a table: claimed for a while, fenced, in order per entity, and never lost.

The rows are the truth. Whoever holds an item proves it by the *fence*, which grows with every claim, so a
worker that was paused beyond its lease can no longer settle what somebody else took over.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    Table,
    and_,
    delete,
    exists,
    func,
    literal,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.exc import IntegrityError

from storage.columns import UtcDateTime
from storage.errors import LeaseLostError

STATUSES = ("ready", "in_flight", "done", "dead")

_ERROR = re.compile(r"[\w.\-/]{1,80}(: ?[\w.\-/]{1,80}){0,3}", re.ASCII)
_CLAIM_TRIES = 3


@dataclass(frozen=True, slots=True)
class Item:
    """A piece of work as its holder sees it.

    *attempts* counts claims, this one included. *first_attempt_at* is when it was first claimed: from then on
    it may have had an effect. *key* is the inbox's dedupe key or the outbox's idempotency key.
    """

    id: str
    kind: str
    entity_key: str | None
    body: bytes
    correlation_id: str
    attempts: int
    fence: int
    received_at: datetime
    available_at: datetime
    priority: int
    first_attempt_at: datetime | None
    key: str = ""
    status: str = "in_flight"
    last_error: str | None = None


class LeasedQueue:
    """The engine under inbox and outbox; everything happens in the caller's transaction.

    Age is when an item was first due, then the order of arrival, so an item put off at its birth blocks
    nobody until then, while one that is retried keeps its place before younger ones of its *entity_key*.
    """

    def __init__(self, connection: Connection, table: Table, key: str) -> None:
        self._connection = connection
        self._table = table
        self._key = key

    def claim(
        self, *, owner: str, now: datetime, lease: timedelta, limit: int, kinds: Sequence[str] | None = None
    ) -> list[Item]:
        """Take up to *limit* due items for *owner*, by priority and then age.

        An item is left alone while an older unfinished one, or any claimed one, of the same *entity_key*
        exists, whatever its kind. An expired lease is taken over. May return less than there is when another
        claimer was quicker.
        """
        for _ in range(_CLAIM_TRIES):
            try:
                with self._connection.begin_nested():
                    return self._claim(owner, now, now + lease, self._candidates(now, limit, kinds))
            except IntegrityError:
                # Two items of one entity became visible to two claimers at once; the index let one win.
                continue
        return []

    def extend(self, item: Item, now: datetime, lease: timedelta) -> bool:
        """Hold *item* until *now* + *lease*; False when it is no longer ours."""
        return self._change(item, {"lease_until": now + lease}) == 1

    def retry(self, item: Item, now: datetime, available_at: datetime, error: str) -> None:
        """Give *item* back to be claimed from *available_at* on; *error* is a code. Raises LeaseLostError."""
        del now
        self._settle(item, {"status": "ready", "available_at": available_at, "last_error": error_code(error)})

    def bury(self, item: Item, now: datetime, error: str) -> None:
        """Set *item* aside as dead; younger items of its entity go on. Raises LeaseLostError."""
        self._settle(item, {"status": "dead", "finished_at": now, "last_error": error_code(error)})

    def revive(self, item_id: str, now: datetime) -> bool:
        """Make a dead item claimable again with its attempts forgotten; False when it is not dead."""
        table = self._table
        changed = self._connection.execute(
            update(table)
            .where(table.c.id == item_id, table.c.status == "dead")
            .values(status="ready", available_at=now, attempts=0, finished_at=None)
        )
        return changed.rowcount == 1

    def release(self, owner: str) -> int:
        """Give back everything *owner* holds, when it shuts down; attempts stay counted."""
        table = self._table
        changed = self._connection.execute(
            update(table)
            .where(table.c.status == "in_flight", table.c.lease_owner == owner)
            .values(status="ready", lease_owner=None, lease_until=None)
        )
        return changed.rowcount

    def counts(self) -> dict[str, int]:
        """Return how many items are in each status, zeros included."""
        status = self._table.c.status
        rows = self._connection.execute(select(status, func.count()).group_by(status)).all()
        found: dict[str, int] = {row[0]: row[1] for row in rows}
        return {name: found.get(name, 0) for name in STATUSES}

    def oldest_waiting(self, now: datetime) -> datetime | None:
        """Return since when the longest waiting item could have been claimed; None when nothing waits."""
        table = self._table
        since = select(func.min(table.c.available_at)).where(
            table.c.status == "ready", table.c.available_at <= now
        )
        moment: datetime | None = self._connection.execute(since).scalar_one()
        return moment

    def next_due(self, now: datetime) -> datetime | None:
        """Return the next moment after *now* at which an item falls due or a lease expires."""
        table = self._table
        due = select(func.min(table.c.available_at)).where(
            table.c.status == "ready", table.c.available_at > now
        )
        expiry = select(func.min(table.c.lease_until)).where(
            table.c.status == "in_flight", table.c.lease_until > now
        )
        moments = [self._connection.execute(query).scalar_one() for query in (due, expiry)]
        return min((moment for moment in moments if moment is not None), default=None)

    def get(self, item_id: str) -> Item | None:
        """Return one item whatever its status."""
        row = (
            self._connection.execute(select(self._table).where(self._table.c.id == item_id))
            .mappings()
            .first()
        )
        return self._item(row) if row else None

    def list_dead(self, limit: int) -> list[Item]:
        """Return the dead letters, the latest first."""
        table = self._table
        rows = self._connection.execute(
            select(table)
            .where(table.c.status == "dead")
            .order_by(table.c.finished_at.desc(), table.c.position.desc())
            .limit(limit)
        )
        return [self._item(row) for row in rows.mappings()]

    def purge(self, before: datetime) -> int:
        """Forget items done before that moment, and with them that they were seen; return how many."""
        table = self._table
        return self._connection.execute(
            delete(table).where(table.c.status == "done", table.c.finished_at < before)
        ).rowcount

    def _candidates(self, now: datetime, limit: int, kinds: Sequence[str] | None) -> list[int]:
        table = self._table
        due = or_(
            and_(table.c.status == "ready", table.c.available_at <= now),
            and_(table.c.status == "in_flight", table.c.lease_until <= now),
        )
        query = (
            select(table.c.position)
            .where(table.c.status.in_(("ready", "in_flight")), due, ~self._blocked())
            .order_by(table.c.priority, table.c.first_due_at, table.c.position)
            .limit(limit)
            .with_for_update(skip_locked=True, of=table)
        )
        if kinds is not None:
            query = query.where(table.c.kind.in_(kinds))
        return list(self._connection.execute(query).scalars())

    def _blocked(self) -> ColumnElement[bool]:
        table, other = self._table, self._table.alias("other")
        older = tuple_(other.c.first_due_at, other.c.position) < tuple_(
            table.c.first_due_at, table.c.position
        )
        return exists().where(
            other.c.entity_key == table.c.entity_key,
            other.c.position != table.c.position,
            other.c.status.in_(("ready", "in_flight")),
            or_(other.c.status == "in_flight", older),
        )

    def _claim(self, owner: str, now: datetime, until: datetime, positions: list[int]) -> list[Item]:
        if not positions:
            return []
        table = self._table
        rows = self._connection.execute(
            update(table)
            .where(table.c.position.in_(positions))
            .values(
                status="in_flight",
                lease_owner=owner,
                lease_until=until,
                fence=table.c.fence + 1,
                attempts=table.c.attempts + 1,
                first_attempt_at=func.coalesce(table.c.first_attempt_at, literal(now, UtcDateTime)),
            )
            .returning(table)
        ).mappings()
        order = {position: index for index, position in enumerate(positions)}
        return [self._item(row) for row in sorted(rows, key=lambda row: order[row["position"]])]

    def _settle(self, item: Item, values: dict[str, Any]) -> None:
        if self._change(item, {**values, "lease_owner": None, "lease_until": None}) != 1:
            raise LeaseLostError

    def _change(self, item: Item, values: dict[str, Any]) -> int:
        table = self._table
        held = and_(table.c.id == item.id, table.c.status == "in_flight", table.c.fence == item.fence)
        return self._connection.execute(update(table).where(held).values(values)).rowcount

    def _item(self, row: RowMapping) -> Item:
        return Item(
            id=row["id"],
            kind=row["kind"],
            entity_key=row["entity_key"],
            body=bytes(row["body"]),
            correlation_id=row["correlation_id"],
            attempts=row["attempts"],
            fence=row["fence"],
            received_at=row["received_at"],
            available_at=row["available_at"],
            priority=row["priority"],
            first_attempt_at=row["first_attempt_at"],
            key=row[self._key],
            status=row["status"],
            last_error=row["last_error"],
        )


def error_code(error: str) -> str:
    """Return *error* if it reads as codes and class names ("crm_down: ConnectError"), else "unspecified"."""
    return error if _ERROR.fullmatch(error) else "unspecified"
