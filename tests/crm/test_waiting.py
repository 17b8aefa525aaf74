"""While the CRM has asked any replica to wait, nobody asks it anything."""

from __future__ import annotations

from datetime import timedelta

import httpx2
import pytest

from bot.crm.wire import Wire
from handlers.ports import Unavailable
from storage.limits import LocalLimits


async def test_nobody_asks_before_the_time_is_over() -> None:
    now, asked = 0.0, 0

    def crm(_request: httpx2.Request) -> httpx2.Response:
        nonlocal asked
        asked += 1
        return (
            httpx2.Response(429, headers={"Retry-After": "30"})
            if asked == 1
            else httpx2.Response(200, json={})
        )

    shared = LocalLimits(lambda: now)
    async with httpx2.AsyncClient(transport=httpx2.MockTransport(crm), base_url="http://crm") as client:
        one, other = Wire(client, shared), Wire(client, shared)
        with pytest.raises(Unavailable) as refused:
            await one.get("ping")
        assert (refused.value.code, refused.value.retry_after) == ("rate_limited", timedelta(seconds=30))
        with pytest.raises(Unavailable) as waiting:
            await other.write("POST", "tasks", {}, actor="a", headers={})
        assert (waiting.value.code, waiting.value.retry_after, asked) == (
            "rate_limited",
            timedelta(seconds=30),
            1,
        )
        now = 30.0
        assert (await other.get("ping"), asked) == ({}, 2)
