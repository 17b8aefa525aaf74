"""Whose case something is never changes, so it is looked up once."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from bot.cases import Cases
from handlers.effects import RefreshHomes, RememberPermalink
from policy.decide import CompiledPolicy
from policy.escalation import EscalationState
from storage.transaction import Transaction
from tests.handlers.conftest import House, default_policy, house_in, migrated
from tests.handlers.test_pausing import _event

__all__ = ["default_policy", "migrated"]


@pytest.fixture
async def house(migrated: Path, default_policy: CompiledPolicy) -> AsyncIterator[House]:
    with house_in(migrated, default_policy) as house:
        yield house
        await house.database.close()


async def test_whose_case_something_is_is_looked_up_once(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(2):
        await _event(house, number)
    await house.work_all()
    one, other = await house.database.read(
        lambda tx: tx.escalations.of_donors(["donor-1", "donor-2"], [EscalationState.OPEN])
    )
    read, looks = house.database.read, 0

    async def looked(work: Callable[[Transaction], Any]) -> Any:
        nonlocal looks
        looks += 1
        return await read(work)

    monkeypatch.setattr(house.database, "read", looked)
    cases = Cases(house.database, most=1)
    first, second, unknown = (RememberPermalink(escalation_id=each) for each in (one.id, other.id, "none"))
    asked = [await cases.of(each) for each in (RefreshHomes(), first, first, unknown, unknown)]
    assert asked == [None, one.correlation_id, one.correlation_id, None, None]
    assert looks == 3, "what begins a case itself needs none, and what is not there yet may come"
    asked = [await cases.of(each) for each in (second, first)]
    assert asked == [other.correlation_id, one.correlation_id]
    assert looks == 5, "what was asked for longest ago is forgotten"
