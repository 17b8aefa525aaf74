"""Messages everybody in a channel sees: posted once, even when Slack's answer was lost."""

from __future__ import annotations

from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.logs import CORRELATION
from bot.slack import ids
from bot.slack.blocks import Message
from bot.slack.connection import SlackClients
from bot.slack.failures import SLACK, asked, written
from bot.slack.pacing import Pace
from bot.slack.text import clip
from handlers.ports import Clock, MessageRef, Unavailable

CLOCK_SKEW = timedelta(hours=26)
"""How far our clock may have been ahead of Slack's: the wrong day or time zone, put right since, included."""
NOTICED = timedelta(minutes=1)
"""By so much ahead of Slack's, our clock is wrong at this moment."""
PAGE = 200
MOST_PAGES = 20
HTTP_OK = 200
LONGEST_ALT = 1000


class Posts:
    """Posts and updates our messages; each carries a marker by which it can be found again."""

    def __init__(self, clients: SlackClients, pace: Pace, clock: Clock) -> None:
        self._session = clients.session
        self._posting: AsyncWebClient = clients.posting
        self._reading: AsyncWebClient = clients.reading
        self._pace, self._clock = pace, clock

    async def post(
        self,
        message: Message,
        channel_id: str,
        marker: str,
        retry_since: datetime | None,
        thread_ts: str | None = None,
    ) -> MessageRef:
        """Post *message*, or return the one an earlier attempt since *retry_since* already posted."""
        if retry_since is not None:
            earlier = await self.find(channel_id, marker, retry_since, thread_ts)
            if earlier is not None:
                return earlier
        await self._pace.turn(channel_id)
        body = _body(message, marker) | {
            "channel": channel_id,
            "unfurl_links": False,
            "unfurl_media": False,
        }
        if thread_ts:
            body["thread_ts"] = thread_ts
        posted = await written(self._posting.api_call("chat.postMessage", json=body))
        return MessageRef(str(posted["channel"]), str(posted["ts"]))

    async def share_file(
        self,
        name: str,
        content: bytes,
        thread: MessageRef,
        retry_since: datetime | None,
        alt: str = "",
    ) -> None:
        """Put a file into a thread, unless an earlier attempt since *retry_since* already did.

        *alt* is what a picture says to whoever does not see it.
        """
        if retry_since is not None and await self._has_file(name, thread):
            return
        wanted = {"filename": name, "length": str(len(content))}
        wanted |= {"alt_txt": clip(alt, LONGEST_ALT)} if alt else {}
        place = await asked(self._reading.api_call("files.getUploadURLExternal", data=wanted))
        await self._upload(str(place["upload_url"]), content)
        await self._pace.turn(thread.channel_id)
        body = {
            "files": [{"id": str(place["file_id"]), "title": name}],
            "channel_id": thread.channel_id,
            "thread_ts": thread.ts,
        }
        await written(self._posting.api_call("files.completeUploadExternal", json=body))

    async def _upload(self, url: str, content: bytes) -> None:
        try:
            async with self._session.post(url, data=content) as response:
                if response.status != HTTP_OK:
                    raise Unavailable(SLACK, f"http_{response.status}")
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Unavailable(SLACK, type(error).__name__) from None

    async def _has_file(self, name: str, thread: MessageRef) -> bool:
        arguments = {"channel": thread.channel_id, "ts": thread.ts, "limit": str(PAGE)}
        page = await asked(self._reading.api_call("conversations.replies", data=arguments))
        messages: list[dict[str, Any]] = page.get("messages", [])
        files = [file for found in messages for file in found.get("files") or []]
        return any(file.get("name") == name for file in files)

    async def update(self, message: Message, at: MessageRef, marker: str) -> MessageRef:
        """Bring a message of ours up to date; raises Refused when it is gone or cannot be changed."""
        body = _body(message, marker) | {"channel": at.channel_id, "ts": at.ts}
        await asked(self._reading.api_call("chat.update", json=body))
        return at

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
            page = await asked(self._reading.api_call(method, data=arguments))
            ahead = self._ahead_of(page)
            found: list[dict[str, Any]] = page.get("messages", [])
            for candidate in found:
                if _marker_of(candidate) == marker:
                    return MessageRef(channel_id, str(candidate["ts"])), ahead
            cursor = (page.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                return None, ahead
            arguments = arguments | {"cursor": str(cursor)}
        raise Unavailable(SLACK, "history_too_long")

    def _ahead_of(self, answer: AsyncSlackResponse) -> timedelta:
        """Return by how much our clock is ahead of the one that dated *answer*; zero where none did."""
        dated = {name.lower(): value for name, value in answer.headers.items()}.get("date", "")
        try:
            there = parsedate_to_datetime(str(dated))
        except ValueError:
            return timedelta()
        return self._clock.now() - there if there.tzinfo else timedelta()


def _body(message: Message, marker: str) -> dict[str, Any]:
    """Say beside the words which message this is, and which case it belongs to: ids that tell nobody more."""
    known = {"marker": marker}
    if case := CORRELATION.get():
        known["correlation_id"] = case
    return {
        "text": message.text,
        "blocks": message.blocks,
        "metadata": {"event_type": ids.MARKER_EVENT, "event_payload": known},
    }


def _marker_of(message: dict[str, Any]) -> object:
    metadata = message.get("metadata") or {}
    if metadata.get("event_type") != ids.MARKER_EVENT:
        return None
    return (metadata.get("event_payload") or {}).get("marker")
