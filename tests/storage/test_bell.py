"""The bell: one contract in one process and between replicas, and nothing but time lost when it fails."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis
from redis.exceptions import OutOfMemoryError, ReadOnlyError

from bot import event_stream
from handlers.ports import Unavailable
from storage.bell import Bell, InProcessBell, RedisBell

LONG = 30.0
SHORT = 0.02


@pytest.fixture(params=["in_process", pytest.param("redis", marks=pytest.mark.redis)])
async def replicas(request: pytest.FixtureRequest) -> AsyncIterator[tuple[Bell, Bell]]:
    """Two bells that hear each other; in one process they are the same."""
    if request.param == "in_process":
        bell = InProcessBell()
        yield bell, bell
        return
    url, prefix = request.getfixturevalue("redis_url"), f"test-{secrets.token_hex(6)}"
    bells = RedisBell.open(url, prefix), RedisBell.open(url, prefix)
    yield bells
    for bell in bells:
        await bell.close()
    async with Redis.from_url(url) as redis:
        async for key in redis.scan_iter(f"{prefix}*"):
            await redis.delete(key)


async def ends_early(waiting: asyncio.Future[None]) -> bool:
    """Say whether a wait of LONG seconds ended well before them."""
    done, _ = await asyncio.wait({waiting}, timeout=LONG / 2)
    return waiting in done


def begin_waiting(bell: Bell, queue: str) -> asyncio.Future[None]:
    return asyncio.ensure_future(bell.wait(queue, LONG))


async def test_a_ring_wakes_everybody_who_waits(replicas: tuple[Bell, Bell]) -> None:
    here, there = replicas
    waiting = [begin_waiting(bell, "inbox") for bell in (here, there, there)]
    await asyncio.sleep(0)
    here.ring("inbox")
    assert [await ends_early(one) for one in waiting] == [True, True, True]
    assert (here.failures, there.failures) == (0, 0)


async def test_a_ring_before_the_wait_ends_it_at_once_and_only_once(replicas: tuple[Bell, Bell]) -> None:
    here, there = replicas
    here.ring("inbox")
    here.ring("inbox")
    assert await ends_early(begin_waiting(there, "inbox"))
    loop = asyncio.get_running_loop()
    began = loop.time()
    await there.wait("inbox", SHORT)
    assert loop.time() - began >= SHORT * 0.9
    assert there.failures == 0


async def test_a_queue_does_not_hear_the_other(replicas: tuple[Bell, Bell]) -> None:
    here, there = replicas
    waiting = begin_waiting(there, "outbox")
    here.ring("inbox")
    await there.wait("inbox", LONG)
    assert not waiting.done()
    here.ring("outbox")
    assert await ends_early(waiting)


async def test_a_cancelled_wait_disturbs_nobody(replicas: tuple[Bell, Bell]) -> None:
    here, there = replicas
    cancelled, waiting = begin_waiting(there, "inbox"), begin_waiting(there, "inbox")
    await there.wait("inbox", SHORT)
    cancelled.cancel()
    with pytest.raises(asyncio.CancelledError):
        await cancelled
    here.ring("inbox")
    assert await ends_early(waiting)
    here.ring("inbox")
    assert await ends_early(begin_waiting(there, "inbox"))
    assert (here.failures, there.failures) == (0, 0)


@pytest.mark.redis
async def test_a_stream_carries_nothing_and_does_not_grow(redis_url: str) -> None:
    prefix = f"test-{secrets.token_hex(6)}"
    bell = RedisBell.open(redis_url, prefix)
    for _ in range(5):
        bell.ring("inbox")
        await bell.wait("inbox", LONG)
    async with Redis.from_url(redis_url) as redis:
        entries = await redis.xrange(f"{prefix}:bell:inbox")
        await redis.delete(f"{prefix}:bell:inbox")
    assert [fields for _, fields in entries] == [{b"r": b"1"}]
    await bell.close()


@pytest.mark.redis
async def test_who_rings_at_the_same_time_is_rung_for_together_and_nobody_later_is_forgotten(
    redis_url: str,
) -> None:
    prefix = f"test-{secrets.token_hex(6)}"
    here, there = (RedisBell.open(redis_url, prefix) for _ in range(2))
    async with Redis.from_url(redis_url) as redis:

        async def rung() -> int:
            return int((await redis.xinfo_stream(f"{prefix}:bell:inbox"))["entries-added"])

        for _ in range(100):
            here.ring("inbox")
        await here.close()
        assert await rung() == 1
        there.ring("inbox")
        await asyncio.sleep(0)  # it is on its way, and what is stored from now on may come too late for it
        there.ring("inbox")
        there.ring("inbox")
        await there.close()
        assert await rung() == 3
        await redis.delete(f"{prefix}:bell:inbox")


@pytest.mark.redis
async def test_what_goes_on_without_a_pause_is_rung_for_ever_more_seldom(redis_url: str) -> None:
    prefix = f"test-{secrets.token_hex(6)}"
    bell, loop = RedisBell.open(redis_url, prefix), asyncio.get_running_loop()
    began = loop.time()
    for _ in range(120):
        bell.ring("inbox")
        await asyncio.sleep(0.001)
    took = loop.time() - began
    await bell.close()
    async with Redis.from_url(redis_url) as redis:
        rung = (await redis.xinfo_stream(f"{prefix}:bell:inbox"))["entries-added"]
        await redis.delete(f"{prefix}:bell:inbox")
    assert 1 < rung <= 5 + took / 0.016, "at first after 2, 4 and 8 ms, and at the end once more"


@pytest.mark.redis
async def test_a_flushed_redis_rings_again(redis_url: str) -> None:
    prefix = f"test-{secrets.token_hex(6)}"
    bell = RedisBell.open(redis_url, prefix)
    bell.ring("inbox")
    await bell.wait("inbox", LONG)
    async with Redis.from_url(redis_url) as redis:
        await redis.delete(f"{prefix}:bell:inbox")
        waiting = begin_waiting(bell, "inbox")
        bell.ring("inbox")
        assert await ends_early(waiting)
        await redis.delete(f"{prefix}:bell:inbox")
    await bell.close()


async def test_without_redis_a_ring_is_lost_and_a_wait_takes_its_time() -> None:
    bell = RedisBell.open("redis://127.0.0.1:1/0", "test")
    loop = asyncio.get_running_loop()
    bell.ring("inbox")
    began = loop.time()
    await bell.wait("inbox", SHORT)
    assert loop.time() - began >= SHORT * 0.9
    await bell.close()  # what was rung for may be under way longer than that
    assert bell.failures == 2


@pytest.mark.redis
async def test_a_redis_that_is_back_is_noticed_by_whoever_looks(redis_url: str) -> None:
    """A process with open doors alone rings for what arrives, and may have nothing to ring for all night."""
    bell = RedisBell(Redis.from_url(redis_url), "countersign:test:")
    bell._cannot_hear = True
    await bell.look()
    assert not bell.is_down
    await bell.close()
    gone = RedisBell.open("redis://127.0.0.1:1/0", "test")
    gone._cannot_hear = True
    await gone.look()
    assert gone.is_down
    await gone.close()


async def test_a_redis_that_never_answers_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_stream, "PATIENCE_S", 0.05)
    connected = 0

    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connected
        connected += 1
        await reader.read()
        writer.close()

    server = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    bell = RedisBell.open(f"redis://127.0.0.1:{port}/0", "test")
    bell.ring("inbox")
    async with asyncio.timeout(LONG):
        await bell.wait("inbox", SHORT)
        await bell.close()
    assert (bell.failures, connected) == (2, 2)
    bell.ring("inbox")
    await bell.close()
    assert (bell.failures, connected) == (3, 2), "it is left alone for a moment: nobody waits for it again"
    stream = event_stream.RedisStream.open(f"redis://127.0.0.1:{port}/0", "test")
    with pytest.raises(Unavailable, match="redis"):
        await stream.publish("{}")
    await stream.close()
    server.close()


@pytest.mark.redis
@pytest.mark.parametrize("refusal", [OutOfMemoryError, ReadOnlyError])
async def test_a_redis_that_can_be_read_and_takes_nothing_counts_as_down(
    redis_url: str, refusal: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refused(*_: object, **__: object) -> None:
        raise refusal("-")

    bell = RedisBell.open(redis_url, f"test:{secrets.token_hex(6)}:")
    with monkeypatch.context() as for_now:
        for_now.setattr(bell._redis, "xadd", refused)
        bell.ring("inbox")
        await asyncio.gather(*bell._ringing.values())
        await bell.wait("inbox", SHORT)
        assert bell.is_down, "though it was listened to"
        await bell.look()
        assert bell.is_down, "though it answers"
    await bell.look()
    assert not bell.is_down
    await bell.close()
    async with Redis.from_url(redis_url) as redis:
        await redis.delete(f"{bell._prefix}nobody")
