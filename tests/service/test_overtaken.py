"""Two attempts at one approved action, the second because the first has lost its lease, step by step.

The first attempt stops before any of its steps, for longer than its lease; a second one goes some way;
then the first goes on to its end, and the second after it. Whatever happens meanwhile, the decision ends,
and what its card says of the CRM is so.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import pairwise, product
from pathlib import Path
from typing import Any

import pytest

from bot.lease_keeper import LEASE
from policy.decide import CompiledPolicy
from policy.donor import DonorRecord
from policy.escalation import EscalationState as S
from policy.money import Money
from storage.errors import LeaseLostError
from storage.lease import Item
from tests.handlers.conftest import House, default_policy, house_in, house_on, migrated
from tests.handlers.test_pausing import _approve, _cards, _event
from tests.leases import claim_effect
from tests.loop.databases import copied_postgres

__all__ = ["default_policy", "migrated"]

FIRST = {"about to begin": 5, "begun": 6, "written": 7}
SECOND = {"looking": 2, "deciding": 4, "over": 20}
"""How many steps each has gone when it is the other's turn."""


class Halting:
    """A port whose calls wait until it is their turn, and again before their answer is heard."""

    def __init__(self, port: Any, attempt: Attempt) -> None:
        self._port, self._attempt = port, attempt

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._port, name)
        if not asyncio.iscoroutinefunction(call):
            return call

        async def halting(*given: Any, **named: Any) -> Any:
            await self._attempt.halt()
            try:
                return await call(*given, **named)
            finally:
                if name == "execute":
                    await self._attempt.halt()

        return halting


@dataclass
class Attempt:
    """One attempt at the item that is due, made to go on step by step."""

    house: House
    item: Item | None = None
    work: asyncio.Task[None] | None = None
    _halted: asyncio.Event = field(default_factory=asyncio.Event)
    _go_on: asyncio.Event = field(default_factory=asyncio.Event)

    async def begin(self) -> None:
        now = self.house.clock.now()
        found = await self.house.database.write(lambda tx: claim_effect(tx, "execute_action", now))
        if not found:
            return
        house = self.house
        context = replace(
            house.context,
            database=Halting(house.database, self),
            crm=Halting(house.crm, self),
        )
        self.work = asyncio.create_task(replace(house, context=context)._handle(found[0], inbound=False))
        await self._until_halted()

    async def halt(self) -> None:
        self._halted.set()
        await self._go_on.wait()
        self._go_on.clear()

    async def step(self, times: int) -> None:
        for _ in range(times):
            if self.work is None or self.work.done():
                return
            self._halted.clear()
            self._go_on.set()
            await self._until_halted()

    async def end(self) -> None:
        while self.work and not self.work.done():
            await self.step(1)
        if self.work:
            with suppress(LeaseLostError):
                await self.work

    async def _until_halted(self) -> None:
        assert self.work
        halted = asyncio.create_task(self._halted.wait())
        await asyncio.wait((halted, self.work), return_when=asyncio.FIRST_COMPLETED, timeout=10)
        halted.cancel()


@pytest.fixture
async def house(migrated: Path, default_policy: CompiledPolicy) -> AsyncIterator[House]:
    with house_in(migrated, default_policy) as house:
        yield house
        await house.database.close()


@pytest.fixture
async def postgres_house(
    template_of_postgres: tuple[str, str], default_policy: CompiledPolicy
) -> AsyncIterator[House]:
    with copied_postgres(*template_of_postgres) as url:
        house = house_on(url, default_policy)
        yield house
        await house.database.close()


async def _approved(house: House, number: int) -> str:
    """Have a decision about one more donor approved, and everything else done."""
    await _event(house, number)
    await house.work_all()
    [card] = await _cards(house, S.OPEN)
    await _approve(house, card)
    await house.work(1)
    return card


def _nothing(house: House, number: int) -> None:
    del house, number


def _another_amount(house: House, number: int) -> None:
    """The gift is put right: people have to look again."""
    more = Money(minor=7_500, currency="USD")
    gifts = house.crm.gifts
    gifts[:] = [
        gift.model_copy(update={"amount": more}) if gift.id == f"gift-new-{number}" else gift
        for gift in gifts
    ]


def _no_contact(house: House, number: int) -> None:
    """The donor asks to be left alone: it must not be written."""
    house.crm.change(f"donor-{number + 1}", do_not_contact=True)


def _lost_answers(house: House, number: int) -> None:
    """The CRM writes, and nobody hears of it, until all are at their end."""
    del number
    house.crm.health = "loses answers"


def _lost_requests(house: House, number: int) -> None:
    del number
    house.crm.health = "loses requests"


def _another_amount_and_lost_answers(house: House, number: int) -> None:
    """The first attempt says that it knows nothing, while the second one gives the decision back."""
    _another_amount(house, number)
    _lost_answers(house, number)


Meanwhile = Callable[[House, int], None]
MEANWHILE: tuple[Meanwhile, ...] = (
    _nothing,
    _another_amount,
    _no_contact,
    _lost_answers,
    _lost_requests,
    _another_amount_and_lost_answers,
)


async def _overtaken(house: House, number: int, first: int, second: int, meanwhile: Meanwhile) -> str:
    """Let one attempt overtake another, and return what is wrong in the end, if anything."""
    card = await _approved(house, number)
    house.crm.health = "well"
    one, other = Attempt(house), Attempt(house)
    await one.begin()
    await one.step(first)
    meanwhile(house, number)
    house.clock.move(seconds=LEASE.total_seconds() + 1)
    await other.begin()
    await other.step(second)
    await one.end()
    await other.end()
    house.crm.health = "well"
    for _ in range(6):
        house.clock.move(minutes=1)
        await house.work_all()
    return await _wrong(house, card)


async def _wrong(house: House, card: str) -> str:
    """Say what does not fit together: where the decision stands, and what the CRM holds."""
    decision = await house.database.read(lambda tx: tx.escalations.get(card))
    assert decision is not None
    written = [effect for effect in house.crm.written if effect.key.startswith(f"{card}:")]
    told = (decision.state, len(written))
    # Left open, it must not count as waiting for the next one.
    if decision.state is S.OPEN:
        now = house.clock.now()
        await house.database.write(lambda tx: tx.escalations.move(card, (S.OPEN,), S.DECLINED, now))
    return "" if told in ((S.EXECUTED, 1), (S.FAILED, 0), (S.OPEN, 0)) else f"{told[0]}, written {told[1]}"


@pytest.mark.parametrize("meanwhile", MEANWHILE, ids=lambda each: each.__name__.strip("_"))
async def test_whoever_is_overtaken_wherever_the_decision_ends_as_it_is_told(
    house: House, meanwhile: Meanwhile
) -> None:
    wrong = {}
    for number, (first, second) in enumerate(product(FIRST, SECOND), 1):
        problem = await _overtaken(house, number, FIRST[first], SECOND[second], meanwhile)
        if problem:
            wrong[first, second] = problem
    assert wrong == {}


@pytest.mark.postgres
async def test_whoever_is_overtaken_on_postgresql(postgres_house: House) -> None:
    wrong = {}
    for number, first in enumerate(FIRST, 1):
        deciding = SECOND["deciding"]
        problem = await _overtaken(postgres_house, number, FIRST[first], deciding, _another_amount)
        if problem:
            wrong[first] = problem
    assert wrong == {}


@pytest.mark.parametrize(
    ("start", "forbidden"), [(S.APPROVED, False), (S.EXECUTING, False), (S.APPROVED, True)]
)
async def test_what_has_gone_on_since_it_was_read_is_neither_written_nor_ended(
    house: House, monkeypatch: pytest.MonkeyPatch, start: S, forbidden: bool
) -> None:
    card, read, now = await _approved(house, 1), house.crm.read, house.clock.now()

    async def move(*states: S) -> None:
        for before, after in pairwise(states):
            assert await house.database.write(
                lambda tx, before=before, after=after: tx.escalations.move(card, (before,), after, now)
            )

    async def another_begins(donor_id: str) -> DonorRecord:
        monkeypatch.undo()
        await move(*(S.APPROVED, S.EXECUTING, S.OUTCOME_UNKNOWN)[1 if start is S.EXECUTING else 0 :])
        if forbidden:
            _no_contact(house, 1)
        return await read(donor_id)

    if start is S.EXECUTING:
        await move(S.APPROVED, S.EXECUTING)
    monkeypatch.setattr(house.crm, "read", another_begins)
    [item] = await house.database.write(lambda tx: claim_effect(tx, "execute_action", now))
    await house._handle(item, inbound=False)
    [still] = await house.database.read(lambda tx: tx.escalations.newest((S.OUTCOME_UNKNOWN,), limit=9))
    assert (still.id, house.crm.written) == (card, [])
