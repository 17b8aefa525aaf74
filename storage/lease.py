"""Leased work in a table: claimed for a while, fenced, in order per entity, and never lost.

The rows are the truth. Whoever holds an item proves it by the *fence*, which grows with every claim, so a
worker that was paused beyond its lease can no longer settle what somebody else took over.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    Connection,
    RowMapping,
    Table,
    delete,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from storage.errors import LeaseLostError
from storage.lease_counts import CountedQueue
from storage.lease_statements import candidates, claiming, holding, in_status, locking, oldest

_ERROR = re.compile(r"[\w.\-/]{1,80}(: ?[\w.\-/]{1,80}){0,3}", re.ASCII)
_CLAIM_TRIES = 3
_LONGEST_LEASES = 4
"""A lease that ends later than so many of them from now was not given by the time that all agree on."""
_ANY_LEASE = timedelta(days=365 * 100)


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where an item stands in its queue: smaller comes first."""

    priority: int
    first_due_at: datetime
    position: int


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
    place: Place | None = field(default=None, compare=False)


class LeasedQueue(CountedQueue):
    """The engine under inbox and outbox; everything happens in the caller's transaction.

    Age is when an item was first due, then the order of arrival, so an item put off at its birth blocks
    nobody until then, while one that is retried keeps its place before younger ones of its *entity_key*.
    """

    def __init__(self, connection: Connection, table: Table, key: str) -> None:
        super().__init__(connection, table)
        self._key = key

    def claim(
        self,
        *,
        owner: str,
        now: datetime,
        lease: timedelta,
        limit: int,
        at_most: int | None = None,
        after: Place | None = None,
        ids: Sequence[str] | None = None,
        leapt: timedelta = timedelta(),
        clocks_agree: bool = True,
        server_before: datetime | None = None,
    ) -> list[Item]:
        """Take up to *limit* due items for *owner*, by priority and then age; none of a priority > *at_most*.

        With *after* only what stands behind that place is looked at, however much stands before it, and with
        *ids* only those items.

        An item is left alone while an older unfinished one, or any claimed one, of the same *entity_key*
        exists, whatever its kind. An expired lease is taken over whatever else waits, unless it
        is only because the clock *leapt* by so much; and so is one that runs for longer than any that was
        ever given, as whoever claims by a wrong clock leaves behind, unless *clocks_agree* is doubtful just
        now. May return less than there is when another claimer was quicker, and nothing once the server's
        clock, where there is a server, shows *server_before*: the lease would be over too soon.
        """
        absurd = now + (_LONGEST_LEASES * lease if clocks_agree else _ANY_LEASE)
        for _ in range(_CLAIM_TRIES):
            found = self._candidates(now, limit, at_most, after, ids, (now - leapt, absurd))
            if not found:
                break
            try:
                with self._one_try():
                    return self._claim(owner, now, now + lease, found, server_before)
            except IntegrityError:
                # Two items of one entity became visible to two claimers at once; the index let one win.
                continue
        return []

    def next_of(self, entity_keys: Sequence[str]) -> list[str]:
        """Return the id of the oldest unfinished item of each order that has any, due or not."""
        found = (self._connection.execute(oldest(self._table), {"of_entity": each}) for each in entity_keys)
        return [item_id for each in found for item_id in each.scalars()]

    def _one_try(self) -> AbstractContextManager[object]:
        """Begin what fails alone; on SQLite, which has one writer, a refused statement undoes itself only."""
        return nullcontext() if self._connection.dialect.name == "sqlite" else self._connection.begin_nested()

    def extend(
        self, item: Item, now: datetime, lease: timedelta, server_before: datetime | None = None
    ) -> bool:
        """Hold *item* until *now* + *lease*; False when it is no longer ours, or *now* is long over."""
        values = {"lease_until": now + lease}
        if server_before is None or not self._has_server:
            return self._change(item, values) == 1
        return self._change(item, values | {"server_before": server_before}, timed=True) == 1

    @property
    def _has_server(self) -> bool:
        return self._connection.dialect.name == "postgresql"

    def retry(self, item: Item, now: datetime, available_at: datetime, error: str) -> None:
        """Give *item* back to be claimed from *available_at* on; *error* is a code. Raises LeaseLostError."""
        del now
        self._settle(item, {"status": "ready", "available_at": available_at, "last_error": error_code(error)})

    def park(self, item: Item, available_at: datetime, code: str) -> None:
        """Give *item* back untouched: it did nothing this time, so the attempt does not count.

        Raises LeaseLostError.
        """
        fewer = {"status": "ready", "attempts": item.attempts - 1}
        self._settle(item, fewer | {"available_at": available_at, "last_error": error_code(code)})

    def wake(self, code: str, now: datetime) -> int:
        """Make everything claimable that was parked with *code*; return how many."""
        table = self._table
        parked = (in_status(table, "ready"), in_status(table, "ready", "in_flight"))
        woken = self._connection.execute(
            update(table)
            .where(*parked, table.c.last_error == code, table.c.available_at > now)
            .values(available_at=now)
        )
        return woken.rowcount

    def bury(self, item: Item, now: datetime, error: str) -> None:
        """Set *item* aside as dead; younger items of its entity go on. Raises LeaseLostError."""
        self._settle(item, {"status": "dead", "finished_at": now, "last_error": error_code(error)})

    def revive(self, item_id: str, now: datetime) -> bool:
        """Make a dead item claimable again; False when it is not dead.

        Its attempts are forgotten but for one: whoever tries again still looks for what it may have left.
        """
        table = self._table
        changed = self._connection.execute(
            update(table)
            .where(table.c.id == item_id, table.c.status == "dead")
            .values(status="ready", available_at=now, attempts=1, finished_at=None)
        )
        return changed.rowcount == 1

    def discard(self, item_id: str, now: datetime) -> bool:
        """Settle a dead item without doing it; False when it is not dead. A repetition of it stays known."""
        table = self._table
        changed = self._connection.execute(
            update(table)
            .where(table.c.id == item_id, table.c.status == "dead")
            .values(status="done", finished_at=now)
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

    def get(self, item_id: str) -> Item | None:
        """Return one item whatever its status."""
        row = (
            self._connection.execute(select(self._table).where(self._table.c.id == item_id))
            .mappings()
            .first()
        )
        return self._item(row) if row else None

    def list_dead(self, limit: int, kind: str | None = None, code: str | None = None) -> list[Item]:
        """Return the dead letters, or those of a kind or with a code, the latest first."""
        table = self._table
        asked = select(table).where(in_status(table, "dead"), in_status(table, "done", "dead"))
        if kind is not None:
            asked = asked.where(table.c.kind == kind)
        if code is not None:
            asked = asked.where(table.c.last_error == code)
        rows = self._connection.execute(
            asked.order_by(table.c.finished_at.desc(), table.c.position.desc()).limit(limit)
        )
        return [self._item(row) for row in rows.mappings()]

    def dead_ids(self, code: str) -> list[str]:
        """Return the ids of the dead letters with a code, the oldest first."""
        table = self._table
        dead = in_status(table, "dead") & in_status(table, "done", "dead")
        asked = select(table.c.id).where(dead, table.c.last_error == code).order_by(table.c.position)
        return list(self._connection.execute(asked).scalars())

    def purge(self, before: datetime, at_once: int) -> int:
        """Forget up to *at_once* items done before that moment, and that they were seen; return how many."""
        table = self._table
        done = in_status(table, "done") & in_status(table, "done", "dead")
        old = select(table.c.position).where(done, table.c.finished_at < before).limit(at_once)
        return self._connection.execute(delete(table).where(table.c.position.in_(old))).rowcount

    def _candidates(
        self,
        now: datetime,
        limit: int,
        at_most: int | None,
        after: Place | None,
        ids: Sequence[str] | None,
        leases: tuple[datetime, datetime],
    ) -> list[int]:
        query = candidates(
            self._table,
            urgent=at_most is not None,
            onwards=after is not None,
            named=ids is not None,
        )
        expired, absurd = leases
        wanted: dict[str, Any] = {"now": now, "expired": expired, "absurd": absurd, "limit": limit}
        if at_most is not None:
            wanted["at_most"] = at_most
        if after is not None:
            wanted["after_priority"] = after.priority
            wanted["after_due_at"] = after.first_due_at
            wanted["after_position"] = after.position
        if ids is not None:
            wanted["ids"] = list(ids)
        return list(self._connection.execute(query, wanted).scalars())

    def _claim(
        self, owner: str, now: datetime, until: datetime, positions: list[int], server_before: datetime | None
    ) -> list[Item]:
        taken: dict[str, Any] = {
            "positions": positions,
            "at": now,
            "lease_owner": owner,
            "lease_until": until,
        }
        timed = server_before is not None and self._has_server
        if timed:
            taken["server_before"] = server_before
        rows = self._connection.execute(claiming(self._table, timed=timed), taken).mappings()
        order = {position: index for index, position in enumerate(positions)}
        return [self._item(row) for row in sorted(rows, key=lambda row: order[row["position"]])]

    def _settle(self, item: Item, values: dict[str, Any]) -> None:
        if self._change(item, {**values, "lease_owner": None, "lease_until": None}) != 1:
            raise LeaseLostError

    def _waits(self, kind: str, entity_key: str | None, due_by: datetime | None = None) -> bool:
        """Lock what waits of that kind and order, if anything does; with *due_by* what is due by then."""
        waiting: dict[str, Any] = {"of_entity": entity_key, "of_kind": kind}
        if due_by is not None:
            waiting["due_by"] = due_by
        statement = locking(self._table, by_then=due_by is not None)
        return bool(self._connection.execute(statement, waiting).rowcount)

    def _change(self, item: Item, values: dict[str, Any], *, timed: bool = False) -> int:
        held = {"held_id": item.id, "held_fence": item.fence}
        return self._connection.execute(holding(self._table, timed=timed), values | held).rowcount

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
            place=Place(row["priority"], row["first_due_at"], row["position"]),
        )


def error_code(error: str) -> str:
    """Return *error* if it reads as codes and class names ("crm_down: ConnectError"), else "unspecified"."""
    return error if _ERROR.fullmatch(error) else "unspecified"
