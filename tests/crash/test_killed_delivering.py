"""Killed while it delivers a digest that is late already, the bot leaves one digest, and nothing twice."""

from __future__ import annotations

import signal
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.cli.running import listen
from bot.scheduler import INSTALLED_AT
from bot.slack.cards.digest import LATE
from storage.database import Database
from storage.transaction import Transaction
from tests.crash.conftest import KEYS, Bot
from tests.loop.shown import Json, has
from tests.loop.staging import MANAGERS, MARA, organisation_file, origin_of, until

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.postgres]
TITLE = "Who uses it, and for what"


async def _digests(bot: Bot) -> list[Json]:
    return [m for m in await bot.stage.history(MARA, MANAGERS) if has(m, TITLE)]


async def _installed_long_ago(bot: Bot) -> None:
    database, now = Database.open(bot.database_url, keys=KEYS), datetime.now(UTC)
    try:
        weeks = (now - timedelta(days=14)).isoformat()
        await database.write(lambda tx: tx.settings.put(INSTALLED_AT, weeks, now))
    finally:
        await database.close()


def _delivered(tx: Transaction) -> list[object]:
    return [(each.payload or {}).get("late") for each in tx.audit.of_kind("digest.delivered")]


async def test_two_replicas_killed_at_the_moment_of_delivery_leave_one_digest(postgres_bot: Bot) -> None:
    due = datetime.now(UTC) - timedelta(hours=8)
    digest = {"id": "late", "channel": "#fundraising-managers", "cron": f"{due.minute} {due.hour} * * *"}
    organisation_file(
        postgres_bot.organisation.parent,
        postgres_bot.stage.origin,
        digests=[digest | {"time_zone": "UTC", "days": 7}],
    )
    await _installed_long_ago(postgres_bot)
    reserved = listen("127.0.0.1", 0)
    replicas = (postgres_bot, replace(postgres_bot, origin=origin_of(reserved)))
    reserved.close()
    for replica in replicas:
        await replica.start(failpoint="handled.post_digest")
    for _ in replicas:  # the one that delivers dies, and so does the one that finds what it left
        await until(lambda: _somebody_fell(replicas), "a replica falls")
        fallen = next(each for each in replicas if each.pid is not None and not each.is_running())
        assert await fallen.bury() == {"signal": signal.SIGKILL, "code": None}
        assert len(await _digests(postgres_bot)) == 1
        postgres_bot.let_leases_run_out()
    await postgres_bot.start()
    await postgres_bot.settled()
    [shown] = await _digests(postgres_bot)
    assert has(shown, LATE)
    assert await postgres_bot.read(_delivered) == [True]
    thread = await postgres_bot.stage.thread(MARA, MANAGERS, shown["ts"])
    said = Counter(str(message["text"]) for message in thread)
    assert len(thread) > 1
    assert max(said.values()) == 1, "no part of the detail came twice"
    assert await postgres_bot.terminate() == 0


async def _somebody_fell(replicas: tuple[Bot, ...]) -> bool:
    return any(each.pid is not None and not each.is_running() for each in replicas)
