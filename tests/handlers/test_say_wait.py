"""Who types a command sees its answer alone; that it takes longer is said only when it does."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.doorstep import Arrival, Doorstep
from handlers.answers.send_answer import NOT_SHOWN
from handlers.commands import ChatUser, Command, HelpRequested, ReplyAddress, SummaryRequested
from handlers.outcomes import Notice, SummaryShown
from policy.decide import CompiledPolicy
from storage.bell import InProcessBell
from tests.handlers.conftest import LEASE, OWNER, House, house_in

TO = ReplyAddress(channel_id="C1", user_id=OWNER.id, response_url="https://hooks.slack.com/commands/1")
SUMMARY = SummaryRequested(query="Margaret Okafor", by=ChatUser(id=OWNER.id), reply_to=TO)
READING = Notice(text="Reading Margaret Okafor’s record. The answer appears here in a moment.")


@pytest.fixture
async def house(migrated: Path, default_policy: CompiledPolicy) -> AsyncIterator[House]:
    with house_in(migrated, default_policy) as opened:
        yield opened
        await opened.database.close()


async def typed(house: House, command: Command, times: int = 1) -> None:
    doorstep = Doorstep(house.database, InProcessBell(), house.clock, house.ids)
    for _ in range(times):
        await doorstep.accept(command, Arrival(source="slack", dedupe_key="command:1", typed=True))


def told(house: House) -> list[str]:
    return [getattr(said, "text", said.type) for _, said in house.chat.whispers]


async def test_an_answer_in_time_stands_alone(house: House) -> None:
    await typed(house, SUMMARY)
    await house.work_all()
    house.clock.move(seconds=3)
    await house.work_all()
    assert told(house) == ["summary"]


async def test_whoever_waits_for_two_seconds_is_told_once(house: House) -> None:
    await typed(house, SUMMARY, times=2)
    house.clock.move(seconds=2)
    [waiting] = await house.database.write(
        lambda tx: tx.inbox.claim(owner="slow", now=house.clock.now(), lease=LEASE, limit=1)
    )
    await house.work_all()
    assert told(house) == [READING.text]
    house.clock.move(minutes=5)
    assert waiting.kind == "summary"
    await house.work_all()
    assert told(house) == [READING.text, "summary"]


async def test_whoever_waits_for_a_minute_is_promised_no_moment_any_more(house: House) -> None:
    await typed(house, SUMMARY)
    house.clock.move(seconds=2)
    [_] = await house.database.write(
        lambda tx: tx.inbox.claim(owner="slow", now=house.clock.now(), lease=LEASE, limit=1)
    )
    for seconds in (0, 57, 2):
        house.clock.move(seconds=seconds)
        await house.work_all()
    [(_, reading), (_, longer)] = house.chat.whispers
    assert isinstance(longer, Notice)
    assert (reading, longer.reference != "") == (READING, True)
    assert (longer.text, longer.next_step) == (
        "The answer about Margaret Okafor takes longer than it should. Your question is kept.",
        "The answer comes by itself. If it cannot wait, look in the CRM, and tell IT the reference.",
    )


async def test_what_is_always_answered_at_once_says_nothing_before(house: House) -> None:
    await typed(house, HelpRequested(unknown="", by=ChatUser(id=OWNER.id), reply_to=TO))
    house.clock.move(seconds=2)
    assert await house.database.read(lambda tx: tx.outbox.standing(house.clock.now()).counts["later"]) == 0


async def test_of_an_answer_that_slack_does_not_take_whoever_waits_is_told(house: House) -> None:
    house.chat.too_large = frozenset({SummaryShown})
    await typed(house, SUMMARY)
    await house.work_all()
    [(user, said)] = house.chat.whispers
    assert isinstance(said, Notice)
    assert (user, said.model_copy(update={"reference": ""})) == (OWNER.id, NOT_SHOWN)
    assert (len(said.reference), house.dead) == (6, [("send_answer", "invalid_blocks")]), "and IT hears of it"
