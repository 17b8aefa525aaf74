"""What is to leave is taken along by the commit that causes it; the bell is for what cannot be."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any

import pytest

from bot import worker as working
from bot.claiming import Claimed
from bot.doorstep import OUTBOX
from bot.lanes import INBOUND, OUTBOUND, Lane
from bot.worker import Worker
from policy.decide import CompiledPolicy
from storage.bell import InProcessBell
from storage.lease import Item
from storage.transaction import Transaction
from tests.handlers.conftest import House, default_policy, house_in, migrated
from tests.handlers.test_pausing import _event
from tests.loop.staging import until

__all__ = ["default_policy", "migrated"]


@pytest.fixture
async def house(migrated: Path, default_policy: CompiledPolicy) -> AsyncIterator[House]:
    with house_in(migrated, default_policy) as house:
        yield house
        await house.database.close()


class Noted(InProcessBell):
    """A bell that tells what was rung; nobody hears it where it is muffled."""

    def __init__(self, *, is_muffled: bool) -> None:
        super().__init__()
        self.rung: list[str] = []
        self._is_muffled = is_muffled

    def ring(self, queue: str) -> None:
        self.rung.append(queue)
        if not self._is_muffled:
            super().ring(queue)


def _workers(house: House, bell: Noted, slots: int) -> tuple[Worker, Worker]:
    def worker(lane: Lane, outbound: Worker | None = None) -> Worker:
        return Worker(
            lane, house.context, bell, owner=lane.name, slots=slots, random=Random(1), outbound=outbound
        )

    outbound = worker(OUTBOUND)
    return worker(INBOUND, outbound), outbound


async def _worked(house: House, bell: Noted, slots: int, *, takes: bool = True) -> dict[str, int]:
    """Let one event be worked through; without *takes* nobody in this process works on what leaves."""
    inbound, outbound = _workers(house, bell, slots)
    workers = [inbound, outbound] if takes else [inbound]
    await _event(house)
    stop = asyncio.Event()
    running = [asyncio.create_task(each.run(stop)) for each in workers]

    async def over() -> bool:
        inbox = await house.database.read(lambda tx: tx.inbox.standing(house.clock.now()).counts)
        outbox = await house.database.read(lambda tx: tx.outbox.counts())
        if not takes:
            return inbox["due"] == inbox["in_flight"] == 0
        return bool(outbox["done"]) and outbox["ready"] == outbox["in_flight"] == 0

    await until(over, "the event and what came of it are done")
    stop.set()
    await asyncio.gather(*running)
    return await house.database.read(lambda tx: tx.outbox.counts())


async def test_a_card_is_posted_without_a_look_into_the_queue(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(working, "SWEEP_S", 3600.0)
    bell = Noted(is_muffled=True)
    counts = await _worked(house, bell, slots=8)
    assert len(house.chat.cards) == 1
    assert (counts["ready"], counts["in_flight"], counts["dead"]) == (0, 0, 0)


async def test_what_there_is_no_room_for_is_rung_for(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(working, "SWEEP_S", 3600.0)
    taken, claim_in = [], Worker.claim_in

    def noted(worker: Worker, tx: Transaction, ids: Sequence[str]) -> list[Item]:
        taken.append(len(ids))
        return claim_in(worker, tx, ids)

    monkeypatch.setattr(Worker, "claim_in", noted)
    bell = Noted(is_muffled=False)
    counts = await _worked(house, bell, slots=1)
    assert len(house.chat.cards) == 1
    assert (counts["ready"], counts["in_flight"], counts["dead"]) == (0, 0, 0)
    assert (set(bell.rung), set(taken)) == ({"outbox"}, {1})


async def test_what_is_kept_free_for_a_commit_is_given_back(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(working, "SWEEP_S", 3600.0)
    bell, stop, looks = Noted(is_muffled=False), asyncio.Event(), 0
    _, outbound = _workers(house, bell, slots=4)
    take = outbound._claims.take

    async def looking(*room: int) -> Claimed:
        nonlocal looks
        claimed = await take(*room)
        looks += 1
        return claimed

    async def looked() -> bool:
        return looks > before

    async def posted() -> bool:
        return bool(house.chat.cards)

    monkeypatch.setattr(outbound._claims, "take", looking)
    assert outbound.reserve() == 0, "it does not work yet"
    before, running = looks, asyncio.create_task(outbound.run(stop))
    await until(looked, "it works")
    assert [outbound.reserve(), outbound.reserve()] == [3, 0], "one is for people"
    await _event(house)
    await house.work(1)
    before = looks
    bell.ring(OUTBOX)
    await until(looked, "it looks for what people wait for")
    assert house.chat.cards == {}
    outbound.begin([], 3, asyncio.get_running_loop().time())
    await until(posted, "there is room again, and it knows")
    stop.set()
    await running
    assert outbound.reserve() == 0, "it works no more"


async def test_nothing_is_taken_along_for_a_worker_that_does_not_run(house: House) -> None:
    bell = Noted(is_muffled=True)
    counts = await _worked(house, bell, slots=8, takes=False)
    assert counts["ready"] > 0
    assert counts["in_flight"] == 0
    assert bell.rung == ["outbox"]


async def test_what_a_commit_takes_along_during_the_stop_is_not_left_lying(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    inbound, outbound = _workers(house, Noted(is_muffled=True), slots=8)
    stop, reserve, write = asyncio.Event(), Worker.reserve, house.database.write

    def last(worker: Worker) -> int:
        reserved = reserve(worker)
        stop.set()
        return reserved

    async def late(work: Any) -> Any:
        for _ in range(50 if stop.is_set() else 0):
            await asyncio.sleep(0)
        return await write(work)

    monkeypatch.setattr(Worker, "reserve", last)
    monkeypatch.setattr(house.database, "write", late)
    await _event(house)
    await asyncio.gather(inbound.run(stop), outbound.run(stop))
    counts = await house.database.read(lambda tx: tx.outbox.counts())
    assert len(house.chat.cards) == 1
    assert (counts["done"] > 0, counts["in_flight"]) == (True, 0)


async def test_whoever_rests_looks_once_in_a_while_not_twice(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(working, "SWEEP_S", 0.05)
    looks: list[float] = []
    write, loop, stop = house.database.write, asyncio.get_running_loop(), asyncio.Event()

    def looked(work: Callable[[Transaction], Any]) -> asyncio.Future[Any]:
        looks.append(loop.time())
        if len(looks) == 11:
            stop.set()
        return write(work)

    monkeypatch.setattr(house.database, "write", looked)
    outbound = _workers(house, Noted(is_muffled=True), slots=8)[1]
    await outbound.run(stop)
    assert looks[10] - looks[0] >= 10 * 0.05 * 0.95
