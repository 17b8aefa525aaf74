"""A Slack client that leaves alone what Slack has told any replica to leave alone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.failpoints import hit
from bot.lease_keeper import check_it_is_held
from bot.slack.asked_to_wait import SLACK, TOO_MANY, retry_after, status_of
from handlers.ports import Unavailable
from storage.limits import Limits

LONGEST_WAIT_SECONDS = 10
PER_CHANNEL = frozenset({"chat.postMessage", "chat.postEphemeral"})
"""Slack counts these for each channel: one that is busy must not silence the others."""


class PacedWebClient(AsyncWebClient):
    """Waits for a short pause to pass, and raises Unavailable for a long one without asking Slack again."""

    def __init__(self, *, limits: Limits, sleep: Callable[[float], Awaitable[None]], **options: Any) -> None:
        super().__init__(**options)
        self._limits, self._sleep = limits, sleep

    async def api_call(self, api_method: str, **options: Any) -> AsyncSlackResponse:
        """Call a method of Slack; raises Unavailable, LeaseLostError and what the library raises."""
        name = _name(api_method, options)
        wait = await self._limits.held(name)
        if wait > LONGEST_WAIT_SECONDS:
            raise Unavailable(SLACK, "ratelimited", timedelta(seconds=wait))
        if wait > 0:
            await self._sleep(wait)
        hit(f"{SLACK}.sending.{api_method}")
        check_it_is_held()
        try:
            return await super().api_call(api_method, **options)
        except SlackApiError as error:
            if status_of(error) == TOO_MANY:
                await self._limits.hold(name, retry_after(error.response.headers))
            raise


def _name(method: str, options: Mapping[str, Any]) -> str:
    body = options.get("json") or options.get("data")
    if method in PER_CHANNEL and isinstance(body, Mapping):
        return f"{SLACK}:{method}:{body.get('channel')}"
    return f"{SLACK}:{method}"
