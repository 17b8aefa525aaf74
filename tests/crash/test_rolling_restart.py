"""Two replicas are restarted one after the other under load: nothing is refused, lost or done twice."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import httpx2
import pytest
from sqlalchemy import select

from bot.cli.running import listen
from policy.escalation import EscalationState
from storage.schema import INBOX
from storage.transaction import Transaction
from tests.crash.conftest import Bot
from tests.crash.test_killed_while_accepting import signed_event
from tests.databases import perform
from tests.loop.staging import OLIVIA, Staging, origin_of, until

pytestmark = pytest.mark.asyncio(loop_scope="module")

DECISIONS, SENDERS = 6, 3


@dataclass
class Proxy:
    """Sends each request to a replica in turn, over a connection of its own.

    It tries another one only where it may: when the connection was refused. It never asks whether one is
    ready, as the plainest of them do, so one that starts must let nobody connect before it is.
    """

    stage: Staging
    bots: tuple[Bot, ...]
    answers: Counter[int] = field(default_factory=Counter)
    refused: int = 0

    def __post_init__(self) -> None:
        self._turns = itertools.cycle(self.bots)
        alone = httpx2.Limits(max_keepalive_connections=0)
        self.http = httpx2.AsyncClient(limits=alone, timeout=30, trust_env=False)

    async def event(self, event_id: str, donor: str) -> None:
        data = {"donor_id": donor, "interaction_id": "interaction-000001"}
        body, headers = signed_event(event_id, "email.opened", donor, data)
        await self._through(
            lambda origin: self.http.post(f"{origin}/crm/events", content=body, headers=headers)
        )

    async def click(self, about: str, nonce: str) -> None:
        own = replace(self.stage, http=self.http)
        await self._through(
            lambda origin: own.signed_click(OLIVIA, "cs:approve", about, nonce=nonce, origin=origin)
        )

    async def _through(self, send: Any) -> None:
        first = next(self._turns)
        for bot in (first, *(each for each in self.bots if each is not first)):
            try:
                answer = await send(bot.origin)
            except httpx2.ConnectError:
                self.refused += 1
                continue
            self.answers[answer.status_code] += 1
            return
        raise AssertionError("no replica let anybody in")

    async def restart(self, bot: Bot) -> None:
        assert await bot.terminate() == 0
        await bot.start()


@asynccontextmanager
async def _two(bot: Bot) -> AsyncIterator[tuple[Bot, Bot]]:
    door = listen("127.0.0.1", 0)
    bots = (bot, replace(bot, origin=origin_of(door)))
    door.close()
    await asyncio.gather(*(each.start() for each in bots))
    yield bots
    assert await asyncio.gather(*(each.terminate() for each in bots)) == [0, 0]


async def _opened(bot: Bot) -> list[str]:
    found: Any = await bot.read(lambda tx: tx.escalations.newest((EscalationState.OPEN,), limit=100))
    return [each.id for each in found]


@pytest.mark.postgres
async def test_a_rolling_restart_loses_doubles_and_refuses_nothing(postgres_bot: Bot) -> None:
    async with _two(postgres_bot) as bots:
        stage = postgres_bot.stage
        owned = [
            d.id
            for d in stage.crm.tables.donors
            if d.owner_id == "staff-olivia" and not (d.deceased or d.merged_into or d.do_not_contact)
        ]
        await asyncio.gather(*(stage.happen("gift", d, amount_minor=30_000) for d in owned[-DECISIONS:]))
        decisions = await until(lambda: _enough(postgres_bot), "there is something to decide")
        proxy, over, sent = Proxy(stage, bots), asyncio.Event(), itertools.count()

        async def keep_sending() -> None:
            while not over.is_set():
                number = next(sent)
                await proxy.event(f"rolling-{number}", owned[number % len(owned)])
                await proxy.click(decisions[number % len(decisions)], f"rolling-{number}")

        senders = [asyncio.create_task(keep_sending()) for _ in range(SENDERS)]
        for each in bots:
            await proxy.restart(each)
        over.set()
        await asyncio.gather(*senders)
        await postgres_bot.settled()
        await proxy.http.aclose()
        count = next(sent)
    assert proxy.refused, "the doors were closed under load"
    assert proxy.answers == {200: count, 202: count}
    arrived = perform(postgres_bot.database_url, _arrived)
    assert {key: n for key, n in arrived.items() if key.startswith("rolling-")} == {
        f"rolling-{number}": "done" for number in range(count)
    }
    assert sum("rolling-" in key and key.startswith("click:") for key in arrived) == count
    assert "dead" not in arrived.values()
    kinds: Any = await postgres_bot.read(lambda tx: _trail(tx, decisions, owned))
    assert kinds == {
        (each, kind): 1 for each in decisions for kind in ("escalation.approved", "action.executed")
    }
    written = Counter(
        task.external_key.partition(":")[0]
        for task in stage.crm.tables.tasks
        if task.external_key and task.external_key.partition(":")[0] in decisions
    )
    assert written == dict.fromkeys(decisions, 1)


async def _enough(bot: Bot) -> list[str] | None:
    found = await _opened(bot)
    return found if len(found) >= DECISIONS else None


def _arrived(connection: Any) -> dict[str, str]:
    rows = connection.execute(select(INBOX.c.dedupe_key, INBOX.c.status))
    return {row.dedupe_key: row.status for row in rows}


def _trail(tx: Transaction, decisions: list[str], donors: list[str]) -> Counter[tuple[str, str]]:
    """Count what happened to each decision, of what may happen once only."""
    once = ("escalation.approved", "action.executed")
    return Counter(
        (str(entry.payload["escalation_id"]), entry.kind)
        for donor in donors
        for entry in tx.audit.trace(donor)
        if entry.kind in once and entry.payload and entry.payload.get("escalation_id") in decisions
    )
