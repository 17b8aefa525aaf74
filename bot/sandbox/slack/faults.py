"""Switches that break the simulated Slack, so that a bot can be watched coping."""

from __future__ import annotations

import asyncio
from dataclasses import asdict, dataclass, replace

from bot.sandbox.slack.shapes import Json, SlackError


@dataclass(frozen=True, slots=True)
class FaultSettings:
    """*slow_api_ms* delays calls and events; *lost_replies* does the work, then loses the response.

    *http_500* and *rate_limited* answer every API call so; *down* also stops deliveries and cuts sockets.
    *stale_history_s* is how old a message is before a conversation's history shows it.
    *no_charts* refuses messages with charts, as a workspace does that has none.
    """

    slow_api_ms: int = 0
    http_500: bool = False
    rate_limited: bool = False
    down: bool = False
    lost_replies: bool = False
    stale_history_s: int = 0
    no_charts: bool = False


class Faults:
    """The switches as they stand now, and a way to wait for Slack to be up again."""

    def __init__(self) -> None:
        self.settings = FaultSettings()
        self._up = asyncio.Event()
        self._up.set()

    def change(self, wanted: Json) -> FaultSettings:
        """Set the named switches and leave the rest; an unknown name or a wrong type is refused."""
        known = asdict(self.settings)
        for name, value in wanted.items():
            if name not in known or type(value) is not type(known[name]):
                raise SlackError("invalid_arguments", argument=name)
        self.settings = replace(self.settings, **wanted)
        if self.settings.down:
            self._up.clear()
        else:
            self._up.set()
        return self.settings

    def shown(self) -> Json:
        """The switches for the page."""
        return asdict(self.settings)

    async def slow_down(self) -> None:
        """Wait as long as a slow Slack takes."""
        if self.settings.slow_api_ms:
            await asyncio.sleep(self.settings.slow_api_ms / 1000)

    async def wait_until_up(self) -> None:
        """Return at once, or when Slack is no longer down."""
        await self._up.wait()
