"""Two installations that share a Redis hear nothing of each other, and keep their events apart."""

from __future__ import annotations

import asyncio
import secrets

import pytest
from redis.asyncio import Redis

from bot.event_stream import RedisStream
from storage.bell import RedisBell
from storage.limits import LocalLimits, SharedLimits


@pytest.mark.redis
async def test_what_one_installation_is_told_is_nothing_to_the_other(redis_url: str) -> None:
    names = tuple(f"test-{secrets.token_hex(6)}" for _ in range(2))
    bells = [RedisBell.open(redis_url, name) for name in names]
    limits = [SharedLimits.open(redis_url, LocalLimits(), name) for name in names]
    streams = [RedisStream.open(redis_url, name) for name in names]
    bells[0].ring("inbox")
    await limits[0].hold("slack:chat.update", 30)
    assert await limits[0].turn("slack:C1", 1) == await limits[1].turn("slack:C1", 1) == 0
    assert await limits[1].held("slack:chat.update") == 0
    await streams[0].publish('{"of": "one"}')
    await asyncio.gather(*(each.close() for each in (*bells, *limits, *streams)))
    async with Redis.from_url(redis_url, decode_responses=True) as redis:
        ours = {each: sorted([key async for key in redis.scan_iter(f"{each}:*")]) for each in names}
        assert await redis.xrange(f"{names[0]}:events") == [
            (await _only(redis, names[0]), {"event": '{"of": "one"}'})
        ]
        await redis.delete(*ours[names[0]], *ours[names[1]])
    assert ours == {
        names[0]: [f"{names[0]}:{key}" for key in _KEYS],
        names[1]: [f"{names[1]}:limit:turn:slack:C1"],
    }


_KEYS = ("bell:inbox", "events", "limit:hold:slack:chat.update", "limit:turn:slack:C1")


async def _only(redis: Redis, name: str) -> str:
    [(entry_id, _)] = await redis.xrange(f"{name}:events")
    return str(entry_id)
