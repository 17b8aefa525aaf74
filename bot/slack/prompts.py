"""What the Messages tab suggests to somebody who does not know what to write."""

from __future__ import annotations

import asyncio
import logging

from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.failures import asked
from handlers.ports import Refused, Unavailable

log = logging.getLogger("countersign.slack")

TITLE = "Write a donor’s name, or try one of these"
PROMPTS = (
    ("What can you do?", "help"),
    ("What waits for me?", "queue"),
    ("Summarise a donor", "summary"),
    ("Show a donor’s history", "timeline"),
)
SECONDS = 2.5


class Prompts:
    """Sets the suggestions; they are a convenience, so failing to is only logged."""

    def __init__(self, client: AsyncWebClient) -> None:
        self._client = client

    async def suggest(self, channel_id: str | None) -> None:
        """Show the suggestions in somebody's direct messages with us."""
        if not channel_id:
            return
        prompts = [{"title": title, "message": written} for title, written in PROMPTS]
        body = {"channel_id": channel_id, "title": TITLE, "prompts": prompts}
        try:
            async with asyncio.timeout(SECONDS):
                await asked(self._client.api_call("assistant.threads.setSuggestedPrompts", json=body))
        except (TimeoutError, Refused, Unavailable) as error:
            log.info("suggestions not shown", extra={"error": type(error).__name__})
