"""Metrics and readiness answer whoever asks, however many at once, at the cost of asking once."""

from __future__ import annotations

import asyncio
from typing import cast

import httpx2
import pytest

from bot.http.app import Pages, doors
from bot.http.metrics import Metrics
from bot.http.probes import Probes
from bot.http.shared import Shared

MANY = 50


class Found:
    """Something that takes a turn of the loop to find out."""

    def __init__(self) -> None:
        self.asked = 0
        self.at = 100.0
        self.gone = False

    async def text(self) -> bytes:
        self.asked += 1
        await asyncio.sleep(0)
        if self.gone:
            raise ConnectionError("gone")
        return b"%d" % self.asked

    async def check(self) -> str:
        await self.text()
        return ""


@pytest.mark.parametrize("path", ["/metrics", "/readyz"])
async def test_a_flood_costs_one_look(path: str) -> None:
    found = Found()
    app = doors(None, None, Probes({"database": found.check}), Pages(cast("Metrics", found)))
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://bot") as http:
        answers = await asyncio.gather(*(http.get(path) for _ in range(MANY)))
    assert [each.status_code for each in answers] == [200] * MANY
    assert len({each.content for each in answers}) == 1
    assert found.asked == 1


async def test_an_answer_counts_for_its_span_and_no_longer() -> None:
    found = Found()
    shared = Shared(found.text, 1.0, lambda: found.at)
    assert await shared.get() == b"1"
    found.at += 0.9
    assert await shared.get() == b"1"
    found.at += 0.1
    assert await shared.get() == b"2"


async def test_a_failure_is_shared_and_then_forgotten_and_nobody_who_leaves_takes_it_along() -> None:
    found = Found()
    found.gone = True
    shared = Shared(found.text, 1.0, lambda: found.at)
    failed = await asyncio.gather(*(shared.get() for _ in range(MANY)), return_exceptions=True)
    assert {type(each) for each in failed} == {ConnectionError}
    assert found.asked == 1
    found.gone, found.at = False, found.at + 1.0
    leaving, staying = asyncio.create_task(shared.get()), asyncio.create_task(shared.get())
    await asyncio.sleep(0)
    leaving.cancel()
    assert await staying == b"2"
