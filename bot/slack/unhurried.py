"""Opening Socket Mode connections no faster than Slack can take it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.slack.asked_to_wait import TOO_MANY, retry_after, status_of
from bot.slack.connection import Sleep

AT_ONCE = 5
"""So many connections in a row are opened at once: a refresh, an address that had expired, a cut or two."""
CALM_S, LONGEST_S = 60.0, 30.0


class UnhurriedClient(AsyncWebClient):
    """Asks for the address of a connection; the more often within a minute, the later.

    Slack says "too many connections" over a connection, and the library answers with the next one at once.
    """

    def __init__(self, sleep: Sleep, monotonic: Callable[[], float] = time.monotonic, **options: Any) -> None:
        super().__init__(**options)
        self._sleep, self._monotonic = sleep, monotonic
        self._asked_at, self._in_a_row = -CALM_S, 0

    async def apps_connections_open(self, *, app_token: str, **kwargs: Any) -> AsyncSlackResponse:
        """Ask when it is time to; a rate limit is waited for, half a minute at a time."""
        await self._turn()
        while True:
            try:
                return await super().apps_connections_open(app_token=app_token, **kwargs)
            except SlackApiError as error:
                if status_of(error) != TOO_MANY:
                    raise
                await self._sleep(min(max(retry_after(error.response.headers), 1), LONGEST_S))

    async def _turn(self) -> None:
        now = self._monotonic()
        if now - self._asked_at > CALM_S:
            self._in_a_row = 0
        beyond = self._in_a_row - AT_ONCE
        wait = min(2.0**beyond, LONGEST_S) if beyond >= 0 else 0.0
        due = max(now, self._asked_at + wait)
        self._asked_at, self._in_a_row = due, min(self._in_a_row + 1, 2 * AT_ONCE)
        if due > now:
            await self._sleep(due - now)
