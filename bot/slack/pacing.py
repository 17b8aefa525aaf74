"""One message per second and channel, as Slack asks."""

from __future__ import annotations

from bot.slack.connection import Sleep
from storage.limits import Limits

SECONDS_APART = 1.0


class Pace:
    """Gives every post to a channel its turn, at least a second after the one before, whoever posted it."""

    def __init__(self, sleep: Sleep, limits: Limits) -> None:
        self._sleep, self._limits = sleep, limits

    async def turn(self, channel_id: str) -> None:
        """Return when it is this post's turn in the channel."""
        wait = await self._limits.turn(f"slack:{channel_id}", SECONDS_APART)
        if wait > 0:
            await self._sleep(wait)
