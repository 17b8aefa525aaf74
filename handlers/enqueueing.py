"""Putting effects into the outbox, each once, in order, and by who waits for it."""

from __future__ import annotations

from datetime import datetime, timedelta

from handlers.context import Arrived
from handlers.effects import Effect
from storage.queue import Effect as OutboxRow
from storage.transaction import Transaction

PEOPLE_FIRST = 10
WHEN_DUE = 30
"""What somebody awaits at its hour: a reminder, a deadline, a digest. No import may hold it up."""
EVENTS = 50
WHEN_QUIET = 70
SHORTLY = timedelta(seconds=1)


def enqueue(
    tx: Transaction,
    effect: Effect,
    *,
    key: str,
    order: str | None,
    arrived: Arrived,
    priority: int = EVENTS,
    at: datetime | None = None,
) -> bool:
    """Put *effect* into the outbox once per *key*; effects of the same *order* run one after the other.

    It is done as soon as possible, or from *at* on.
    """
    return tx.outbox.enqueue(_row(effect, order, arrived, priority, at, key))


def join(
    tx: Transaction,
    arrived: Arrived,
    effect: Effect,
    order: str,
    *,
    priority: int = WHEN_QUIET,
    after: timedelta = SHORTLY,
) -> None:
    """Have *effect* done shortly; one of the same *order* that waits until then at most will do."""
    tx.outbox.join(_row(effect, order, arrived, priority, arrived.now + after))


def _row(
    effect: Effect,
    order: str | None,
    arrived: Arrived,
    priority: int,
    at: datetime | None,
    key: str | None = None,
) -> OutboxRow:
    """Write *effect* down; without a *key* it is like no other."""
    row_id = arrived.ids.new()
    return OutboxRow(
        id=row_id,
        idem_key=key or f"{order}:{row_id}",
        kind=effect.type,
        entity_key=order,
        body=effect.model_dump_json().encode(),
        correlation_id=arrived.correlation_id,
        created_at=arrived.now,
        available_at=at,
        priority=priority,
    )
