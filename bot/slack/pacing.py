"""One message per second and channel, as Slack asks."""

from __future__ import annotations

import time
from collections.abc import Callable

from bot.slack.connection import Sleep

SECONDS_APART = 1.0
_MOST_REMEMBERED = 1000


class Pace:
    """Gives every post to a channel its turn, at least a second after the one before."""

    def __init__(self, sleep: Sleep, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._sleep = sleep
        self._monotonic = monotonic
        self._next: dict[str, float] = {}

    async def turn(self, channel_id: str) -> None:
        """Return when it is this post's turn in the channel."""
        now = self._monotonic()
        mine = max(now, self._next.get(channel_id, now))
        if len(self._next) >= _MOST_REMEMBERED:
            self._next = {channel: at for channel, at in self._next.items() if at > now}
        self._next[channel_id] = mine + SECONDS_APART
        if mine > now:
            await self._sleep(mine - now)
