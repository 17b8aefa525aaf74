"""What was set aside: operations hear of it once an hour, and a named admin gives it back or lets it be."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest

from bot.scheduler import Scheduler
from handlers.commands import UnreadableEventArrived
from handlers.context import Arrived
from handlers.outcomes import Notice
from handlers.rules.pausing import Operator
from handlers.service.dead_letters import dead_letters, discard, explanation, may_care, retry
from policy.decide import CompiledPolicy
from storage.bell import InProcessBell
from tests.handlers.conftest import ORGANISATION, House, house_in

ADMIN = Operator("cli:adam@x.example", "adam@x.example", frozenset({"admin"}))


@pytest.fixture
async def house(migrated: Path, default_policy: CompiledPolicy) -> AsyncIterator[House]:
    with house_in(migrated, default_policy) as house:
        yield house
        await house.database.close()


async def _set_aside(house: House, count: int) -> None:
    for _ in range(count):
        await house.accept(UnreadableEventArrived(reason="malformed", body="{"))
    await house.work_all()


async def _minute(house: House) -> list[Notice]:
    """Let the clock of every replica tick, and return what operations were told."""
    before = len(house.chat.posts)
    replicas = [Scheduler(house.context, InProcessBell(), None, poll_s=60) for _ in range(3)]
    for replica in replicas:
        await replica.report_set_aside()
    await house.work_all()
    told = house.chat.posts[before:]
    assert {channel for channel, _, _ in told} <= {ORGANISATION.operations}
    return [shown for _, _, shown in told if isinstance(shown, Notice)]


async def test_operations_are_told_once_an_hour_however_much_it_is(house: House) -> None:
    assert await _minute(house) == []
    await _set_aside(house, 30)
    (told,) = await _minute(house)
    assert told.text == (
        "30 items were set aside because it could not be handled. Nothing is lost.\n"
        f"• 30 × {explanation('refused').why} (refused)"
    )
    house.clock.move(minutes=59)
    await _set_aside(house, 2)
    assert await _minute(house) == []
    house.clock.move(minutes=1)
    (later,) = await _minute(house)
    assert later.text.startswith("2 items were set aside")
    house.clock.move(hours=2)
    assert await _minute(house) == []


@pytest.mark.parametrize(("act", "becomes"), [("retried", "ready"), ("discarded", "done")])
async def test_an_admin_settles_it_and_the_audit_says_who(house: House, act: str, becomes: str) -> None:
    await _set_aside(house, 1)
    (letter,) = await house.database.read(lambda tx: dead_letters(tx, 10))
    assert (letter.kind, letter.code, letter.queue) == ("unreadable_event", "refused", "inbox")
    arrived = Arrived(letter.id, "c1", 1, None, house.clock.now(), house.ids)
    settle = retry if act == "retried" else partial(discard, reason="a test of the CRM's")
    assert await house.database.write(lambda tx: settle(tx, arrived, ADMIN, letter.id)) == letter
    assert await house.database.write(lambda tx: settle(tx, arrived, ADMIN, letter.id)) is None, "once"
    item, entry = await house.database.read(
        lambda tx: (tx.inbox.get(letter.id), tx.audit.of_kind(f"inbox.{act}")[-1])
    )
    assert item is not None
    assert item.status == becomes
    assert (entry.actor, entry.payload) == (
        ADMIN.actor,
        {
            "name": ADMIN.name,
            "item": letter.id,
            "asked": letter.kind,
            "code": "refused",
            "reason": "" if act == "retried" else "a test of the CRM's",
        },
    )


@pytest.mark.parametrize(("role", "allowed"), [("admin", True), ("compliance", False), ("owner", False)])
def test_only_admins_may(role: str, allowed: bool) -> None:
    assert may_care(Operator("cli:x", "x", frozenset({role}))) is allowed


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("slack_channel_not_found", "does not exist"),
        ("slack_something_new", "Slack refused it for good"),
        ("crm_http_400", "The CRM refused it for good"),
        ("unexpected_KeyError", "unexpected"),
        ("never_seen", "could not be handled"),
    ],
)
def test_every_code_is_explained(code: str, words: str) -> None:
    said = explanation(code)
    assert words in said.why
    assert said.remedy
