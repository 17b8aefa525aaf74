"""What nobody needs any more is forgotten every hour, so that years leave no more behind than months."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.scheduler import Scheduler
from policy.decide import CompiledPolicy
from policy.organisation import DigestSchedule
from storage.bell import InProcessBell
from storage.schema import OCCURRENCES
from storage.transaction import Transaction
from tests.handlers.conftest import ORGANISATION, House, house_in

YEARLY = DigestSchedule(id="year", channel="C", cron="0 8 1 7 *", period="fiscal_year")


@pytest.fixture
async def house(migrated: Path, default_policy: CompiledPolicy) -> AsyncIterator[House]:
    with house_in(migrated, default_policy) as opened:
        organisation = ORGANISATION.model_copy(update={"digests": (YEARLY,)})
        opened.context = replace(opened.context, organisation=organisation)
        yield opened
        await opened.database.close()


async def test_what_was_done_once_is_forgotten_but_for_the_latest_of_each_digest(house: House) -> None:
    now = house.clock.now()
    done = [("year", 400), ("year", 35), ("meetings_due", 31), ("meetings_due", 29), ("held:donor-1:x:y", 31)]

    def claim(tx: Transaction) -> None:
        for name, days in done:
            tx.occurrences.claim(name, f"{days} days ago", now - timedelta(days=days))

    await house.database.write(claim)
    await Scheduler(house.context, InProcessBell(), None, poll_s=60).keep_house()
    query = select(OCCURRENCES.c.schedule_id, OCCURRENCES.c.period_key)
    left = await house.database.read(lambda tx: {tuple(row) for row in tx.audit.connection.execute(query)})
    assert left == {("year", "35 days ago"), ("meetings_due", "29 days ago")}
