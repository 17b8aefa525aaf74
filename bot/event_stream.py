"""Published CloudEvents in a Redis stream, for whoever in the organisation listens."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Self

from handlers.ports import Unavailable

if TYPE_CHECKING:
    from redis.asyncio import Redis

LONGEST = 100_000
PATIENCE_S = 2.0


class RedisStream:
    """Appends to one stream of bounded length; an event may be appended twice after a lost answer."""

    def __init__(self, redis: Redis, prefix: str) -> None:
        self._redis, self._name = redis, f"{prefix}:events"

    @classmethod
    def open(cls, url: str, prefix: str) -> Self:
        """Connect lazily; *prefix* tells the streams of several installations apart."""
        from redis.asyncio import Redis  # noqa: PLC0415 - an embedded installation never loads it

        return cls(Redis.from_url(url), prefix)

    async def publish(self, event: str) -> None:
        """Append one CloudEvent, given as JSON; raises Unavailable."""
        from redis.exceptions import RedisError  # noqa: PLC0415 - the same

        try:
            async with asyncio.timeout(PATIENCE_S):
                await self._redis.xadd(self._name, {"event": event}, maxlen=LONGEST, approximate=True)
        except (RedisError, OSError):
            raise Unavailable("redis", "no_answer") from None

    async def close(self) -> None:
        """Let go of connections."""
        await self._redis.aclose()
