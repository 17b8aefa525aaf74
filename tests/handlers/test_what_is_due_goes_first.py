"""An import that takes hours holds up nothing that is due at its hour."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.scheduler import Scheduler
from handlers.commands import CrmEventArrived
from policy.decide import CompiledPolicy
from policy.events import CrmEvent, CrmEventType
from storage.bell import InProcessBell
from storage.schema import INBOX
from tests.handlers.conftest import LEASE, House, house_in

DONOR = "donor-1"


@pytest.fixture
async def house(migrated: Path, default_policy: CompiledPolicy) -> AsyncIterator[House]:
    with house_in(migrated, default_policy) as made:
        yield made
        await made.database.close()


async def happens(house: House, what: CrmEventType, record_id: str | None = None) -> None:
    told = CrmEvent(
        id=f"e{house.accepted}",
        source="crm",
        type=what,
        time=house.clock.now(),
        donor_id=DONOR,
        record_id=record_id,
    )
    await house.accept(CrmEventArrived(event=told), order=f"donor:{DONOR}")


async def done(house: House) -> list[str]:
    """Return the kinds of what was worked on, the newest last."""
    query = (
        select(INBOX.c.kind).where(INBOX.c.status == "done").order_by(INBOX.c.finished_at, INBOX.c.position)
    )
    return await house.database.read(lambda tx: list(tx.audit.connection.execute(query).scalars()))


async def test_deadlines_and_reminders_go_before_events_that_waited_longer(house: House) -> None:
    await happens(house, CrmEventType.DONATION_RECEIVED, "gift-new")
    await house.work_all()
    assert await done(house) == ["crm_event"]
    for _ in range(4):
        await happens(house, CrmEventType.EMAIL_OPENED)
    house.clock.move(days=30)
    due = await house.database.read(lambda tx: tx.inbox.standing(house.clock.now()).counts["due"]) - 4
    assert due > 0, "the card's deadline, and its reminder"
    assert await house.work(due) == due
    assert "crm_event" not in (await done(house))[1:]


async def test_what_the_clock_asks_for_goes_before_events_that_waited_longer(house: House) -> None:
    for _ in range(2):
        await happens(house, CrmEventType.EMAIL_OPENED)
    house.clock.move(minutes=1)
    await Scheduler(house.context, InProcessBell(), None, poll_s=60).keep_evidence()
    claimed = await house.database.write(
        lambda tx: tx.inbox.claim(owner="w", now=house.clock.now(), lease=LEASE, limit=50)
    )
    asked = ["checkpoint_due", "checkpoint_due", "retention_due", "replay_due", "drift_due"]
    assert [item.kind for item in claimed] == [*asked, "crm_event"]  # the other is of the same donor
