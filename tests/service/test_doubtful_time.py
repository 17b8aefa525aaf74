"""While the time is in doubt, nothing is ended, sent or deleted because of it; all else goes on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest

from bot.attempts import Attempts
from bot.clock import AgreedClock
from bot.lanes import INBOUND
from bot.scheduler import Scheduler
from handlers.commands import Command, DecisionDue, RetentionDue
from policy.decide import CompiledPolicy
from storage.bell import InProcessBell
from storage.queue import Received
from tests.handlers.conftest import House, default_policy, house_in, migrated
from tests.handlers.test_pausing import _event

__all__ = ["default_policy", "migrated"]

DAY, LEASE = timedelta(days=1), timedelta(seconds=15)
DONE, WAITS = ("done", None), ("ready", "time_doubtful")


@pytest.fixture
async def house(migrated: Path, default_policy: CompiledPolicy) -> AsyncIterator[House]:
    """Time is the house's, in doubt until somebody says otherwise."""
    with house_in(migrated, default_policy) as house:
        agreed = AgreedClock(house.clock.now, lambda: house.clock.now().timestamp())
        agreed.is_doubtful = True
        house.context = replace(house.context, clock=agreed)
        yield house
        await house.database.close()


def _clock(house: House) -> AgreedClock:
    clock = house.context.clock
    assert isinstance(clock, AgreedClock)
    return clock


async def _accept(house: House, command: Command, due_in: timedelta) -> None:
    now = house.clock.now()
    received = Received(
        id=command.type,
        source="test",
        dedupe_key=command.type,
        kind=command.type,
        entity_key=None,
        body=command.model_dump_json().encode(),
        correlation_id="c",
        received_at=now,
        available_at=now + due_in,
    )
    await house.database.write(lambda tx: tx.inbox.accept(received))


async def _work(house: House) -> dict[str, tuple[str, str | None]]:
    """Work on what is due in the inbox; return how each of it stands."""
    now = house.clock.now()
    items = await house.database.write(lambda tx: tx.inbox.claim(owner="w", now=now, lease=LEASE, limit=9))
    attempts = Attempts(INBOUND, house.context, InProcessBell(), Random(1), lambda *_: None, None)
    for item in items:
        await attempts.handle(item)
    left = await house.database.read(lambda tx: [tx.inbox.get(item.id) for item in items])
    return {each.kind: (each.status, each.last_error) for each in left if each}


async def test_what_is_due_by_the_clock_waits_and_an_event_does_not(house: House) -> None:
    await _event(house)
    await _accept(house, RetentionDue(period_key="2026-11-20"), timedelta())
    await _accept(house, DecisionDue(escalation_id="e"), 30 * DAY)
    house.clock.move(days=31)
    waits = {"retention_due": WAITS, "decision_due": WAITS}
    assert await _work(house) == {"crm_event": DONE, **waits}
    house.clock.move(seconds=59)
    assert await _work(house) == {}, "for a minute"
    house.clock.move(seconds=1)
    assert await _work(house) == waits
    _clock(house).is_doubtful = False
    house.clock.move(minutes=1)
    assert await _work(house) == dict.fromkeys(waits, ("done", "time_doubtful"))


async def _tick(house: House) -> tuple[list[str], bool]:
    """Let everything that a clock does happen; return what that put into the inbox, and what it forgot."""
    scheduler = Scheduler(house.context, InProcessBell(), None, poll_s=60)
    for job in scheduler._scheduler.get_jobs():
        await job.func()
    now = house.clock.now()
    found = await house.database.write(lambda tx: tx.inbox.claim(owner="w", now=now, lease=LEASE, limit=20))
    counts = await house.database.read(lambda tx: tx.inbox.counts())
    return sorted(item.kind for item in found), counts["done"] == 0


async def test_no_schedule_comes_to_pass_and_nothing_is_forgotten(house: House) -> None:
    await _event(house)
    await _work(house)
    house.clock.move(days=31)
    assert await _tick(house) == (["decision_due", "reminder_due"], False), "what was there before"
    _clock(house).is_doubtful = False
    kinds, is_forgotten = await _tick(house)
    assert {"retention_due", "checkpoint_due", "replay_due", "drift_due", "pulse_due", "meetings"} <= {*kinds}
    assert is_forgotten, "who sends it again now would be heard again"
