"""Turns and pauses towards Slack and the CRM, agreed between replicas through Redis, else kept by each alone.

Nothing here is a fact: Redis may be flushed or gone, and then a limit is learnt anew from the next refusal.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol, Self

if TYPE_CHECKING:
    from redis.asyncio import Redis

_TIMEOUT_S = 0.25
_LEFT_ALONE_S = 5.0
_LONGEST_S = 3600.0
_REMEMBERED_S = 60.0
_MOST_REMEMBERED = 1000

_TURN = """
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local mine = math.max(now, tonumber(redis.call('GET', KEYS[1]) or '0'))
redis.call('SET', KEYS[1], mine + ARGV[1], 'PX', mine - now + ARGV[1])
return mine - now
"""
_HOLD = """
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[1]) then redis.call('SET', KEYS[1], '1', 'PX', ARGV[1]) end
return 0
"""


class Limits(Protocol):
    """Who may go when; *name* is a fixed name or a channel id, never a person's. Spans are seconds."""

    async def turn(self, name: str, apart: float) -> float:
        """Take the next turn of *name*, *apart* after the one before; return how long to wait for it."""
        ...

    async def hold(self, name: str, seconds: float) -> None:
        """Remember for everybody that *name* is to be left alone for so long."""
        ...

    async def held(self, name: str) -> float:
        """Return how long *name* is still to be left alone; 0 when it is not."""
        ...

    def is_held(self, beginning: str, lately: float = 0) -> bool:
        """Say whether this process knows of a hold on a name that begins so, or did *lately* seconds ago."""
        ...


class LocalLimits:
    """For one process; *seconds* is any clock, and one that is set back holds nothing up for long."""

    def __init__(self, seconds: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._next: dict[str, float] = {}
        self._until: dict[str, float] = {}

    async def turn(self, name: str, apart: float) -> float:
        """Take the next turn in this process."""
        now = self._seconds()
        if len(self._next) >= _MOST_REMEMBERED:
            self._next = {each: at for each, at in self._next.items() if at > now}
        mine = max(now, self._sane(self._next.get(name, now), now))
        self._next[name] = mine + apart
        return mine - now

    async def hold(self, name: str, seconds: float) -> None:
        """Leave *name* alone for at least so long."""
        now = self._seconds()
        kept = now - _REMEMBERED_S
        self._until = {each: at for each, at in self._until.items() if self._sane(at, now) > kept}
        self._until[name] = max(self._until.get(name, now), now + min(seconds, _LONGEST_S))

    async def held(self, name: str) -> float:
        """Return how long this process leaves *name* alone."""
        now = self._seconds()
        return max(self._sane(self._until.get(name, now), now) - now, 0.0)

    def is_held(self, beginning: str, lately: float = 0) -> bool:
        """Say whether a name that begins so is left alone, or was *lately* seconds ago, a minute at most."""
        now = self._seconds()
        return any(
            self._sane(at, now) > now - lately
            for name, at in self._until.items()
            if name.startswith(beginning)
        )

    @staticmethod
    def _sane(at: float, now: float) -> float:
        """Return *at*, or *now* where it is further ahead than anything can be: the clock was set back."""
        return at if at <= now + _LONGEST_S else now


class SharedLimits:
    """Between replicas: the longer of what this process and Redis know; *prefix* is the installation's."""

    def __init__(
        self, redis: Redis, local: LocalLimits, prefix: str, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._redis, self._local, self._monotonic = redis, local, monotonic
        self._prefix = f"{prefix}:limit:"
        self._alone_until = 0.0

    @classmethod
    def open(cls, url: str, local: LocalLimits, prefix: str) -> Self:
        """Connect lazily to "redis://..."; *local* is what holds while Redis is away."""
        from redis.asyncio import Redis  # noqa: PLC0415 - an embedded installation never loads it
        from redis.asyncio.retry import Retry  # noqa: PLC0415 - the same
        from redis.backoff import NoBackoff  # noqa: PLC0415 - the same

        once_more = Retry(NoBackoff(), 1)
        redis = Redis.from_url(
            url, socket_connect_timeout=_TIMEOUT_S, socket_timeout=_TIMEOUT_S, retry=once_more
        )
        return cls(redis, local, prefix)

    async def turn(self, name: str, apart: float) -> float:
        """Take the next turn among all replicas."""
        ours = await self._local.turn(name, apart)
        theirs = await self._ask(lambda redis: redis.eval(_TURN, 1, f"{self._prefix}turn:{name}", _ms(apart)))
        return max(ours, min(theirs / 1000, _LONGEST_S))

    async def hold(self, name: str, seconds: float) -> None:
        """Have every replica leave *name* alone."""
        await self._local.hold(name, seconds)
        await self._ask(
            lambda redis: redis.eval(_HOLD, 1, f"{self._prefix}hold:{name}", _ms(min(seconds, _LONGEST_S)))
        )

    async def held(self, name: str) -> float:
        """Return how long any replica was told to leave *name* alone."""
        theirs = await self._ask(lambda redis: redis.pttl(f"{self._prefix}hold:{name}"))
        if theirs > 0:
            await self._local.hold(name, theirs / 1000)
        return max(await self._local.held(name), theirs / 1000, 0.0)

    def is_held(self, beginning: str, lately: float = 0) -> bool:
        """Say whether this process knows of a hold, or of one *lately* seconds ago."""
        return self._local.is_held(beginning, lately)

    async def close(self) -> None:
        """Disconnect."""
        await self._redis.aclose()

    async def _ask(self, command: Callable[[Redis], Any]) -> float:
        """Return what Redis answers, 0 while it does not; then it is left alone for a few seconds."""
        if self._monotonic() < self._alone_until:
            return 0.0
        try:
            async with asyncio.timeout(_TIMEOUT_S):
                return float(await command(self._redis))
        except Exception:  # noqa: BLE001 - an agreement that fails must cost nothing but politeness
            self._alone_until = self._monotonic() + _LEFT_ALONE_S
            return 0.0


def _ms(seconds: float) -> int:
    return max(round(seconds * 1000), 1)
