"""However long the queue is, what can be begun is found at once, and nothing is forgotten."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.claiming import Claims
from policy.decide import CompiledPolicy
from storage.lease import Item
from storage.queue import Received
from tests.handlers.conftest import House, default_policy, house_in, migrated

__all__ = ["default_policy", "migrated"]
IMPORTED, OF_ONE, SLOTS, FOR_ANYTHING = 2_000, 1_500, 8, 6


@pytest.fixture
async def house(migrated: Path, default_policy: CompiledPolicy) -> AsyncIterator[House]:
    with house_in(migrated, default_policy) as house:
        yield house
        await house.database.close()


@dataclass
class Taking:
    """A worker's claims, with a watch that is moved by hand."""

    house: House
    seconds: float = 100.0
    each_look_s: float = 0.0
    claims: Claims = field(init=False)

    def __post_init__(self) -> None:
        self.claims = Claims(
            lambda tx: tx.inbox,
            self.house.context,
            owner="w",
            leapt=timedelta,
            clocks_agree=lambda: True,
            monotonic=self._watch,
        )

    def _watch(self) -> float:
        self.seconds += self.each_look_s
        return self.seconds

    async def take(self, free: int = SLOTS, for_anything: int = FOR_ANYTHING) -> list[Item]:
        return list((await self.claims.take(free, for_anything)).items)

    async def finish(self, items: Sequence[Item]) -> None:
        now = self.house.clock.now()
        await self.house.database.write(lambda tx: [tx.inbox.finish(item, now) for item in items])
        for item in items:
            self.claims.finished(item)


def _received(house: House, number: int, order: str | None, priority: int = 50) -> Received:
    return Received(
        id=f"{number:04}",
        source="crm",
        dedupe_key=str(number),
        kind="crm_event",
        entity_key=order,
        body=b"{}",
        correlation_id="c",
        received_at=house.clock.now(),
        priority=priority,
    )


async def _import(house: House, imported: int = IMPORTED, of_one: int = OF_ONE) -> None:
    """Most are about one donor and stand first, as an export sorted by donor has them."""
    events = [_received(house, n, "most" if n < of_one else f"donor-{n % 50}") for n in range(imported)]
    await house.database.write(lambda tx: tx.inbox.accept_all(events))


async def test_what_waits_for_its_donor_is_gone_through_once_a_second_only(house: House) -> None:
    await _import(house)
    taking = Taking(house)
    first = await taking.take()
    assert [item.id for item in first] == ["0000", "1500", "1501", "1502", "1503", "1504"]
    await taking.finish(first)
    onwards = await taking.take()
    assert [item.id for item in onwards] == [str(n) for n in range(1505, 1511)]
    await taking.finish(onwards)
    taking.seconds += 1.0
    assert [item.id for item in await taking.take()] == ["0001", *(str(n) for n in range(1511, 1516))]


async def test_a_person_is_found_however_far_the_look_has_come(house: House) -> None:
    await _import(house)
    taking = Taking(house)
    began = await taking.take()
    click, home = _received(house, 9_000, None, 10), _received(house, 9_001, None, 40)
    await house.database.write(lambda tx: tx.inbox.accept_all([click, home]))
    assert [item.id for item in await taking.take(free=2, for_anything=0)] == ["9000"]
    await taking.finish(began)
    assert [item.id for item in await taking.take(free=7, for_anything=2)] == ["9001", "1505"]


async def test_the_look_goes_on_where_the_last_one_ended(house: House) -> None:
    events = [_received(house, number, order) for number, order in enumerate("ABCBDEF")]
    await house.database.write(lambda tx: tx.inbox.accept_all(events))
    taking = Taking(house)
    began = await taking.take(2, 2)
    assert [item.id for item in began] == ["0000", "0001"]
    assert [item.id for item in await taking.take(2, 2)] == ["0002", "0004"]
    await taking.finish(began)
    assert [item.id for item in await taking.take(2, 2)] == ["0005", "0006"], "0003 stands before them"
    taking.seconds += 1.0
    assert [item.id for item in await taking.take(2, 2)] == ["0003"]


async def test_the_slots_kept_for_people_are_filled_with_what_people_did_alone(house: House) -> None:
    def clicks(first: int) -> list[Received]:
        return [_received(house, number, None, 10) for number in range(first, first + 3)]

    imported = [_received(house, number, f"donor-{number}") for number in range(9)]
    home = _received(house, 9_009, None, 40)
    await house.database.write(lambda tx: tx.inbox.accept_all([*imported, home, *clicks(9_000)]))
    taking = Taking(house)
    assert [item.id for item in await taking.take(5, 2)] == ["9000", "9001", "9002"]
    await house.database.write(lambda tx: tx.inbox.accept_all(clicks(9_003)))
    assert [item.id for item in await taking.take(5, 2)] == ["9003", "9004", "9005"], (
        "in the onward look, too"
    )
    assert [item.id for item in await taking.take(5, 2)] == ["9009", "0000"]


async def test_everything_is_claimed_once_and_in_its_donors_order(house: House) -> None:
    await _import(house, imported=400, of_one=150)
    taking, seen = Taking(house), list[Item]()
    while items := await taking.take():
        seen += items
        await taking.finish(items)
        taking.seconds += 0.01
    assert sorted(item.id for item in seen) == [f"{n:04}" for n in range(400)]
    for order in {item.entity_key for item in seen}:
        own = [item.id for item in seen if item.entity_key == order]
        assert own == sorted(own)


async def test_a_look_that_was_long_and_in_vain_is_not_repeated_for_each_ring(house: House) -> None:
    later = house.clock.now() + timedelta(hours=1)
    put_off = [replace(_received(house, n, None), available_at=later) for n in range(IMPORTED)]
    await house.database.write(lambda tx: tx.inbox.accept_all(put_off))
    taking = Taking(house, each_look_s=0.05)
    assert await taking.take() == []
    new = [_received(house, 9_000, None), _received(house, 9_001, None, 10)]
    await house.database.write(lambda tx: tx.inbox.accept_all(new))
    assert [item.id for item in await taking.take()] == ["9001"], "people are looked for each time"
    taking.seconds += 1.0
    assert [item.id for item in await taking.take()] == ["9000"]


async def test_a_donor_of_whom_everything_waits_is_gone_on_with_while_the_look_rests(house: House) -> None:
    """Otherwise a hundred thousand events of one donor are worked on one at a look, every few seconds."""
    await _import(house, imported=IMPORTED, of_one=IMPORTED)
    taking = Taking(house, each_look_s=0.05)
    seen = list[str]()
    for _ in range(5):
        items = await taking.take()
        seen += [item.id for item in items]
        assert await taking.take() == [], "one at a time"
        await taking.finish(items)
    assert seen == ["0000", "0001", "0002", "0003", "0004"]
