"""Holding on to work: a database that is away for a moment takes nothing away, a lost lease ends the work."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest

from bot import lease_keeper as keeping
from bot import worker as working
from bot.claiming import Claims
from bot.lanes import INBOUND, OUTBOUND
from bot.lease_keeper import LeaseKeeper
from bot.worker import Worker
from handlers.commands import UnreadableEventArrived
from handlers.context import Arrived, Context, NotBefore, Write
from handlers.rules.paused import PAUSED
from policy.decide import CompiledPolicy
from policy.escalation import EscalationState
from storage.bell import InProcessBell
from storage.errors import LeaseLostError, UnavailableError
from storage.lease import Item, LeasedQueue
from storage.queue import Received
from storage.transaction import Transaction
from tests.handlers.conftest import House, default_policy, house_in, migrated
from tests.handlers.test_pausing import _approve, _cards, _event
from tests.leases import claim_effect
from tests.loop.staging import until

__all__ = ["default_policy", "migrated"]

Extend = Callable[..., bool]
AWAY = 40


@pytest.fixture
async def house(migrated: Path, default_policy: CompiledPolicy) -> AsyncIterator[House]:
    with house_in(migrated, default_policy) as house:
        yield house
        await house.database.close()


class Long:
    """A handler that takes as long as it is let, and says how it ended."""

    def __init__(self) -> None:
        self.begun, self.let_go, self.ended = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self.how = ""

    async def __call__(self, _command: Any, _arrived: Arrived, _context: Context) -> Write:
        self.begun.set()
        try:
            await self.let_go.wait()
        except asyncio.CancelledError:
            self.how = "given up"
            raise
        else:
            self.how = "done"
        finally:
            self.ended.set()
        return lambda _tx: None


async def _arrived(house: House) -> None:
    """Have one item wait in the inbox."""
    command = UnreadableEventArrived(reason="x", body="")
    received = Received(
        id="item",
        source="test",
        dedupe_key="1",
        kind=command.type,
        entity_key=None,
        body=command.model_dump_json().encode(),
        correlation_id="c",
        received_at=house.clock.now(),
    )
    await house.database.write(lambda tx: tx.inbox.accept(received))


async def _worked_on(
    house: House, monkeypatch: pytest.MonkeyPatch, answers: Callable[[int, Extend], bool], enough: int
) -> tuple[str, dict[str, int]]:
    """Work on one item whose lease is extended as *answers* says; let go after *enough* extensions."""
    monkeypatch.setattr(keeping, "HEARTBEAT_S", 0.005)
    long, asked, extend = Long(), 0, LeasedQueue.extend

    def extended(queue: LeasedQueue, *given: Any) -> bool:
        nonlocal asked
        asked += 1
        if asked == enough:
            long.let_go.set()
        return answers(asked, lambda: extend(queue, *given))

    monkeypatch.setattr(LeasedQueue, "extend", extended)
    await _arrived(house)
    lane = replace(INBOUND, handlers={UnreadableEventArrived: long})
    worker = Worker(lane, house.context, InProcessBell(), owner="w", slots=1, random=Random(1))
    stop = asyncio.Event()
    running = asyncio.create_task(worker.run(stop))
    async with asyncio.timeout(20):
        await long.ended.wait()
        stop.set()
        await running
    return long.how, await house.database.read(lambda tx: tx.inbox.counts())


async def test_a_database_that_is_away_for_a_moment_is_asked_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away_at_first(asked: int, extend: Extend) -> bool:
        if asked <= 3:
            raise UnavailableError("away")
        return extend()

    how, counts = await _worked_on(house, monkeypatch, away_at_first, enough=6)
    assert (how, counts["done"], counts["in_flight"]) == ("done", 1, 0)


async def test_what_somebody_else_has_taken_over_is_given_up(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    how, _ = await _worked_on(house, monkeypatch, lambda asked, _: asked < 3, enough=10**6)
    assert how == "given up"


async def test_a_lease_that_cannot_be_held_any_longer_is_given_up_in_time(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_asked: int, _extend: Extend) -> bool:
        raise UnavailableError("away")

    monkeypatch.setattr(keeping, "HELD_S", 0.05)
    how, counts = await _worked_on(house, monkeypatch, away, enough=10**6)
    assert (how, counts["done"]) == ("given up", 0)
    assert keeping.LEASE.total_seconds() - 2.0 == 13.0


async def test_what_was_resumed_while_it_was_looked_at_does_not_wait(house: House) -> None:
    """It was put off for an hour because of a pause that is over by the time this is written down."""
    tried, stop = 0, asyncio.Event()

    async def paused_at_first(_command: Any, arrived: Arrived, _context: Context) -> Write:
        nonlocal tried
        tried += 1
        if tried == 1:
            raise NotBefore(arrived.now + timedelta(hours=1), PAUSED)
        stop.set()
        return lambda _tx: None

    await _arrived(house)
    lane = replace(INBOUND, handlers={UnreadableEventArrived: paused_at_first})
    worker = Worker(lane, house.context, InProcessBell(), owner="w", slots=1, random=Random(1))
    async with asyncio.timeout(20):
        await worker.run(stop)
    counts = await house.database.read(lambda tx: tx.inbox.counts())
    assert (tried, counts["done"]) == (2, 1)


async def test_a_claim_that_was_answered_too_late_is_not_begun(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lease ran while the database was silent: somebody else may have the item by now."""
    monkeypatch.setattr(keeping, "HELD_S", 0.02)
    write, loop, late = house.database.write, asyncio.get_running_loop(), asyncio.Event()

    async def silent(work: Callable[[Transaction], Any]) -> Any:
        answered, heard_at = await write(work), loop.time() + 0.03
        while loop.time() < heard_at:
            await asyncio.sleep(0)
        if getattr(answered[0], "items", ()) if isinstance(answered, tuple) else ():
            late.set()
        return answered

    await _arrived(house)
    monkeypatch.setattr(house.database, "write", silent)
    long, stop = Long(), asyncio.Event()
    lane = replace(INBOUND, handlers={UnreadableEventArrived: long})
    worker = Worker(lane, house.context, InProcessBell(), owner="w", slots=1, random=Random(1))
    running = asyncio.create_task(worker.run(stop))
    async with asyncio.timeout(20):
        await late.wait()
        stop.set()
        long.let_go.set()
        await running
    counts = await house.database.read(lambda tx: tx.inbox.counts())
    assert (long.begun.is_set(), counts["done"], counts["ready"]) == (False, 0, 1)


@pytest.mark.parametrize("stored", [False, True], ids=["before the commit", "after the commit"])
async def test_a_database_that_goes_away_while_an_effect_is_settled_doubles_nothing(
    house: House, monkeypatch: pytest.MonkeyPatch, stored: bool
) -> None:
    """It is away more often in a row than an item may fail, and nobody knows what it has committed."""
    await _event(house)
    await house.work_all()
    [card] = await _cards(house, EscalationState.OPEN)
    await _approve(house, card)
    [approval] = await house.database.write(
        lambda tx: tx.inbox.claim(owner="by hand", now=house.clock.now(), lease=keeping.LEASE, limit=1)
    )
    await house._handle(approval, inbound=True)
    settling, write = 0, house.database.write

    async def cut_off_after_finishing(work: Callable[[Transaction], Any]) -> Any:
        """Store or forget what *work* does; either way the caller only hears that the server is away."""
        nonlocal settling
        finished = False

        def noticed(tx: Transaction) -> Any:
            nonlocal finished
            finish = tx.outbox.finish

            def finishing(item: Item, *given: Any) -> Any:
                nonlocal finished
                finished = True
                finish(item, *given)
                if settling < AWAY and not stored:
                    raise UnavailableError("away")

            monkeypatch.setattr(tx.outbox, "finish", finishing)
            return work(tx)

        try:
            done = await write(noticed)
        finally:
            settling += finished
        if finished and stored and settling <= AWAY:
            raise UnavailableError("away")
        return done

    monkeypatch.setattr(house.database, "write", cut_off_after_finishing)
    worker = Worker(OUTBOUND, house.context, InProcessBell(), owner="w", slots=4, random=Random(1))
    stop = asyncio.Event()
    running = asyncio.create_task(worker.run(stop))

    async def settled() -> bool:
        house.clock.move(minutes=2)
        counts = await house.database.read(lambda tx: tx.outbox.counts())
        return counts["ready"] == counts["in_flight"] == 0

    monkeypatch.setattr(working, "SWEEP_S", 0.01)
    await until(settled, "every effect is settled")
    stop.set()
    await running
    counts = await house.database.read(lambda tx: tx.outbox.counts())
    assert settling >= (2 if stored else AWAY + 1)
    assert counts["dead"] == 0, "there was nothing wrong with the items"
    assert await _cards(house, EscalationState.EXECUTED) == [card]
    assert len(house.crm.written) == 1
    assert len(house.chat.cards) == 1


async def test_what_an_attempt_without_its_lease_had_begun_is_not_left_begun_for_ever(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Paused for longer than its lease, it comes round just before its successor, and can settle nothing."""
    await _event(house)
    await house.work_all()
    [card] = await _cards(house, EscalationState.OPEN)
    await _approve(house, card)
    read = house.crm.read

    async def overtaken(donor_id: str) -> Any:
        monkeypatch.setattr(house.crm, "read", read)
        ready, begun = (EscalationState.APPROVED,), EscalationState.EXECUTING
        await house.database.write(lambda tx: tx.escalations.move(card, ready, begun, house.clock.now()))
        return await read(donor_id)

    await house.work(1)
    monkeypatch.setattr(house.crm, "read", overtaken)
    for _ in range(3):
        await house.work_all()
        house.clock.move(seconds=2)
    assert await _cards(house, EscalationState.EXECUTED) == [card]
    assert len(house.crm.written) == 1


async def test_what_was_set_aside_after_its_answer_was_lost_is_not_posted_a_second_time(house: House) -> None:
    await _event(house)
    house.chat.health = "loses answers"
    await house.work_all()
    house.chat.health = "well"
    house.clock.move(seconds=2)
    now = house.clock.now()

    def set_aside_and_tried_again(tx: Transaction) -> bool:
        [item] = claim_effect(tx, "show_card", now)
        tx.outbox.bury(item, now, "slack_invalid_arguments")
        return tx.outbox.revive(item.id, now)

    assert await house.database.write(set_aside_and_tried_again)
    await house.work_all()
    assert len(house.chat.cards) == 1


async def test_a_database_that_is_away_is_told_of_once_a_minute_and_when_it_is_back(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    now, is_away, write = 0.0, True, house.database.write

    async def away_for_now(work: Callable[[Transaction], Any]) -> Any:
        if is_away:
            raise UnavailableError("away")
        return await write(work)

    monkeypatch.setattr(house.database, "write", away_for_now)
    claims = Claims(
        INBOUND.queue,
        house.context,
        owner="w",
        leapt=timedelta,
        clocks_agree=lambda: True,
        monotonic=lambda: now,
    )
    lasted = []
    for second in range(90):
        now, is_away = float(second), second < 80
        await claims.take(1, 1)
        lasted.append(claims.unreadable_s)
    assert (lasted[:81], set(lasted[80:])) == ([*map(float, range(80)), 0.0], {0.0})
    told = [(r.message, vars(r).get("for_s"), vars(r).get("after_s")) for r in caplog.records]
    assert told == [
        ("queue not readable", 0, None),
        ("queue not readable", 60, None),
        ("queue readable again", None, 80),
    ]


async def test_a_lease_runs_on_while_the_machine_sleeps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Timers stand still then, and whoever wakes in the middle of a line must send nothing."""
    slept = 1000.0
    monkeypatch.setattr(keeping, "slept_s", lambda: slept)

    async def extend() -> bool:
        return True

    keeper = keeping.LeaseKeeper(extend, asyncio.get_running_loop().time())
    keeping.check_it_is_held()
    slept += keeping.HELD_S
    with pytest.raises(LeaseLostError):
        keeping.check_it_is_held()
    await keeper.end()


async def test_work_is_not_taken_over_because_the_clock_has_leapt(house: House) -> None:
    leapt = timedelta()
    claims = Claims(INBOUND.queue, house.context, owner="w", leapt=lambda: leapt, clocks_agree=lambda: True)
    await _arrived(house)
    assert len((await claims.take(1, 1)).items) == 1
    house.clock.move(hours=1)
    leapt = timedelta(hours=1)
    assert (await claims.take(1, 1)).items == ()
    leapt = timedelta()
    assert len((await claims.take(1, 1)).items) == 1


class Kept:
    """Work under a lease, with a time that passes when the test says so."""

    def __init__(self) -> None:
        self.now = self.began = asyncio.get_running_loop().time()
        self.keeper: LeaseKeeper | None = None

    async def work(self, extend: Callable[[], Awaitable[bool]]) -> None:
        self.keeper = LeaseKeeper(extend, self.began)
        self.keeper._loop = SimpleNamespace(time=lambda: self.now)  # type: ignore[assignment]
        await asyncio.Event().wait()


async def test_a_lease_is_held_from_when_it_was_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "HEARTBEAT_S", 0.0)
    kept, held_until = Kept(), []

    async def slowly() -> bool:
        assert kept.keeper is not None
        held_until.append(kept.keeper._held_until - kept.began)
        kept.now += 10
        return len(held_until) < 2

    with pytest.raises(asyncio.CancelledError):
        await asyncio.create_task(kept.work(slowly))
    assert held_until == pytest.approx([13.0, 13.0])


async def test_a_database_that_is_silent_holds_no_lease(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "HEARTBEAT_S", 0.0)
    monkeypatch.setattr(keeping, "HELD_S", 0.05)

    async def silent() -> bool:
        await asyncio.Event().wait()
        return True

    working = asyncio.create_task(Kept().work(silent))
    done, _ = await asyncio.wait([working], timeout=5)
    assert done == {working}
    assert working.cancelled()


async def test_what_the_work_has_left_running_asks_no_more() -> None:
    kept = Kept()
    working = asyncio.create_task(kept.work(lambda: asyncio.sleep(0, True)))
    await asyncio.sleep(0)
    assert kept.keeper is not None
    keeping._KEEPER.set(kept.keeper)
    await kept.keeper.end()
    kept.now += 3600
    keeping.check_it_is_held()
    working.cancel()
