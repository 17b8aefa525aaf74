"""Readiness follows whether what arrives can be stored, though all else may still be read and written."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.doorstep import Arrival, Doorstep
from bot.storing import Storing
from handlers.commands import UnreadableEventArrived
from policy.decide import CompiledPolicy
from storage.bell import InProcessBell
from storage.errors import UnavailableError
from storage.room import FILLER
from storage.transaction import Transaction
from tests.handlers.conftest import House, default_policy, house_in, migrated

__all__ = ["default_policy", "migrated"]


@pytest.fixture
async def house(migrated: Path, default_policy: CompiledPolicy) -> AsyncIterator[House]:
    with house_in(migrated, default_policy) as house:
        yield house
        await house.database.close()


async def _room_for(house: House, pages: int) -> None:
    """Let the file grow by so many pages and no more, as on a disk that is full."""

    def limit(tx: Transaction) -> None:
        run = tx.basis.connection.exec_driver_sql
        run(f"PRAGMA max_page_count = {run('PRAGMA page_count').scalar_one() + pages}")

    await house.database.write(limit)


async def test_it_is_known_from_the_first_refusal_until_there_is_room_again(house: House) -> None:
    doorstep = Doorstep(house.database, InProcessBell(), house.clock, house.ids)
    storing = Storing(doorstep, house.database, house.clock)

    async def arrive(number: int) -> bool:
        event = UnreadableEventArrived(reason="x", body="x" * 20_000)
        return await doorstep.accept(event, Arrival(source="crm", dedupe_key=str(number)))

    assert await arrive(1)
    assert await storing.refused_with() == ""
    await _room_for(house, 0)
    with pytest.raises(UnavailableError):
        await arrive(2)
    await house.database.write(lambda tx: tx.settings.put("a small row", "still fits", house.clock.now()))
    assert await storing.refused_with() == "OperationalError:SQLITE_FULL"
    await _room_for(house, 1000)
    assert await storing.refused_with() == ""
    assert await house.database.read(lambda tx: tx.settings.get(FILLER)) == "", "nothing of the attempt stays"
    assert doorstep.refused_with == ""


async def test_whoever_is_let_in_again_asks_no_more(house: House) -> None:
    doorstep = Doorstep(house.database, InProcessBell(), house.clock, house.ids)
    await _room_for(house, 0)
    with pytest.raises(UnavailableError):
        await doorstep.accept(
            UnreadableEventArrived(reason="x", body="x" * 20_000), Arrival(source="crm", dedupe_key="1")
        )
    await doorstep.accept(UnreadableEventArrived(reason="x", body=""), Arrival(source="crm", dedupe_key="2"))
    assert await Storing(doorstep, house.database, house.clock).refused_with() == ""
    assert await house.database.read(lambda tx: tx.settings.get(FILLER)) is None
