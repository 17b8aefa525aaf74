"""However much the CRM sends, what people wait for is worked on at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from bot.lanes import INBOUND
from bot.worker import Worker
from handlers.commands import HelpRequested, UnreadableEventArrived
from handlers.context import Arrived, Context, Write
from policy.decide import CompiledPolicy
from storage.bell import InProcessBell
from storage.queue import Received
from tests.handlers.conftest import House, default_policy, house_in, migrated
from tests.patience import PATIENCE_S

__all__ = ["default_policy", "migrated"]
SLOTS = 8


@pytest.fixture
async def house(migrated: Path, default_policy: CompiledPolicy) -> AsyncIterator[House]:
    with house_in(migrated, default_policy) as house:
        yield house
        await house.database.close()


def _received(number: int, command: UnreadableEventArrived | HelpRequested, now: datetime) -> Received:
    return Received(
        id=f"item-{number}",
        source="test",
        dedupe_key=str(number),
        kind=command.type,
        entity_key=None,
        body=command.model_dump_json().encode(),
        correlation_id="c",
        received_at=now - timedelta(seconds=number == 0),
        priority=10 if isinstance(command, HelpRequested) else 50,
    )


async def test_a_click_does_not_wait_for_an_import(house: House) -> None:
    """Every event takes for ever, as with a CRM that does not answer; the click is handled meanwhile."""
    begun, answered, for_ever = 0, asyncio.Event(), asyncio.Event()

    async def stuck(command: UnreadableEventArrived, arrived: Arrived, context: Context) -> Write:
        nonlocal begun
        begun += 1
        await for_ever.wait()
        return lambda _tx: None

    async def at_once(command: HelpRequested, arrived: Arrived, context: Context) -> Write:
        answered.set()
        return lambda _tx: None

    lane = replace(INBOUND, handlers={UnreadableEventArrived: stuck, HelpRequested: at_once})
    bell, stop, now = InProcessBell(), asyncio.Event(), house.clock.now()
    worker = Worker(lane, house.context, bell, owner="w", slots=SLOTS, random=Random(1))
    event = UnreadableEventArrived(reason="x", body="")
    for number in range(3 * SLOTS):
        await house.database.write(lambda tx, n=number: tx.inbox.accept(_received(n, event, now)))  # type: ignore[misc]
    running = asyncio.create_task(worker.run(stop))
    async with asyncio.timeout(PATIENCE_S):
        while begun < SLOTS - SLOTS // 4:
            await asyncio.sleep(0)
        click = HelpRequested.model_validate(
            {"by": {"id": "U1"}, "reply_to": {"channel_id": "C1", "user_id": "U1"}}
        )
        await house.database.write(lambda tx: tx.inbox.accept(_received(999, click, now)))
        bell.ring("inbox")
        await answered.wait()
        assert begun == SLOTS - SLOTS // 4, "the rest is kept for people"
        for_ever.set()
        while (await house.database.read(lambda tx: tx.inbox.standing(now).counts))["due"]:
            await asyncio.sleep(0)
        stop.set()
        await running
    assert begun == 3 * SLOTS
