"""Finding again what an earlier attempt posted, when Slack's answer to it was lost."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.doubts import note
from bot.logs import CORRELATION
from bot.slack import ids
from bot.slack.asked_to_wait import SLACK
from bot.slack.failures import asked, next_cursor, told
from handlers.ports import Clock, MessageRef, PerhapsTwice, Refused, Twin, Unavailable

CLOCK_SKEW = timedelta(hours=26)
"""How far our clock may have been ahead of Slack's: the wrong day or time zone, put right since, included."""
NOTICED = timedelta(minutes=1)
"""By so much ahead of Slack's, our clock is wrong at this moment."""
ON_ITS_WAY = timedelta(minutes=2)
"""A request that we have given up may still arrive so much later."""
A_LITTLE_BEFORE = timedelta(hours=1)
"""How far our clock may have been moved between the attempts."""
PAGE = 200
MOST_PAGES = 20
NO_THREAD, HISTORY = "thread_not_found", "conversations.history"


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

    def doubt(
        self, at: MessageRef, marker: str, since: datetime, thread_ts: str | None, *, found: bool
    ) -> None:
        """Note that an attempt *since* then may have posted what stands at that place once more."""
        # By Slack's clock, which has dated the message: ours may have been wrong all the time.
        ago = max(self._clock.now() - since, timedelta()) + A_LITTLE_BEFORE
        since = datetime.fromtimestamp(float(at.ts), UTC) - ago
        note(PerhapsTwice(at.channel_id, at.ts, marker, since, thread_ts, found=found))

    async def all_of(self, doubt: PerhapsTwice) -> tuple[Twin, ...]:
        """Return all messages of ours that are the same; only what was on its way then can be among them."""
        within = {"oldest": f"{doubt.since.timestamp():.6f}"}
        if doubt.ts:
            within["latest"] = f"{float(doubt.ts) + ON_ITS_WAY.total_seconds():.6f}"
        found = []
        async for page in self._pages(doubt.channel_id, within, doubt.thread_ts):
            for each in _messages(page):
                if _is_marked(each, doubt.marker) and await self._is_ours(each):
                    at = MessageRef(doubt.channel_id, str(each["ts"]))
                    found.append(Twin(at, is_answered=bool(each.get("reply_count"))))
        return tuple(found)

    async def _find(
        self, channel_id: str, marker: str, since: datetime, thread_ts: str | None
    ) -> tuple[MessageRef | None, timedelta]:
        """Look through what was posted since then; also return how far ahead of Slack's our clock is."""
        within, ahead = {"oldest": f"{(since - CLOCK_SKEW).timestamp():.6f}"}, timedelta()
        async for page in self._pages(channel_id, within, thread_ts):
            ahead = self._ahead_of(page)
            for each in _messages(page):
                if _is_marked(each, marker) and await self._is_ours(each):
                    return MessageRef(channel_id, str(each["ts"])), ahead
        return None, ahead

    async def _pages(
        self, channel_id: str, within: dict[str, str], thread_ts: str | None
    ) -> AsyncIterator[AsyncSlackResponse]:
        """Page through a conversation or a thread of it.

        Where the thread is gone, what is posted to it stands in the conversation itself.
        """
        method = "conversations.replies" if thread_ts else HISTORY
        arguments = within | {
            "channel": channel_id,
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
                if refused.code != NO_THREAD or method == HISTORY:
                    raise
                method = HISTORY
                arguments = {name: arguments[name] for name in arguments if name not in ("ts", "cursor")}
                continue
            yield page
            cursor = next_cursor(page)
            if not cursor:
                return
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


def _messages(page: AsyncSlackResponse) -> list[dict[str, Any]]:
    listed = page.get("messages")
    return [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []


def _is_marked(message: dict[str, Any], marker: str) -> bool:
    """Say whether it bears that marker; a stream, which is given none, has a block of that name."""
    blocks = message.get("blocks")
    if isinstance(blocks, list) and any(isinstance(b, dict) and b.get("block_id") == marker for b in blocks):
        return True
    metadata = message.get("metadata")
    if not isinstance(metadata, dict) or metadata.get("event_type") != ids.MARKER_EVENT:
        return False
    payload = metadata.get("event_payload")
    return isinstance(payload, dict) and payload.get("marker") == marker
