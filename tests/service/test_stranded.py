"""No approved decision stays on its way for ever: what nothing carries out any more is found and taken up."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.scheduler import Scheduler
from handlers.context import Arrived
from handlers.execution.execute_action import effect_key, write_once
from handlers.execution.give_up import LOOK_THERE, NOTHING_SENT
from handlers.execution.resume_stranded import FOUND, IDLE
from handlers.outcomes import Notice
from handlers.proposals.escalation_view import execution_of
from handlers.rules.pausing import Operator
from handlers.service.dead_letters import dead_letters, discard
from policy.decide import CompiledPolicy
from policy.escalation import EscalationState as S
from storage.bell import InProcessBell
from storage.escalations import Escalation
from storage.lease import Item
from storage.transaction import Transaction
from tests.handlers.conftest import ORGANISATION, House, default_policy, house_in, migrated
from tests.handlers.test_pausing import _approve, _cards, _event
from tests.leases import claim_effect

__all__ = ["default_policy", "migrated"]

ADMIN = Operator("cli:adam@x.example", "adam@x.example", frozenset({"admin"}))
A_MOMENT = timedelta(seconds=1)


@pytest.fixture
async def house(migrated: Path, default_policy: CompiledPolicy) -> AsyncIterator[House]:
    with house_in(migrated, default_policy) as house:
        yield house
        await house.database.close()


async def _claimed(house: House) -> tuple[str, Item]:
    """Have a decision approved, and hold what carries it out."""
    await _event(house)
    await house.work_all()
    [card] = await _cards(house, S.OPEN)
    await _approve(house, card)
    await house.work(1)
    now = house.clock.now()
    [effect] = await house.database.write(lambda tx: claim_effect(tx, "execute_action", now))
    return card, effect


async def _begin_and_write(house: House, card: str) -> None:
    """Write to the CRM without a word of what became of it."""
    decision = await _decision(house, card)
    begun = (S.APPROVED,), S.EXECUTING, house.clock.now()
    await house.database.write(lambda tx: tx.escalations.move(card, *begun))
    await write_once(
        decision.action,
        key=effect_key(decision),
        version="v1",
        actor="countersign for Olivia Hart (ref 000001)",
        context=house.context,
    )


async def _decision(house: House, card: str) -> Escalation:
    found = await house.database.read(lambda tx: tx.escalations.get(card))
    assert found
    return found


async def _tick(house: House) -> list[Notice]:
    """Let the clock of three replicas tick, and return what operations are told."""
    before = len(house.chat.posts)
    for replica in [Scheduler(house.context, InProcessBell(), None, poll_s=60) for _ in range(3)]:
        await replica.resume_stranded()
    await house.work_all()
    told = [(channel, shown) for channel, _, shown in house.chat.posts[before:] if isinstance(shown, Notice)]
    assert {channel for channel, _ in told} <= {ORGANISATION.operations}
    return [shown for _, shown in told]


@pytest.mark.parametrize("written", [False, True], ids=["nothing sent", "already written"])
async def test_what_lost_its_effect_is_taken_up_once(house: House, written: bool) -> None:
    card, effect = await _claimed(house)
    if written:
        await _begin_and_write(house, card)
    await house.database.write(lambda tx: tx.outbox.finish(effect, house.clock.now()))
    house.clock.moment += IDLE
    assert await _tick(house) == [], "it may only just have come there"
    house.clock.moment += A_MOMENT
    [told] = await _tick(house)
    assert told.text == FOUND.format(what="1 approved decision was")
    assert (await _decision(house, card)).state is S.EXECUTED
    assert len(house.crm.written) == 1
    [entry] = await house.database.read(lambda tx: tx.audit.of_kind("action.resumed"))
    assert entry.payload == {"escalation_id": card}
    house.clock.move(hours=1)
    assert await _tick(house) == []


async def test_what_waits_is_left_alone(house: House) -> None:
    card, effect = await _claimed(house)
    now = house.clock.now()
    await house.database.write(lambda tx: tx.outbox.retry(effect, now, now + timedelta(days=1), "crm_down"))
    house.clock.move(hours=1)
    assert await _tick(house) == []
    assert (await _decision(house, card)).state is S.APPROVED


@pytest.mark.parametrize(
    ("begun", "known"), [(False, NOTHING_SENT), (True, LOOK_THERE)], ids=["nothing sent", "maybe sent"]
)
async def test_what_an_admin_lets_be_ends_and_says_so(house: House, begun: bool, known: str) -> None:
    card, effect = await _claimed(house)
    if begun:
        await _begin_and_write(house, card)
    now = house.clock.now()
    await house.database.write(lambda tx: tx.outbox.bury(effect, now, "unexpected_KeyError"))
    house.clock.move(hours=1)
    assert await _tick(house) == [], "it waits for an admin"
    [letter] = await house.database.read(lambda tx: dead_letters(tx, 9))
    arrived = Arrived(letter.id, "c1", 1, None, house.clock.now(), house.ids)

    def let_be(tx: Transaction) -> None:
        assert discard(tx, arrived, ADMIN, letter.id, "entered by hand")

    await house.database.write(let_be)
    await house.work_all()
    decision = await _decision(house, card)
    execution = execution_of(decision)
    assert decision.state is S.FAILED
    assert execution
    assert execution.problem == f"{ADMIN.name} has let it be after repeated failures. {known}"
    [shown] = [each for each in house.chat.cards.values() if each.card.escalation_id == card]
    assert shown.status.state is S.FAILED
    assert await _tick(house) == []
