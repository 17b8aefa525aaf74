"""What waited for the CRM many times is not given up for the first thing that goes wrong afterwards."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest

from bot.attempts import MOST_FAILURES, Attempts
from bot.lanes import INBOUND
from policy.decide import CompiledPolicy
from policy.donor import DonorRecord
from storage.bell import InProcessBell
from tests.handlers.conftest import House, default_policy, house_in, migrated
from tests.handlers.test_pausing import _event

__all__ = ["default_policy", "migrated"]

LEASE = timedelta(seconds=15)


@pytest.fixture
async def house(migrated: Path, default_policy: CompiledPolicy) -> AsyncIterator[House]:
    with house_in(migrated, default_policy) as house:
        yield house
        await house.database.close()


async def _attempt(house: House) -> tuple[str, str | None]:
    """Make one attempt at the only thing that is due; return how it stands."""
    house.clock.move(minutes=2)
    now = house.clock.now()
    [item] = await house.database.write(lambda tx: tx.inbox.claim(owner="w", now=now, lease=LEASE, limit=1))
    await Attempts(INBOUND, house.context, InProcessBell(), Random(1), lambda *_: None, None).handle(item)
    after = await house.database.read(lambda tx: tx.inbox.get(item.id))
    assert after is not None
    return after.status, after.last_error


async def test_one_fault_after_an_outage_is_tried_again_and_two_are_set_aside(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(_donor_id: str) -> DonorRecord:
        raise KeyError

    await _event(house)
    house.crm.health = "down"
    for _ in range(MOST_FAILURES + 1):
        status, error = await _attempt(house)
        assert (status, (error or "").startswith("crm_")) == ("ready", True)
    house.crm.health = "well"
    monkeypatch.setattr(house.crm, "read", broken)
    assert await _attempt(house) == ("ready", "unexpected_KeyError")
    assert await _attempt(house) == ("dead", "unexpected_KeyError")
