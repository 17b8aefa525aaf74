"""What arrives in the same moment is stored together, each as if it had come alone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from storage.accepting import Accept
from storage.database import Database
from storage.errors import ConstraintError
from storage.queue import Item, Received
from storage.transaction import Transaction

NOW = datetime(2026, 11, 3, 9, 30, 0, 123456, tzinfo=UTC)


def _new(name: str, key: str | None = None) -> Received:
    """Return what begins something of its own and is to be looked at at once, as what comes by a door."""
    return replace(_received(name, key), correlation_id=name, available_at=None)


def _received(name: str, key: str | None = None) -> Received:
    return Received(
        id=name,
        source="crm",
        dedupe_key=key or name,
        kind="k",
        entity_key=f"donor:{name[-1]}",
        body=f'"ü {name}"'.encode(),
        correlation_id=f"cor_{name}",
        received_at=NOW,
        available_at=None if name.endswith("0") else NOW + timedelta(seconds=1),
        priority=7,
    )


def _stored(transaction: Transaction) -> list[Item | None]:
    return [transaction.inbox.get(f"in_{n:02}") for n in range(40)]


@pytest.mark.parametrize(("made", "due"), [(_new, 10), (_received, 1)], ids=["all new", "some put off"])
async def test_together_is_as_one_by_one_and_repetitions_are_told(
    database: Database, made: Callable[..., Received], due: int
) -> None:
    arrived = [made(f"in_{n:02}") for n in range(40)]
    arrived.insert(5, made("again_a", "in_04"))
    arrived.append(made("again_b", "in_00"))
    fresh = await asyncio.gather(*(database.write(Accept(each)) for each in arrived))
    assert [each.id for each, is_new in zip(arrived, fresh, strict=True) if not is_new] == [
        "again_a",
        "again_b",
    ]
    assert await asyncio.gather(*(database.write(Accept(each)) for each in arrived)) == [False] * 42
    together = await database.read(_stored)
    claimed = await database.write(
        lambda t: t.inbox.claim(owner="w", now=NOW, lease=timedelta(seconds=1), limit=40)
    )
    assert [item.id for item in claimed] == [f"in_{n:02}" for n in range(due)], "one of each donor"
    for each in arrived:
        await database.write(lambda t, each=each: t.inbox.accept(_renamed(each)))  # type: ignore[misc]
    alone = await database.read(lambda t: [t.inbox.get(f"alone_in_{n:02}") for n in range(40)])
    assert [_bare(item) for item in together] == [_bare(item) for item in alone]


async def test_repetitions_are_told_among_other_work_too(database: Database) -> None:
    arrived = [_new("in_00"), _new("in_01"), _new("again", "in_00")]
    writes = (database.write(Accept(each)) for each in arrived)
    *fresh, _ = await asyncio.gather(*writes, database.write(lambda tx: tx.inbox.counts()))
    assert fresh == [True, True, False]


@pytest.mark.parametrize("made", [_new, _received], ids=["all new", "some put off"])
async def test_one_that_cannot_be_stored_is_told_alone(
    database: Database, made: Callable[..., Received]
) -> None:
    arrived = [made("in_00"), made("in_01"), made("in_01", "another"), made("in_02")]
    writes = (database.write(Accept(each)) for each in arrived)
    first, second, third, fourth = await asyncio.gather(*writes, return_exceptions=True)
    assert (first, second, type(third), fourth) == (True, True, ConstraintError, True)
    stored = await database.read(lambda t: t.inbox.counts())
    assert stored == {"ready": 3, "in_flight": 0, "done": 0, "dead": 0}


def _renamed(received: Received) -> Received:
    name = f"alone_{received.id}"
    return Received(
        id=name,
        source="elsewhere",
        dedupe_key=name,
        kind=received.kind,
        entity_key=received.entity_key,
        body=received.body,
        correlation_id=received.correlation_id,
        received_at=received.received_at,
        available_at=received.available_at,
        priority=received.priority,
    )


def _bare(item: Item | None) -> tuple[object, ...]:
    assert item is not None
    return (
        item.id.removeprefix("alone_"),
        item.kind,
        item.entity_key,
        item.body,
        item.correlation_id,
        item.priority,
        item.status,
        item.attempts,
        item.fence,
        item.received_at,
        item.available_at,
    )
