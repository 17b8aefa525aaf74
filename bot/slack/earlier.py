"""Finding again what an earlier attempt posted, when Slack's answer to it was lost."""

from __future__ import annotations

from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.logs import CORRELATION
from bot.slack import ids
from bot.slack.asked_to_wait import SLACK
from bot.slack.failures import asked, next_cursor, told
from handlers.ports import Clock, MessageRef, Refused, Unavailable

CLOCK_SKEW = timedelta(hours=26)
"""How far our clock may have been ahead of Slack's: the wrong day or time zone, put right since, included."""
NOTICED = timedelta(minutes=1)
"""By so much ahead of Slack's, our clock is wrong at this moment."""
PAGE = 200
MOST_PAGES = 20
NO_THREAD = "thread_not_found"


class Earlier:
    """Looks through a conversation for a message of ours, by the marker that it carries."""

    def __init__(self, client: AsyncWebClient, clock: Clock) -> None:
        self._client, self._clock = client, clock
        self._us: str | None = None

    async def find(
        self, channel_id: str, marker: str, since: datetime, thread_ts: str | None = None
    ) -> MessageRef | None:
        """Return the message of ours with that *marker*, if one was posted *since* then.

        Where our clock is ahead of Slack's, as its answer shows, so was what we take for then.
        """
        found, ahead = await self._find(channel_id, marker, since, thread_ts)
        if found is None and ahead > NOTICED:
            found, _ = await self._find(channel_id, marker, since - ahead, thread_ts)
        return found

    async def _find(
        self, channel_id: str, marker: str, since: datetime, thread_ts: str | None
    ) -> tuple[MessageRef | None, timedelta]:
        """Look through what was posted since then; also return how far ahead of Slack's our clock is."""
        method = "conversations.replies" if thread_ts else "conversations.history"
        arguments = {
            "channel": channel_id,
            "oldest": f"{(since - CLOCK_SKEW).timestamp():.6f}",
            "inclusive": "true",
            "include_all_metadata": "true",
            "limit": str(PAGE),
        }
        if thread_ts:
            arguments["ts"] = thread_ts
        for _ in range(MOST_PAGES):
            try:
                page = await asked(self._client.api_call(method, data=arguments))
            except Refused as refused:
                if refused.code == NO_THREAD:
                    return None, timedelta()
                raise
            ahead, messages = self._ahead_of(page), page.get("messages")
            for each in messages if isinstance(messages, list) else ():
                if _marker_of(each) == marker and await self._is_ours(each):
                    return MessageRef(channel_id, str(each["ts"])), ahead
            cursor = next_cursor(page)
            if not cursor:
                return None, ahead
            if cursor == arguments.get("cursor"):
                break
            arguments = arguments | {"cursor": cursor}
        raise Unavailable(SLACK, "history_too_long")

    def _ahead_of(self, answer: AsyncSlackResponse) -> timedelta:
        """Return by how much our clock is ahead of the one that dated *answer*; zero where none did."""
        dated = {name.lower(): value for name, value in answer.headers.items()}.get("date", "")
        try:
            there = parsedate_to_datetime(str(dated))
        except ValueError:
            return timedelta()
        return self._clock.now() - there if there.tzinfo else timedelta()

    async def _is_ours(self, message: dict[str, Any]) -> bool:
        """Say whether we wrote it: any app may read a marker, and put the same on a message of its own."""
        if self._us is None:
            self._us = await told(self._client.api_call("auth.test"), "user_id", kind=str)
        return message.get("user") == self._us


def marks(marker: str) -> dict[str, Any]:
    """Say beside the words which message this is, and which case it belongs to: ids that tell nobody more."""
    known = {"marker": marker}
    if case := CORRELATION.get():
        known["correlation_id"] = case
    return {"event_type": ids.MARKER_EVENT, "event_payload": known}


def _marker_of(message: object) -> object:
    metadata = message.get("metadata") if isinstance(message, dict) else None
    if not isinstance(metadata, dict) or metadata.get("event_type") != ids.MARKER_EVENT:
        return None
    payload = metadata.get("event_payload")
    return payload.get("marker") if isinstance(payload, dict) else None
