"""Messages everybody in a channel sees: posted once, even when Slack's answer was lost."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.asked_to_wait import SLACK
from bot.slack.blocks import Message
from bot.slack.connection import SlackClients
from bot.slack.earlier import Earlier, marks
from bot.slack.failures import LOOK_AFTER_A_TIMEOUT, asked, placed, told, written
from bot.slack.pacing import Pace
from bot.slack.text import clip
from handlers.ports import Clock, MessageRef, PerhapsTwice, Refused, Twin, Unavailable

PAGE = 200
HTTP_OK = 200
LONGEST_ALT = 1000
PERHAPS_ON_ITS_WAY = frozenset({"TimeoutError", "ServerTimeoutError", "SocketTimeoutError", "http_504"})


NO_REPLIES = frozenset(
    {
        "cannot_reply_to_message",
        "restricted_action_non_threadable_channel",
        "restricted_action_thread_locked",
        "thread_not_found",
    }
)


async def in_thread(client: AsyncWebClient, body: dict[str, Any], thread_ts: str | None) -> MessageRef:
    """Post to a thread, or beside it where that takes no replies; raises as `placed`."""
    if thread_ts:
        try:
            return await placed(client.api_call("chat.postMessage", json=body | {"thread_ts": thread_ts}))
        except Refused as refused:
            if refused.code not in NO_REPLIES:
                raise
    return await placed(client.api_call("chat.postMessage", json=body))


class Posts:
    """Posts and updates our messages; each carries a marker by which it can be found again."""

    def __init__(self, clients: SlackClients, pace: Pace, clock: Clock) -> None:
        self._session = clients.session
        self._posting: AsyncWebClient = clients.posting
        self._reading: AsyncWebClient = clients.reading
        self._earlier = Earlier(clients.reading, clock)
        self._pace = pace

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
                self._earlier.doubt(earlier, marker, retry_since, thread_ts, found=True)
                return earlier
        await self._pace.turn(channel_id)
        body = _body(message, marker) | {
            "channel": channel_id,
            "unfurl_links": False,
            "unfurl_media": False,
        }
        at = await in_thread(self._posting, body, thread_ts)
        if retry_since is not None:
            self._earlier.doubt(at, marker, retry_since, thread_ts, found=False)
        return at

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
        await self._upload(str(place.get("upload_url")), content)
        await self._pace.turn(thread.channel_id)
        body = {
            "files": [{"id": str(place.get("file_id")), "title": name}],
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
        replies = self._reading.api_call("conversations.replies", data=arguments)
        messages: list[dict[str, Any]] = await told(replies, "messages", kind=list)
        files = [file for found in messages for file in found.get("files") or []]
        return any(file.get("name") == name for file in files)

    async def update(self, message: Message, at: MessageRef, marker: str) -> MessageRef:
        """Bring a message of ours up to date; raises Refused when it is gone or cannot be changed."""
        body = _body(message, marker) | {"channel": at.channel_id, "ts": at.ts}
        try:
            await asked(self._reading.api_call("chat.update", json=body))
        except Unavailable as away:
            if away.code not in PERHAPS_ON_ITS_WAY:
                raise
            # What we have given up may arrive yet, and must not stand over what comes after it.
            raise Unavailable(SLACK, away.code, LOOK_AFTER_A_TIMEOUT) from None
        return at

    async def delete(self, at: MessageRef) -> None:
        """Delete a message of ours; raises Refused when it is gone or Slack keeps it."""
        where = {"channel": at.channel_id, "ts": at.ts}
        await asked(self._posting.api_call("chat.delete", json=where))

    async def twins(self, doubt: PerhapsTwice) -> tuple[Twin, ...]:
        """Return all messages of ours that are the same."""
        return await self._earlier.all_of(doubt)

    async def find(
        self, channel_id: str, marker: str, since: datetime, thread_ts: str | None = None
    ) -> MessageRef | None:
        """Return the message of ours with that *marker*, if one was posted *since* then."""
        return await self._earlier.find(channel_id, marker, since, thread_ts)


def _body(message: Message, marker: str) -> dict[str, Any]:
    return {"text": message.text, "blocks": message.blocks, "metadata": marks(marker)}
