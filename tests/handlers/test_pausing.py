"""The emergency stop: who may pull it, what it holds, and that what it held goes on by itself, once."""

from __future__ import annotations

import asyncio
import dataclasses
import random
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from handlers.commands import (
    ApprovalClicked,
    ChatUser,
    CrmEventArrived,
    PauseRequested,
    ReplyAddress,
    ResumeRequested,
    UndoClicked,
)
from handlers.context import Arrived, NotBefore
from handlers.effects import ExecuteAction
from handlers.execution.execute_action import execute_action
from handlers.outcomes import PauseShown, PausesShown
from handlers.ports import Colleague
from handlers.rules.announce_pause import APART, AT_ONCE
from handlers.rules.paused import PAUSED
from policy.decide import CompiledPolicy
from policy.donor import Acknowledgement, Gift
from policy.escalation import EscalationState as S
from policy.events import CrmEvent, CrmEventType
from policy.money import Money
from policy.organisation import Person
from storage.audit_records import AuditRecord
from storage.database import Database
from storage.pauses import Pause
from tests.handlers.conftest import KEYS, OWNER, STRANGER, House, house_in, margaret

ADAM = Colleague("UADAM", "Adam Novak", "adam@x.example", "America/New_York", is_full_member=True)
CARMEN = Colleague("UCARMEN", "Carmen Diaz", "carmen@x.example", "America/New_York", is_full_member=True)
OPERATIONS = "COPS"


@pytest.fixture
async def house(migrated: Path, default_policy: CompiledPolicy) -> AsyncIterator[House]:
    with house_in(migrated, default_policy) as house:
        organisation = house.context.organisation
        people = (
            *organisation.people,
            Person(email=ADAM.email, roles=("admin",)),
            Person(email=CARMEN.email, roles=("compliance",)),
        )
        organisation = organisation.model_copy(update={"people": people, "operations_channel": OPERATIONS})
        house.context = dataclasses.replace(house.context, organisation=organisation)
        house.chat.people = (*house.chat.people, ADAM, CARMEN)
        yield house
        await house.database.close()


def _to(user: Colleague) -> ReplyAddress:
    return ReplyAddress(channel_id="CANY", user_id=user.id)


async def _pause(house: House, by: Colleague, *capabilities: str, **options: object) -> PausesShown | None:
    before = len(house.chat.whispers)
    await house.accept(
        PauseRequested(capabilities=capabilities, by=ChatUser(id=by.id), reply_to=_to(by), **options)
    )
    await house.work_all()
    told = [outcome for user, outcome in house.chat.whispers[before:] if user == by.id]
    return told[-1] if isinstance(told[-1], PausesShown) else None


async def _resume(house: House, by: Colleague, *capabilities: str) -> PausesShown | None:
    await house.accept(ResumeRequested(capabilities=capabilities, by=ChatUser(id=by.id), reply_to=_to(by)))
    await house.work_all()
    told = house.chat.whispers[-1][1]
    return told if isinstance(told, PausesShown) else None


async def _event(house: House, number: int = 0) -> None:
    """A gift of the donor with that number, who gets a card."""
    donor_id, gift_id = f"donor-{number + 1}", f"gift-new-{number}"
    if donor_id not in house.crm.donors:
        house.crm.add(margaret().model_copy(update={"id": donor_id, "name": f"Donor {number}"}))
    house.crm.gifts.append(
        Gift(
            id=gift_id,
            donor_id=donor_id,
            amount=Money(minor=5_000, currency="USD"),
            received_on=date(2026, 11, 20),
            acknowledgement=Acknowledgement(status="needed"),
        )
    )
    event = CrmEvent(
        id=f"event-{number}",
        source="crm",
        type=CrmEventType.DONATION_RECEIVED,
        time=house.clock.now(),
        donor_id=donor_id,
        record_id=gift_id,
    )
    await house.accept(CrmEventArrived(event=event), order=f"donor:{donor_id}")


async def _approve(house: House, escalation_id: str) -> None:
    await house.accept(
        ApprovalClicked(escalation_id=escalation_id, by=ChatUser(id=OWNER.id), reply_to=_to(OWNER)),
        order=f"escalation:{escalation_id}",
    )


async def _cards(house: House, state: S) -> list[str]:
    found = await house.database.read(lambda tx: tx.escalations.newest((state,), limit=500))
    return [each.id for each in found]


async def _entries(house: House) -> list[AuditRecord]:
    always = (datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
    return await house.database.read(lambda tx: tx.audit.between(*always))


async def _kinds(house: House) -> list[str]:
    return [entry.kind for entry in await _entries(house)]


@pytest.mark.parametrize(
    ("who", "may_pause", "may_resume"),
    [(ADAM, True, True), (CARMEN, True, False), (OWNER, False, False), (STRANGER, False, False)],
    ids=["admin", "compliance", "owner", "nobody"],
)
async def test_who_may_pause_and_who_may_resume(
    house: House, who: Colleague, may_pause: bool, may_resume: bool
) -> None:
    paused = await _pause(house, who, "draft", reason="the AI invents things")
    assert (paused is not None) == may_pause
    if not may_pause:
        await _pause(house, ADAM, "draft", reason="the AI invents things")
    resumed = await _resume(house, who, "draft")
    assert (resumed is not None) == may_resume
    left = await house.database.read(lambda tx: tx.pauses.in_force(house.clock.now()))
    assert len(left) == (0 if may_resume else 1)
    kinds = await _kinds(house)
    assert ("pause.refused" in kinds) == (not may_pause)
    assert ("resume.refused" in kinds) == (not may_resume)


async def test_what_is_paused_is_said_with_who_when_and_why(house: House) -> None:
    said = await _pause(house, ADAM, "execute", reason="CRM import", minutes=120)
    now = house.clock.now()
    pause = PauseShown(
        capability="execute",
        by_name="Adam Novak",
        reason="CRM import",
        since=now,
        until=now + timedelta(hours=2),
    )
    assert said is not None
    assert (said.what, said.changed, said.by_name, said.pauses) == (
        "paused",
        ("execute",),
        "Adam Novak",
        (pause,),
    )
    assert [(channel, outcome) for channel, _, outcome in house.chat.posts] == [(OPERATIONS, said)]
    asked = await _pause(house, STRANGER)
    assert asked is not None
    assert (asked.what, asked.pauses) == ("shown", (pause,))
    [entry] = [entry for entry in await _entries(house) if entry.kind == "capability.paused"]
    assert entry.actor == "slack:UADAM"
    assert entry.payload == {
        "name": "Adam Novak",
        "capabilities": ["execute"],
        "reason": "CRM import",
        "until": (now + timedelta(hours=2)).isoformat(),
    }


async def test_what_was_approved_waits_and_goes_on_by_itself(house: House) -> None:
    await _event(house)
    await house.work_all()
    [card] = await _cards(house, S.OPEN)
    await _pause(house, ADAM, "execute", reason="CRM import")
    house.clock.move(minutes=1)
    await house.work_all()
    [shown] = house.chat.cards.values()
    assert shown.status.paused is not None
    assert (shown.status.paused.by_name, shown.status.paused.reason) == ("Adam Novak", "CRM import")

    await _approve(house, card)
    for _ in range(20):  # however often it is looked at, nothing is written and no attempt is used up
        await house.work_all()
        house.clock.move(minutes=2)
    assert await _cards(house, S.APPROVED) == [card]
    assert house.crm.written == []
    [shown] = house.chat.cards.values()
    assert (shown.status.state, shown.status.paused is None) == (S.APPROVED, False)

    assert await _resume(house, ADAM, "execute") is not None
    assert await _cards(house, S.EXECUTED) == [card], "resuming alone sets it going, without waiting"
    assert len(house.crm.written) == 1
    house.clock.move(minutes=1)
    await house.work_all()
    [shown] = house.chat.cards.values()
    assert (shown.status.state, shown.status.paused) == (S.EXECUTED, None)
    assert house.dead == []


async def test_an_undo_waits_for_the_end_of_a_pause_as_every_write_does(house: House) -> None:
    await _event(house)
    await house.work_all()
    [card] = await _cards(house, S.OPEN)
    await _approve(house, card)
    await house.work_all()
    assert await _cards(house, S.EXECUTED) == [card]
    await _pause(house, ADAM, "execute")
    await house.accept(UndoClicked(escalation_id=card, by=ChatUser(id=OWNER.id), reply_to=_to(OWNER)))
    for _ in range(3):
        await house.work_all()
        house.clock.move(minutes=2)
    assert await _cards(house, S.EXECUTED) == [card]
    await _resume(house, ADAM, "execute")
    await house.work_all()
    assert await _cards(house, S.UNDONE) == [card]


async def test_a_write_whose_answer_was_lost_is_looked_for_but_not_repeated_while_paused(
    house: House,
) -> None:
    await _event(house)
    await house.work_all()
    [card] = await _cards(house, S.OPEN)
    house.crm.health = "loses requests"
    await _approve(house, card)
    await house.work_all()
    assert await _cards(house, S.OUTCOME_UNKNOWN) == [card]
    house.crm.health = "well"
    await _pause(house, ADAM, "execute")
    house.clock.move(minutes=5)
    await house.work_all()
    assert (await _cards(house, S.OUTCOME_UNKNOWN), house.crm.written) == ([card], [])
    await _resume(house, ADAM, "execute")
    assert (await _cards(house, S.EXECUTED), len(house.crm.written)) == ([card], 1)


async def test_what_reached_the_crm_before_the_pause_is_told_as_it_is(house: House) -> None:
    await _event(house)
    await house.work_all()
    [card] = await _cards(house, S.OPEN)
    house.crm.health = "loses answers"
    await _approve(house, card)
    await house.work_all()
    house.crm.health = "well"
    await _pause(house, ADAM, "execute")
    house.clock.move(minutes=5)
    await house.work_all()
    assert (await _cards(house, S.EXECUTED), len(house.crm.written)) == ([card], 1)


@pytest.mark.parametrize("capability", ["recommend", "auto_route"])
async def test_events_wait_while_proposing_is_paused(house: House, capability: str) -> None:
    await _pause(house, ADAM, capability)
    await _event(house)
    for _ in range(15):
        await house.work_all()
        house.clock.move(minutes=2)
    assert (house.chat.cards, house.dead) == ({}, [])
    await _resume(house, ADAM, capability)
    assert len(house.chat.cards) == 1
    assert "recommendation.decided" in await _kinds(house)


async def test_a_pause_ends_by_itself_and_only_the_one_that_was_to_end(house: House) -> None:
    await _event(house)
    await house.work_all()
    [card] = await _cards(house, S.OPEN)
    await _pause(house, ADAM, "execute", "draft", minutes=60)
    await _pause(house, ADAM, "draft", reason="for longer")
    await _approve(house, card)
    house.clock.move(minutes=59)
    await house.work_all()
    assert house.crm.written == []
    house.clock.move(minutes=2)
    await house.work_all()
    assert len(house.crm.written) == 1
    _, _, ended = house.chat.posts[-1]
    assert isinstance(ended, PausesShown)
    assert (ended.what, ended.changed) == ("ended", ("execute",))
    assert [(pause.capability, pause.reason) for pause in ended.pauses] == [("draft", "for longer")]


async def test_compliance_cannot_end_a_pause_by_pausing_for_a_moment(house: House) -> None:
    await _pause(house, ADAM, "execute", reason="investigation")
    await _pause(house, CARMEN, "execute", reason="short", minutes=1)
    [pause] = await house.database.read(lambda tx: tx.pauses.in_force(house.clock.now()))
    assert (pause.by_name, pause.until) == ("Adam Novak", None)
    await _pause(house, CARMEN, "execute", reason="for good")
    [pause] = await house.database.read(lambda tx: tx.pauses.in_force(house.clock.now()))
    assert (pause.by_name, pause.until) == ("Carmen Diaz", None)


async def test_operations_hear_of_it_where_they_can_be_reached(house: House) -> None:
    organisation = house.context.organisation.model_copy(update={"operations_channel": None})
    house.context = dataclasses.replace(house.context, organisation=organisation)
    await _pause(house, ADAM, "draft")
    assert [channel for channel, _, _ in house.chat.posts] == ["CDESK"]


async def test_many_cards_are_refreshed_a_few_at_a_time_and_not_twice(house: House) -> None:
    cards = AT_ONCE + 5
    for number in range(cards):
        await _event(house, number)
    await house.work(500)
    assert len(house.chat.cards) == cards
    await _pause(house, ADAM, "execute")
    marked = _marked(house)
    assert marked <= 2, "Slack is not flooded"
    house.clock.move(seconds=5)
    await house.work_all()
    assert marked < _marked(house) <= 2 + 5 / APART.total_seconds() + 1
    await _resume(house, ADAM, "execute")
    before = len(await _refreshes(house))
    for _ in range(2 * cards):
        house.clock.move(seconds=APART.total_seconds())
        await house.work_all()
    assert _marked(house) == 0, "no card lies"
    later = len(await _refreshes(house)) - before
    assert later <= cards - AT_ONCE, "what the pause had left to do was given up when it was resumed"


def _marked(house: House) -> int:
    return sum(shown.status.paused is not None for shown in house.chat.cards.values())


async def _refreshes(house: House) -> list[str]:
    from sqlalchemy import select

    from storage.schema import OUTBOX

    query = select(OUTBOX.c.id).where(OUTBOX.c.idem_key.like("card:%:paused:%"))
    return await house.database.read(lambda tx: list(tx.outbox._connection.execute(query).scalars()))


@pytest.mark.parametrize("seed", range(2))
async def test_racing_the_emergency_stop_against_two_replicas(house: House, seed: int) -> None:
    """Nothing begins after the stop is stored; everything is done once after it is lifted."""
    for number in range(12):
        await _event(house, number)
    await house.work(500)
    cards = await _cards(house, S.OPEN)
    assert len(cards) == 12
    for card in cards:
        await _approve(house, card)

    path = house.database._backend._writing.url.render_as_string(hide_password=False)  # type: ignore[attr-defined]
    elsewhere = Database.open(path, keys=KEYS)
    replica = dataclasses.replace(
        house, context=dataclasses.replace(house.context, database=elsewhere), dead=[]
    )
    dice = random.Random(seed)

    async def stop() -> None:
        for _ in range(dice.randrange(40)):
            await asyncio.sleep(0)
        command = PauseRequested(capabilities=("execute",), by=ChatUser(id=ADAM.id), reply_to=_to(ADAM))
        await house.accept(command)

    await asyncio.gather(house.work(200), replica.work(200), stop())
    await house.work(200)
    written = len(house.crm.written)
    entries = [entry.kind for entry in await _entries(house)]
    assert "action.begun" not in entries[entries.index("capability.paused") :]
    assert written == entries.count("action.begun") < 12

    house.clock.move(minutes=3)
    await asyncio.gather(house.work(200), replica.work(200))
    assert len(house.crm.written) == written, "not even later"
    await house.accept(
        ResumeRequested(capabilities=("execute",), by=ChatUser(id=ADAM.id), reply_to=_to(ADAM))
    )
    for _ in range(3):
        await asyncio.gather(house.work(200), replica.work(200))
        house.clock.move(minutes=1)
    assert sorted(await _cards(house, S.EXECUTED)) == sorted(cards)
    assert len({write.key for write in house.crm.written}) == len(house.crm.written) == 12
    assert house.dead == replica.dead == []
    await elsewhere.close()


async def test_what_was_parked_after_the_resumption_does_not_wait(house: House) -> None:
    """Parked items are found by their code, whichever queue they are in."""
    await _pause(house, ADAM, "auto_route")
    await _event(house)
    await house.work_all()
    now = house.clock.now()
    assert await house.database.write(lambda tx: tx.outbox.wake(PAUSED, now)) == 0
    assert await house.database.write(lambda tx: tx.inbox.wake(PAUSED, now)) == 1


class _LastMoment:
    """A database in which somebody pauses just before the next thing is written."""

    def __init__(self, database: Database, house: House) -> None:
        self._database, self._house = database, house

    async def write(self, work: Any) -> Any:
        pause = Pause(
            capability="execute",
            change_id="late",
            by="cli:adam",
            by_name="Adam",
            reason="",
            since=self._house.clock.now(),
        )
        await self._database.write(lambda tx: tx.pauses.put(pause))
        return await self._database.write(work)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)


async def test_a_pause_between_the_last_question_and_the_write_is_in_time(house: House) -> None:
    await _event(house)
    await house.work_all()
    [card] = await _cards(house, S.OPEN)
    house.crm.health = "down"
    await _approve(house, card)
    await house.work_all()
    house.crm.health = "well"
    context = dataclasses.replace(house.context, database=_LastMoment(house.database, house))  # type: ignore[arg-type]
    now = house.clock.now()
    arrived = Arrived("item", "correlation", 1, None, now, house.ids)
    with pytest.raises(NotBefore) as held:
        await execute_action(ExecuteAction(escalation_id=card), arrived, context)
    assert held.value.code == PAUSED
    assert (await _cards(house, S.APPROVED), house.crm.written) == ([card], [])
