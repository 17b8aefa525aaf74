"""What was acknowledged is on disk, and a polite stop finishes what it began."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest
from sqlalchemy import select
from standardwebhooks import Webhook

from bot.cli.stage import WEBHOOK_SECRET
from storage.schema import INBOX
from tests.crash.conftest import Bot
from tests.databases import perform
from tests.loop.shown import has
from tests.loop.staging import JANE, OLIVIA, OLIVIAS, until

pytestmark = pytest.mark.asyncio(loop_scope="module")

EVENTS, SENDERS, ENOUGH = 200, 16, 60


def _signed(event_id: str) -> tuple[bytes, dict[str, str]]:
    data = {"donor_id": JANE, "interaction_id": "interaction-000001"}
    return signed_event(event_id, "email.opened", JANE, data)


def signed_event(
    event_id: str, kind: str, subject: str, data: dict[str, Any], secret: str = ""
) -> tuple[bytes, dict[str, str]]:
    """An event as the CRM sends and signs it."""
    now = datetime.now(UTC)
    body = json.dumps(
        {
            "specversion": "1.0",
            "id": event_id,
            "source": "/tests/crash",
            "type": kind,
            "subject": subject,
            "time": now.isoformat(),
            "datacontenttype": "application/json",
            "data": data,
        }
    )
    signature = Webhook(secret or WEBHOOK_SECRET.get_secret_value()).sign(event_id, now, body)
    return body.encode(), {
        "content-type": "application/cloudevents+json",
        "webhook-id": event_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": signature,
    }


def _stored(bot: Bot) -> set[str]:
    return perform(bot.database_url, lambda c: set(c.execute(select(INBOX.c.dedupe_key)).scalars()))


async def _killed_while_posting(bot: Bot, name: str) -> None:
    await bot.start()
    waiting = [f"{name}-{number}" for number in range(EVENTS)]
    acknowledged: set[str] = set()
    enough = asyncio.Event()

    door = f"{bot.stage.bot_origin}/crm/events"

    async def send(client: httpx2.AsyncClient) -> None:
        while waiting:
            event_id = waiting.pop()
            body, headers = _signed(event_id)
            try:
                answer = await client.post(door, content=body, headers=headers)
            except httpx2.TransportError:
                return
            assert answer.status_code == 202, answer.text
            acknowledged.add(event_id)
            if len(acknowledged) >= ENOUGH:
                enough.set()

    async def pull_the_plug() -> None:
        await enough.wait()
        await bot.kill()

    async with httpx2.AsyncClient(trust_env=False, verify=False) as client:
        await asyncio.gather(pull_the_plug(), *(send(client) for _ in range(SENDERS)))

    assert ENOUGH <= len(acknowledged) < EVENTS, "the plug was pulled in the middle"
    assert acknowledged <= _stored(bot)
    bot.let_leases_run_out()
    await bot.start()
    await bot.settled()
    counts: Any = await bot.read(lambda tx: tx.inbox.counts())
    assert (counts["ready"], counts["in_flight"], counts["dead"]) == (0, 0, 0)
    assert await bot.terminate() == 0


async def test_killed_among_events_on_sqlite(bot: Bot) -> None:
    await _killed_while_posting(bot, "sqlite")


@pytest.mark.postgres
async def test_killed_among_events_on_postgresql(postgres_bot: Bot) -> None:
    await _killed_while_posting(postgres_bot, "postgresql")


async def test_a_polite_stop_finishes_what_it_began(bot: Bot) -> None:
    await bot.start()
    assert bot.pid
    await bot.stage.break_crm(slow_ms=400)
    await bot.stage.happen("gift", JANE, amount_minor=7_770_000)

    async def working() -> bool:
        counts: Any = await bot.read(lambda tx: tx.inbox.counts())
        return bool(counts["in_flight"])

    await until(working, "the event is being worked on")
    os.kill(bot.pid, signal.SIGTERM)
    assert await bot.bury() == {"signal": None, "code": 0}
    counts: Any = await bot.read(lambda tx: (tx.inbox.counts(), tx.outbox.counts()))
    assert [queue["in_flight"] for queue in counts] == [0, 0], "nothing is held by a process that is gone"
    opened: Any = await bot.read(lambda tx: tx.escalations.open_for_donor(JANE))
    assert len(opened) == 1, "what was being worked on was finished"

    await bot.stage.break_crm(slow_ms=0)
    await bot.start()
    await bot.stage.seen(OLIVIA, OLIVIAS, "Jane Doe gave $77,700")
    await bot.settled()
    cards = [m for m in await bot.stage.history(OLIVIA, OLIVIAS) if has(m, "Jane Doe gave $77,700")]
    assert len(cards) == 1
    assert await bot.terminate() == 0
