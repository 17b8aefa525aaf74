"""Whoever stops is cut off in the middle of what the clock asked for, and that is no error."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.scheduler import Scheduler
from policy.decide import CompiledPolicy
from storage.bell import InProcessBell
from tests.handlers.conftest import House, default_policy, house_in, migrated

__all__ = ["default_policy", "migrated"]


@pytest.fixture
async def house(migrated: Path, default_policy: CompiledPolicy) -> AsyncIterator[House]:
    with house_in(migrated, default_policy) as house:
        yield house
        await house.database.close()


async def test_what_is_under_way_when_the_service_stops_is_no_error(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    begun, ended = asyncio.Event(), asyncio.Event()

    async def poll() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    scheduler = Scheduler(house.context, InProcessBell(), poll, poll_s=0.01)
    async with asyncio.timeout(20):
        await scheduler.start()
        await begun.wait()
        scheduler.stop()
        await ended.wait()
        for _ in range(5):  # the library has its say after that
            await asyncio.sleep(0)
    assert [record.getMessage() for record in caplog.records if record.levelname == "ERROR"] == []
