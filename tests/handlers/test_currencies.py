"""Gifts in a currency that nobody set a threshold for: cautious, and named by `countersign doctor`."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from bot.cli.doctor_organisation import currencies
from bot.cli.finding import good, warning
from bot.settings import Settings
from policy.decide import CompiledPolicy
from policy.money import Money
from tests.handlers.conftest import ORGANISATION, house_on


async def test_a_currency_that_came_without_a_threshold_is_named_with_the_line_to_add(
    migrated: Path, tmp_path: Path, default_policy: CompiledPolicy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COUNTERSIGN_MASTER_KEY", bytes(32).hex())
    url = f"sqlite:///{shutil.copy(migrated, tmp_path / 'countersign.db')}"
    house = house_on(url, default_policy)
    ten = Money(minor=1_000, currency="CAD")
    house.crm.gifts[:] = [gift.model_copy(update={"amount": ten}) for gift in house.crm.gifts]
    await house.gift()
    await house.database.close()
    settings = Settings.model_construct(database_url=url)
    assert await currencies(settings, ORGANISATION) == [
        warning(
            "Currencies",
            "CAD: nobody said from which sum on a gift is major, so every sum counts as major, and managers "
            "hear of it. In the organisation file, in minor units (cents): "
            "major_gift_minor_in: { CAD: 1000000 }",
        )
    ]
    named = ORGANISATION.model_copy(update={"major_gift_minor_in": {"CAD": 1_350_000}})
    assert await currencies(settings, named) == [good("Currencies", "each has a threshold for major gifts")]
    assert await currencies(settings, None) == []
