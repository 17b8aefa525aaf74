"""The bell says that there may be something to do; the rows say what."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Protocol, Self

if TYPE_CHECKING:
    from redis.asyncio import Redis

_RING_TIMEOUT = 1.0
_LEFT_ALONE = 5.0
_NOBODYS = "nobody"
"""A queue that nobody waits for."""
_APART, _FURTHEST_APART = 0.002, 0.016
"""Seconds between two rings of one queue: a ring for each event would cost more than storing the event.

The longer it goes on without a pause the further apart they are: whoever works on the queue is awake by then.
"""


class Bell(Protocol):
    """Wakes whoever waits for a queue. A ring that nobody was waiting for ends the next wait at once.

    A ring may be lost and a wait may end for nothing: both only cost time.
    """

    failures: int

    @property
    def is_down(self) -> bool:
        """Say whether rings are not sent or not heard at the moment."""

    def ring(self, queue: str) -> None:
        """Wake everybody who waits for *queue*, now or in a moment; never raises while a loop runs."""

    async def wait(self, queue: str, timeout: float) -> None:  # noqa: ASYNC109 - the timeout is the point
        """Return at the next ring of *queue* or after *timeout* seconds; never raises for a failure."""

    async def look(self) -> None:
        """Ask again whoever did not answer: who rings seldom would go on saying that it is down."""

    async def close(self) -> None:
        """Let the last rings out and let go of connections."""


class InProcessBell:
    """For one process and one event loop, without a server."""

    def __init__(self) -> None:
        self.failures = 0
        self.is_down = False
        self._rung: dict[str, asyncio.Event] = {}

    def ring(self, queue: str) -> None:
        """Wake everybody who waits for *queue*."""
        self._event(queue).set()

    async def wait(self, queue: str, timeout: float) -> None:  # noqa: ASYNC109 - the timeout is the point
        """Return at the next ring or after *timeout* seconds."""
        event = self._event(queue)
        try:
            async with asyncio.timeout(timeout):
                await event.wait()
        except TimeoutError:
            return
        event.clear()

    async def look(self) -> None:
        """There is nobody to ask."""

    async def close(self) -> None:
        """Nothing to let go of."""

    def _event(self, queue: str) -> asyncio.Event:
        return self._rung.setdefault(queue, asyncio.Event())


class RedisBell:
    """Between replicas: a stream per queue whose last entry is the last ring, and nothing else.

    Redis may be empty, flushed, slow or down: each failure is counted in *failures*, a ring is then lost and
    a wait takes its full time.
    """

    def __init__(self, redis: Redis, prefix: str) -> None:
        self.failures = 0
        self._cannot_ring = self._cannot_hear = False
        self._redis = redis
        self._prefix = f"{prefix}:bell:"
        self._heard: dict[str, str] = {}
        self._silent_until = 0.0
        self._wanted: set[str] = set()
        self._ringing: dict[str, asyncio.Task[None]] = {}

    @classmethod
    def open(cls, url: str, prefix: str) -> Self:
        """Connect lazily to "redis://..."; *prefix* tells installations that share it apart."""
        from redis.asyncio import Redis  # noqa: PLC0415 - an embedded installation never loads it
        from redis.asyncio.retry import Retry  # noqa: PLC0415 - the same
        from redis.backoff import NoBackoff  # noqa: PLC0415 - the same

        once_more = Retry(NoBackoff(), 1)
        redis = Redis.from_url(
            url, socket_connect_timeout=_RING_TIMEOUT, socket_timeout=None, retry=once_more
        )
        return cls(redis, prefix)

    @property
    def is_down(self) -> bool:
        """Say so too of a Redis that can be read and takes nothing: out of memory, or another's replica."""
        return self._cannot_ring or self._cannot_hear

    def ring(self, queue: str) -> None:
        """Ring at once, or soon where somebody has just rung: whoever asks meanwhile is rung for together."""
        self._wanted.add(queue)
        if queue not in self._ringing:
            self._ringing[queue] = asyncio.get_running_loop().create_task(self._ring_while_wanted(queue))

    async def wait(self, queue: str, timeout: float) -> None:  # noqa: ASYNC109 - the timeout is the point
        """Return at the next ring or after *timeout* seconds."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout
        try:
            async with asyncio.timeout_at(deadline + _RING_TIMEOUT):
                await self._listen(queue, timeout)
            self._cannot_hear = False
        except Exception:  # noqa: BLE001 - the same
            self._cannot_hear = True
            self.failures += 1
            await asyncio.sleep(deadline - loop.time())

    async def look(self) -> None:
        """Ask a server that did not answer whether it is back; never raises for a failure."""
        if not self.is_down:
            return
        try:
            async with asyncio.timeout(_RING_TIMEOUT):
                await self._add(_NOBODYS)
        except Exception:  # noqa: BLE001 - a bell that fails must cost nothing but time
            return
        self._cannot_ring = self._cannot_hear = False

    async def close(self) -> None:
        """Let the last rings out and disconnect."""
        if self._ringing:
            await asyncio.wait(self._ringing.values())
        await self._redis.aclose()

    async def _ring_while_wanted(self, queue: str) -> None:
        apart = _APART
        try:
            while queue in self._wanted:
                self._wanted.discard(queue)
                await self._ring(queue)
                await asyncio.sleep(apart)
                apart = min(2 * apart, _FURTHEST_APART)
        finally:
            del self._ringing[queue]

    async def _ring(self, queue: str) -> None:
        """Add an entry to the stream; the older ones have done their duty.

        After a failure Redis is left alone for a moment, and the sweep finds what is not rung for.
        """
        loop = asyncio.get_running_loop()
        if loop.time() < self._silent_until:
            self.failures += 1
            return
        try:
            async with asyncio.timeout(_RING_TIMEOUT):
                await self._add(queue)
            self._cannot_ring = False
        except Exception:  # noqa: BLE001 - a bell that fails must cost nothing but time
            self._silent_until = loop.time() + _LEFT_ALONE
            self._cannot_ring = True
            self.failures += 1

    async def _add(self, queue: str) -> None:
        await self._redis.xadd(self._prefix + queue, {"r": "1"}, maxlen=1, approximate=False)

    async def _listen(self, queue: str, seconds: float) -> None:
        stream = self._prefix + queue
        after = self._heard.get(queue, "0")
        block = max(1, round(seconds * 1000))
        heard: Any = await self._redis.xread({stream: after}, block=block)
        for _, entries in heard:
            self._heard[queue] = entries[-1][0]
