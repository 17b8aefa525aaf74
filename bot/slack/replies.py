"""Private answers: where somebody asked, else in their direct messages."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.lease_keeper import check_it_is_held
from bot.slack.asked_to_wait import SLACK
from bot.slack.blocks import Message, fine_print
from bot.slack.channels import Channels
from bot.slack.connection import Redirected, quiet_logger
from bot.slack.earlier import Earlier, marks
from bot.slack.failures import asked
from bot.slack.pacing import Pace
from bot.slack.posts import in_thread
from handlers.commands import ReplyAddress
from handlers.ports import Clock, MessageRef, OutcomeUnknown, Refused, Unavailable

CANNOT_SEE_IT_THERE = frozenset(
    {"user_not_in_channel", "not_in_channel", "channel_not_found", "is_archived", "restricted_action"}
)
MOST_BLOCKS = 50
PERHAPS_TWICE = "Slack did not confirm that it showed this the first time, so you may see it twice."
"""Nothing that only one person sees can be looked for, and two of them are no two answers."""

_OF_SLACK = re.compile(r"(?:[a-z0-9-]+\.)+slack\.com", re.ASCII)


def is_direct(channel_id: str) -> bool:
    """Say whether a channel id is one of direct messages."""
    return channel_id.startswith("D")


@dataclass(frozen=True, slots=True)
class _Once:
    """By what an answer that stays is known, and since when an earlier attempt may have posted it."""

    marker: str
    retry_since: datetime | None


class Replies:
    """Answers one person; nobody else sees it."""

    def __init__(self, client: AsyncWebClient, channels: Channels, pace: Pace, clock: Clock) -> None:
        self._client = client
        self._earlier = Earlier(client, clock)
        self._channels = channels
        self._pace = pace

    async def send(
        self, message: Message, to: ReplyAddress, marker: str = "", retry_since: datetime | None = None
    ) -> MessageRef | None:
        """Answer through the response_url while it lives, else in the channel, else directly.

        Returns the message when it is one that stays: what only its reader sees Slack forgets by itself. By
        its *marker* one that stays is found again when an attempt since *retry_since* posted it already.
        """
        once = _Once(marker, retry_since)
        if to.at_ts and (instead := await self._instead(message, to, to.at_ts)):
            return instead
        private = message if retry_since is None or to.replace else _said_again(message)
        if to.response_url and await self._respond(private, to, to.response_url):
            return None
        if to.channel_id and is_direct(to.channel_id):
            said = await self._say_directly(message, to, once)
            if said:
                return said
        elif to.channel_id and await self._whisper(private, to):
            return None
        return await self._post(message, await self._channels.direct(to.user_id), None, once)

    async def _instead(self, message: Message, to: ReplyAddress, ts: str) -> MessageRef | None:
        """Put the answer in the place of a message of ours; None where that is gone."""
        body = _body(message) | {"channel": to.channel_id, "ts": ts}
        try:
            await asked(self._client.api_call("chat.update", json=body))
        except Refused:
            return None
        return MessageRef(to.channel_id, ts)

    async def _respond(self, message: Message, to: ReplyAddress, url: str) -> bool:
        if not self._is_slack(url):
            return False
        body = _body(message) | {"response_type": "ephemeral", "replace_original": to.replace}
        if to.thread_ts:
            body["thread_ts"] = to.thread_ts
        webhook = AsyncWebhookClient(
            url, session=self._client.session, retry_handlers=[], logger=quiet_logger()
        )
        check_it_is_held()
        try:
            response = await webhook.send_dict(body)
        except Redirected:
            return False
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
            raise Unavailable(SLACK, "unreachable") from None
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError, LookupError) as error:
            raise OutcomeUnknown(f"{SLACK}: {type(error).__name__}") from None
        if response.status_code >= 500 or response.status_code == 429:
            raise Unavailable(SLACK, f"http_{response.status_code}")
        return response.status_code < 300 and _was_taken(response.body)

    async def _say_directly(self, message: Message, to: ReplyAddress, once: _Once) -> MessageRef | None:
        """Answer in direct messages with us; None where they are between other people."""
        try:
            return await self._post(message, to.channel_id, to.thread_ts, once)
        except Refused as refused:
            if refused.code not in CANNOT_SEE_IT_THERE:
                raise
            return None

    async def _whisper(self, message: Message, to: ReplyAddress) -> bool:
        body = _body(message) | {"channel": to.channel_id, "user": to.user_id}
        if to.thread_ts:
            body["thread_ts"] = to.thread_ts
        try:
            await asked(self._client.api_call("chat.postEphemeral", json=body))
        except Refused as refused:
            if refused.code not in CANNOT_SEE_IT_THERE:
                raise
            return False
        return True

    async def _post(
        self, message: Message, channel_id: str, thread_ts: str | None, once: _Once
    ) -> MessageRef:
        if once.marker and once.retry_since:
            earlier = await self._earlier.find(channel_id, once.marker, once.retry_since, thread_ts)
            if earlier is not None:
                self._earlier.doubt(earlier, once.marker, once.retry_since, thread_ts, found=True)
                return earlier
        await self._pace.turn(channel_id)
        body = _body(message) | {"channel": channel_id}
        if once.marker:
            body["metadata"] = marks(once.marker)
        at = await in_thread(self._client, body, thread_ts)
        if once.marker and once.retry_since:
            self._earlier.doubt(at, once.marker, once.retry_since, thread_ts, found=False)
        return at

    def _is_slack(self, url: str) -> bool:
        there, api = urlsplit(url), urlsplit(self._client.base_url)
        ours = (there.scheme, there.netloc) == (api.scheme, api.netloc)
        return ours or (there.scheme == "https" and _OF_SLACK.fullmatch(there.netloc) is not None)


def _said_again(message: Message) -> Message:
    if len(message.blocks) >= MOST_BLOCKS:
        return message
    return Message(text=message.text, blocks=[*message.blocks, fine_print(PERHAPS_TWICE)])


def _was_taken(said: str) -> bool:
    """Say whether that is Slack's yes, "ok" or {"ok": true}: refusals and others' pages come with 200 too."""
    if said.strip() in ("", "ok"):
        return True
    try:
        read = json.loads(said)
    except (ValueError, RecursionError):
        return False
    return isinstance(read, dict) and read.get("ok") is True


def _body(message: Message) -> dict[str, Any]:
    return {
        "text": message.text,
        "blocks": message.blocks,
        "unfurl_links": False,
        "unfurl_media": False,
    }
