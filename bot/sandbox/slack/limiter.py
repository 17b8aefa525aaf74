"""Rate limits of the Web API: one message per second and channel, and a tier for every method."""

from __future__ import annotations

import math

from bot.sandbox.slack.shapes import Clock, SlackError

TIER_PER_MINUTE = {1: 1, 2: 20, 3: 50, 4: 100}


class RateLimited(SlackError):
    """Answered with status 429; *retry_after* is in whole seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__("ratelimited")
        self.retry_after = retry_after


class Limiter:
    """Token buckets by key; a refused call costs nothing."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._buckets: dict[str, tuple[float, float]] = {}

    def spend(self, key: str, per_second: float, burst: float) -> None:
        """Take one token of *key*'s bucket, which holds *burst* and refills with *per_second*."""
        now = self._clock().timestamp()
        tokens, since = self._buckets.get(key, (burst, now))
        tokens = min(burst, tokens + max(0.0, now - since) * per_second)
        if tokens < 1:
            raise RateLimited(max(1, math.ceil((1 - tokens) / per_second)))
        self._buckets[key] = (tokens - 1, now)

    def spend_tier(self, method: str, tier: int) -> None:
        """Count one call of a method of that tier; twice the minute's allowance may come at once."""
        per_minute = TIER_PER_MINUTE[tier]
        self.spend(method, per_minute / 60, per_minute * 2)
