"""A house in which time passes: the handlers' own, with people who can be away."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from handlers.commands import AwayRequested, BackRequested, ChatUser, ReplyAddress
from policy.decide import CompiledPolicy
from policy.organisation import Person
from storage.escalations import Escalation
from tests.handlers.conftest import (
    MANAGER,
    ORGANISATION,
    OWNER,
    STRANGER,
    House,
    default_policy,
    house_in,
    migrated,
)

__all__ = ["default_policy", "migrated"]

DONOR = "donor-1"
PEOPLE = (
    Person(email=OWNER.email, roles=("owner",), channel="COWNER", reports_to=MANAGER.email),
    Person(email=STRANGER.email),
    Person(email=MANAGER.email, roles=("manager",), channel="CMANAGER"),
)


@pytest.fixture
async def house(migrated: Path, default_policy: CompiledPolicy) -> AsyncIterator[House]:
    """Friday, 20 November 2026, ten in the morning in New York."""
    with house_in(migrated, default_policy) as house:
        house.context = replace(
            house.context, organisation=ORGANISATION.model_copy(update={"people": PEOPLE})
        )
        yield house
        await house.database.close()


async def opened(house: House) -> Escalation:
    """Let the gift arrive, and return what it opens."""
    [found] = await house.gift()
    return found


async def leave(house: House, words: str, *delegates: str, who: str = OWNER.id, name: str = "") -> None:
    by, to = ChatUser(id=who), ReplyAddress(channel_id="C1", user_id=who)
    command = AwayRequested(words=words, delegates=delegates, delegate_name=name, by=by, reply_to=to)
    await house.accept(command)
    await house.work_all()


async def come_back(house: House, who: str = OWNER.id, absence_id: str | None = None) -> None:
    by, to = ChatUser(id=who), ReplyAddress(channel_id="C1", user_id=who)
    await house.accept(BackRequested(absence_id=absence_id, by=by, reply_to=to))
    await house.work_all()


def whispered(house: House, who: str) -> str:
    """The last private answer to somebody, as plain words."""
    outcome = [outcome for user, outcome in house.chat.whispers if user == who][-1]
    return str(outcome.model_dump())


async def now(house: House, escalation: Escalation) -> Escalation:
    found = await house.database.read(lambda tx: tx.escalations.get(escalation.id))
    assert found is not None
    return found


async def kinds(house: House) -> list[str]:
    return [e.kind for e in await house.database.read(lambda tx: tx.audit.trace(DONOR))]
