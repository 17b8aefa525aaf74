"""Replicas agree on turns and pauses through Redis, and each keeps its own when Redis is gone."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from storage.limits import LocalLimits, SharedLimits

GONE = "redis://127.0.0.1:1/0"


@pytest.fixture
async def replicas(redis_url: str) -> AsyncIterator[tuple[SharedLimits, SharedLimits]]:
    one, other = (SharedLimits.open(redis_url, LocalLimits(), "test") for _ in range(2))
    both = one, other
    yield both
    for each in both:
        await each.close()


@pytest.mark.redis
async def test_two_replicas_take_turns(replicas: tuple[SharedLimits, SharedLimits]) -> None:
    one, other = replicas
    channel = secrets.token_hex(4)
    waits = [await one.turn(channel, 1), await other.turn(channel, 1), await other.turn(channel, 1)]
    assert waits[0] == 0
    assert 0.7 < waits[1] <= 1
    assert 1.4 < waits[2] <= 2
    assert await one.turn(channel + "x", 1) == 0, "another channel has turns of its own"


@pytest.mark.redis
async def test_what_one_is_told_all_keep_to(
    replicas: tuple[SharedLimits, SharedLimits], redis_url: str
) -> None:
    one, other = replicas
    name = secrets.token_hex(4)
    assert (await other.held(name), other.is_held(name)) == (0, False)
    await one.hold(name, 30)
    await one.hold(name, 5)
    assert 25 < await other.held(name) <= 30, "the longer one counts"
    assert other.is_held(name)
    redis = Redis.from_url(redis_url)
    for key in await redis.keys(f"*{name}*"):
        await redis.delete(key)
    await redis.aclose()
    assert 25 < await one.held(name) <= 30, "flushed, whoever knew still knows"


async def test_without_redis_each_keeps_its_own() -> None:
    alone = SharedLimits.open(GONE, LocalLimits(), "test")
    assert await alone.turn("c", 1) == 0
    assert 0.5 < await alone.turn("c", 1) <= 1
    await alone.hold("slack:chat.update", 30)
    assert 25 < await alone.held("slack:chat.update") <= 30
    assert alone.is_held("slack")
    await alone.close()


async def test_a_process_alone_counts_by_its_own_clock() -> None:
    now = 100.0
    limits = LocalLimits(lambda: now)
    assert [await limits.turn("c", 1) for _ in range(3)] == [0, 1, 2]
    await limits.hold("crm", 7)
    now = 105.0
    assert (await limits.held("crm"), limits.is_held("crm"), limits.is_held("slack")) == (2, True, False)
    now = 107.0
    assert (await limits.held("crm"), limits.is_held("crm")) == (0, False)
    now = 121.0
    await limits.hold("slack", 1)
    assert limits.is_held("crm", lately=15), "one that comes again and again is over whenever somebody looks"
    now = 122.0
    assert not limits.is_held("crm", lately=15)
