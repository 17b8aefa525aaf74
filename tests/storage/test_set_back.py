"""A clock that was ahead is set back: what it had let in waits no longer than it was to wait."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot import heartbeat
from bot.clock import AgreedClock
from bot.heartbeat import Heartbeat
from storage.database import Database
from storage.queue import Effect, Item, Received
from storage.transaction import Transaction

NOW = datetime(2026, 11, 3, 9, 30, tzinfo=UTC)
YEAR, LEASE = timedelta(days=365), timedelta(seconds=15)
MINUTE = timedelta(minutes=1)


def _received(name: str, at: datetime, due_in: timedelta = timedelta()) -> Received:
    return Received(
        id=name,
        source="test",
        dedupe_key=name,
        kind="k",
        entity_key=None,
        body=b"{}",
        correlation_id="c",
        received_at=at,
        available_at=at + due_in,
    )


def _effect(name: str, at: datetime) -> Effect:
    return Effect(
        id=name, idem_key=name, kind="k", entity_key=None, body=b"{}", correlation_id="c", created_at=at
    )


def _due(tx: Transaction, now: datetime) -> dict[str, Item]:
    queues: tuple[Any, ...] = (tx.inbox, tx.outbox)
    return {item.id: item for each in queues for item in each.claim(owner="w", now=now, lease=LEASE, limit=9)}


async def test_what_came_from_the_future_is_due_when_it_was_to_be(database: Database) -> None:
    def arrive(tx: Transaction) -> None:
        tx.inbox.accept(_received("event", NOW + YEAR))
        tx.inbox.accept(_received("reminder", NOW + YEAR, due_in=10 * MINUTE))
        tx.inbox.accept(_received("of old", NOW - YEAR, due_in=YEAR + 10 * MINUTE))
        tx.outbox.enqueue(_effect("card", NOW + YEAR))
        tx.outbox.enqueue(_effect("tried", NOW - MINUTE))

    def try_one(tx: Transaction) -> None:
        [tried] = tx.outbox.claim(owner="w", now=NOW + YEAR - MINUTE, lease=LEASE, limit=1)
        tx.outbox.retry(tried, NOW + YEAR, NOW + YEAR, "unavailable")

    await database.write(arrive)
    await database.write(try_one)
    assert await database.write(lambda tx: _due(tx, NOW + MINUTE)) == {}
    assert await database.write(lambda tx: tx.set_back.bring_back(NOW)) == 4
    assert await database.write(lambda tx: tx.set_back.bring_back(NOW)) == 0
    due = await database.write(lambda tx: _due(tx, NOW + MINUTE))
    assert {name: item.first_attempt_at for name, item in due.items()} == {
        "event": NOW + MINUTE,
        "card": NOW + MINUTE,
        "tried": NOW,
    }
    later = await database.write(lambda tx: _due(tx, NOW + 10 * MINUTE))
    assert later.keys() >= {"reminder", "of old"}


async def test_what_a_wrong_clock_has_put_off_is_tried_again_at_once(database: Database) -> None:
    def arrive(tx: Transaction) -> None:
        for name in ("for a year", "for an hour"):
            tx.inbox.accept(_received(name, NOW - MINUTE))
        tx.inbox.accept(_received("planned", NOW - MINUTE, due_in=YEAR))
        tx.outbox.enqueue(_effect("card", NOW - MINUTE))

    def put_off(tx: Transaction) -> None:
        found = {
            item.id: (queue, item)
            for queue in (tx.inbox, tx.outbox)
            for item in queue.claim(owner="w", now=NOW, lease=LEASE, limit=9)
        }
        for name, until in (("for a year", YEAR), ("for an hour", 60 * MINUTE), ("card", YEAR)):
            queue, item = found[name]
            queue.retry(item, NOW, NOW + until, "crm_no_answer")

    await database.write(arrive)
    await database.write(put_off)
    assert await database.write(lambda tx: tx.set_back.bring_back(NOW)) == 0, (
        "all of it came by a right clock"
    )
    assert await database.write(lambda tx: tx.set_back.wake_put_off(NOW)) == 2
    assert await database.write(lambda tx: tx.set_back.wake_put_off(NOW)) == 0
    due = await database.write(lambda tx: _due(tx, NOW))
    assert {name: item.first_attempt_at for name, item in due.items()} == {"for a year": NOW, "card": NOW}


async def test_it_is_looked_for_when_a_process_starts_and_when_the_time_is_set_back(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop, due, beats = asyncio.Event(), [], iter((False, True, False))

    class Time:
        has_doubts = False

        async def look(self) -> bool:
            return next(beats)

    async def conditions() -> dict[str, Any]:
        due.append(sorted(await database.write(lambda tx: _due(tx, NOW))))
        name = f"ahead {len(due)}"
        await database.write(lambda tx: tx.inbox.accept(_received(name, NOW + YEAR)))
        if len(due) == 3:
            stop.set()
        return {}

    monkeypatch.setattr(heartbeat, "EVERY_S", 0.0)
    await database.write(lambda tx: tx.inbox.accept(_received("before the start", NOW + YEAR)))
    clock = AgreedClock(lambda: NOW, lambda: 0.0)
    await Heartbeat("r", "all", database, clock, conditions, Time()).run(stop)  # type: ignore[arg-type]
    assert due == [["before the start"], ["ahead 1"], []]


@pytest.mark.parametrize(("days", "is_set_back"), [(-7, True), (7, False)])
def test_only_a_leap_backwards_that_is_believed_sets_the_time_back(days: int, is_set_back: bool) -> None:
    clock = AgreedClock(lambda: NOW, lambda: 0.0)
    leapt = NOW + timedelta(days=days)
    assert [clock.look(leapt) for _ in range(4)] == [False, False, is_set_back, False]
