"""Started before anything that it needs: it lives and says what it waits for, and goes on as each comes."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest
from sqlalchemy import make_url

from tests.crash.conftest import Bot
from tests.crash.test_killed_while_accepting import signed_event
from tests.faults.network import Wire, wire_to
from tests.loop.shown import has
from tests.loop.staging import JANE, OLIVIA, OLIVIAS, until

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.postgres]
ALL_WELL = dict.fromkeys(("database", "storing", "schema", "slack", "clock"), "ok")


async def _asked(bot: Bot, path: str) -> tuple[int, Any]:
    try:
        answer = await bot.stage.http.get(f"{bot.origin}{path}")
    except httpx2.TransportError:
        return 0, None
    return answer.status_code, answer.json()


async def test_nothing_is_there_at_the_start_and_each_comes_later(postgres_bot: Bot) -> None:
    bot, url = postgres_bot, make_url(postgres_bot.database_url)
    async with (
        wire_to(url.port or 5432) as database,
        wire_to(1) as redis,
        wire_to(int(bot.stage.origin.rpartition(":")[2])) as outside,
    ):
        wires: tuple[Wire, ...] = (database, redis, outside)
        for wire in wires:
            wire.refuse()
        beyond = f"http://127.0.0.1:{outside.listening}"
        reached = url.set(host="127.0.0.1", port=database.listening)
        bot.extra = {
            "COUNTERSIGN_DATABASE_URL": reached.render_as_string(hide_password=False),
            "COUNTERSIGN_REDIS_URL": f"redis://127.0.0.1:{redis.listening}/0",
            "COUNTERSIGN_SLACK__BASE_URL": f"{beyond}/slack-sim/api/",
            "COUNTERSIGN_CRM__BASE_URL": f"{beyond}/crm/api/v1/",
            "COUNTERSIGN_AI__BASE_URL": f"{beyond}/model/v1",
            "COUNTERSIGN_AI__MODEL": "m",
        }
        await bot.start(to_die=True)

        async def lives() -> bool:
            return (await _asked(bot, "/healthz"))[0] == 200

        await until(lives, "it lives without anything")
        waiting = {"status": "not ready", "checks": {"service": "waiting for the database"}}
        assert await _asked(bot, "/readyz") == (503, waiting)
        gift = await _gift(bot)
        assert await _delivered(bot, gift) == 503, "what cannot be stored is not accepted"

        database.mend()

        async def ready() -> bool:
            return (await _asked(bot, "/readyz"))[0] == 200

        await until(ready, "the database alone is enough to take in whatever comes")
        assert await _asked(bot, "/readyz") == (200, {"status": "ok", "checks": ALL_WELL})
        assert await _delivered(bot, gift) == 202

        async def tried() -> bool:
            waits: Any = await bot.read(lambda tx: tx.inbox.standing(datetime.now(UTC)).tried)
            return "crm_no_answer" in waits

        await until(tried, "the CRM was asked in vain")
        outside.mend()
        card = await bot.stage.seen(OLIVIA, OLIVIAS, "Jane Doe gave", "$4,321")
        await bot.settled()
        said = await bot.stage.history(OLIVIA, OLIVIAS)
        assert [m["ts"] for m in said if has(m, "Jane Doe gave", "$4,321")] == [card["ts"]]
        assert await bot.terminate() == 0
    log = [json.loads(line) for line in bot.log.read_text().splitlines() if line.startswith("{")]
    assert "the database does not answer yet" in {line["message"] for line in log}
    assert [line for line in log if line["level"] == "error"] == []


async def _gift(bot: Bot) -> str:
    tables, gift = bot.stage.crm.tables, "gift-alone"
    like = next(each for each in tables.gifts if each.donor_id == JANE)
    unthanked = like.acknowledgement.model_copy(update={"status": "needed", "sent_on": None})
    amount = like.amount.model_copy(update={"minor": 432_100})
    today = max(each.received_on for each in tables.gifts)
    changes = {
        "id": gift,
        "amount": amount,
        "received_on": today,
        "version": "v1",
        "acknowledgement": unthanked,
    }
    bot.stage.crm.store.commit(like.model_copy(update=changes))
    return gift


async def _delivered(bot: Bot, gift: str) -> int:
    data = {"donor_id": JANE, "gift_id": gift}
    body, headers = signed_event(f"event:{gift}", "donation.received", JANE, data)
    return (await bot.stage.http.post(f"{bot.origin}/crm/events", content=body, headers=headers)).status_code
