"""Inbox and outbox: what must be worked on, and what must change in the outside world, each exactly once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile
from typing import Any

from sqlalchemy import Connection, Dialect, func, select, update

from storage.columns import microseconds
from storage.conflict import insert_new
from storage.errors import LeaseLostError
from storage.insert_many import insert_many_new, many_in_arrays
from storage.lease import Item, LeasedQueue
from storage.lease_statements import in_line, in_status
from storage.schema import INBOX, OUTBOX

__all__ = ["Effect", "Inbox", "Item", "LeaseLostError", "Outbox", "Received", "accepting"]


@dataclass(frozen=True, slots=True)
class Received:
    """Something that arrived; (*source*, *dedupe_key*) tells a repetition. *available_at* None means at once.

    Lower *priority* goes first. Items of one *entity_key* are worked on one at a time.
    """

    id: str
    source: str
    dedupe_key: str
    kind: str
    entity_key: str | None
    body: bytes
    correlation_id: str
    received_at: datetime
    available_at: datetime | None = None
    priority: int = 50


@dataclass(frozen=True, slots=True)
class Effect:
    """A change of the outside world to be made once; *idem_key* never depends on the attempt."""

    id: str
    idem_key: str
    kind: str
    entity_key: str | None
    body: bytes
    correlation_id: str
    created_at: datetime
    available_at: datetime | None = None
    priority: int = 50


class Inbox(LeasedQueue):
    """Everything accepted from outside or put off to a later time."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection, INBOX, "dedupe_key")

    def accept(self, received: Received) -> bool:
        """Store *received*; False when its source sent the same before."""
        values = _row(received, received.received_at)
        values |= {"source": received.source, "dedupe_key": received.dedupe_key}
        return insert_new(self._connection, INBOX, _SENT_ONCE, values)

    def accept_all(self, received: Sequence[Received]) -> list[bool]:
        """Store what arrived at the same time, in its order, with one statement; False for repetitions."""
        if not all(map(is_new, received)):
            return [self.accept(each) for each in received]
        spelled = microseconds if self._connection.dialect.name == "sqlite" else _as_it_is
        rows = [_values(each, spelled) for each in received]
        return insert_many_new(self._connection, INBOX, _SENT_ONCE, _ARRIVED, rows, _NEW)

    def last_position(self) -> int:
        """Return the position of what arrived last, 0 when nothing ever did; it is in every index."""
        return self._connection.execute(_LAST_POSITION).scalar_one() or 0

    def waits(self, kind: str, entity_key: str) -> bool:
        """Say whether one of that kind and order waits; it is locked until the caller's transaction ends.

        So whoever claims it sees the caller's changes.
        """
        return self._waits(kind, entity_key)

    def behind(self, item_id: str, now: datetime, most: int) -> list[Item]:
        """Return up to *most* items that come right behind a claimed one in its order, as long as they are
        of its kind, due, and were never claimed.

        Nobody claims them while that one is held.
        """
        rows = self._connection.execute(_IN_LINE, {"held_id": item_id, "most": most + 1}).mappings().all()
        line = [self._item(row) for row in rows]
        if not line or line[0].id != item_id:
            return []
        kind = line[0].kind
        return list(takewhile(lambda each: each.kind == kind and _is_untouched(each, now), line[1:]))

    def finish_along(self, items: Sequence[Item], now: datetime) -> bool:
        """Mark what waits behind an item, and is done with it, as done too; False when it is not as it was.

        It is for whoever finishes that one in the same transaction, and so still holds it.
        """
        if not items:
            return True
        wanted = (
            INBOX.c.id.in_([each.id for each in items]),
            in_status(INBOX, "ready"),
            INBOX.c.attempts == 0,
        )
        settled = update(INBOX).where(*wanted).values(**_EMPTIED, finished_at=now)
        return self._connection.execute(settled).rowcount == len(items)

    def take_along(self, kind: str, entity_key: str, now: datetime) -> list[bytes]:
        """Settle what waits of that kind and order, due or not, and return what it says, the oldest first.

        It is for whoever does with one of them what all of them are for.
        """
        waits = (INBOX.c.entity_key == entity_key, INBOX.c.kind == kind, in_status(INBOX, "ready"))
        rows = self._connection.execute(
            select(INBOX.c.position, INBOX.c.body).where(*waits).order_by(INBOX.c.position).with_for_update()
        ).all()
        positions = [position for position, _ in rows]
        done = update(INBOX).where(INBOX.c.position.in_(positions)).values(**_EMPTIED, finished_at=now)
        self._connection.execute(done)
        return [bytes(body) for _, body in rows]

    def finish(self, item: Item, now: datetime) -> None:
        """Mark *item* as done. Raises LeaseLostError, so that everything done for it rolls back.

        What it said goes: nobody reads it again, and it need not lie in back-ups for a month.
        """
        self._settle(item, _EMPTIED | {"finished_at": now})


class Outbox(LeasedQueue):
    """Every effect on Slack, the CRM and the event stream, written with the decision that causes it."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection, OUTBOX, "idem_key")
        self.enqueued: list[str] = []
        """The ids of the effects stored through this object, so that a worker can take them along."""

    def enqueue(self, effect: Effect) -> bool:
        """Store *effect*; False when one with the same key exists."""
        values = _row(effect, effect.created_at) | {"idem_key": effect.idem_key}
        fresh = insert_new(self._connection, OUTBOX, ("idem_key",), values)
        if fresh:
            self.enqueued.append(effect.id)
        return fresh

    def join(self, effect: Effect) -> None:
        """Have one effect of this kind and order come after this transaction; one that waits will do.

        But not one that was put off to a later moment than this.
        The waiting row is locked until the caller's transaction ends, so whoever claims it sees the changes.
        """
        if not self._waits(effect.kind, effect.entity_key, effect.available_at or effect.created_at):
            self.enqueue(effect)

    def doubt(self) -> None:
        """Have what waits be looked for where it goes before it is sent: it may have been sent already."""
        table = OUTBOX.c
        untried = in_status(OUTBOX, "ready") & (table.attempts == 0)
        tried = {"attempts": 1, "first_attempt_at": table.received_at}
        self._connection.execute(update(OUTBOX).where(untried).values(tried))

    def finish(self, item: Item, now: datetime) -> None:
        """Mark *item* as done; what it said goes. Raises LeaseLostError."""
        self._settle(item, _EMPTIED | {"finished_at": now})

    def kept(self, kind: str, entity_keys: Collection[str]) -> list[bytes]:
        """Return what the effects of that kind and order say that wait or were set aside."""
        table = OUTBOX.c
        halves = (
            in_status(OUTBOX, "ready", "in_flight"),
            in_status(OUTBOX, "dead") & in_status(OUTBOX, "done", "dead"),
        )
        queries = (
            select(table.body).where(half, table.kind == kind, table.entity_key.in_(entity_keys))
            for half in halves
        )
        return [bytes(body) for query in queries for body in self._connection.execute(query).scalars()]


_IN_LINE = in_line(INBOX)
_LAST_POSITION = select(func.max(INBOX.c.position))
_SENT_ONCE = ("source", "dedupe_key")
_ARRIVED = (
    "id",
    "source",
    "dedupe_key",
    "kind",
    "entity_key",
    "body",
    "priority",
    "received_at",
)
_NEW = (
    ("correlation_id", "id"),
    ("first_due_at", "received_at"),
    ("available_at", "received_at"),
    ("status", "'ready'"),
    ("attempts", "0"),
    ("fence", "0"),
)


def is_new(received: Received) -> bool:
    """Say whether it begins something of its own, to be looked at as soon as can be, as nearly all does."""
    return received.correlation_id == received.id and received.available_at is None


def accepting(dialect: Dialect, received: Sequence[Received]) -> tuple[str, tuple[Any, ...]]:
    """Return what stores *received*, all of it new, on PostgreSQL, with its parameters.

    It returns the ids of what had not arrived before.
    """
    rows = [_values(each, _as_it_is) for each in received]
    return many_in_arrays(dialect, (INBOX, _SENT_ONCE, _ARRIVED, _NEW), rows)


def _values(received: Received, spelled: Callable[[datetime], datetime | int]) -> tuple[object, ...]:
    """Return what `_ARRIVED` names."""
    return (
        received.id,
        received.source,
        received.dedupe_key,
        received.kind,
        received.entity_key,
        received.body,
        received.priority,
        spelled(received.received_at),
    )


def _as_it_is(moment: datetime) -> datetime:
    return moment


def _is_untouched(item: Item, now: datetime) -> bool:
    return item.status == "ready" and item.attempts == 0 and item.available_at <= now


_EMPTIED: dict[str, Any] = {"status": "done", "body": b"{}", "entity_key": None}


def _row(entry: Received | Effect, arrived_at: datetime) -> dict[str, Any]:
    due_at = entry.available_at or arrived_at
    return {
        "id": entry.id,
        "kind": entry.kind,
        "entity_key": entry.entity_key,
        "body": entry.body,
        "correlation_id": entry.correlation_id,
        "priority": entry.priority,
        "status": "ready",
        "attempts": 0,
        "fence": 0,
        "received_at": arrived_at,
        "first_due_at": due_at,
        "available_at": due_at,
    }
