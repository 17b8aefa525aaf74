"""Where messages go: channels by name or id, direct messages, and who can read along."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.asked_to_wait import SLACK
from bot.slack.failures import UNREADABLE, asked, next_cursor, told
from handlers.ports import Refused, Unavailable

CHANNEL_ID = re.compile(r"[CGD][A-Z0-9]{2,}")
PAGE = 200
MOST_PAGES = 500
"""A hundred thousand channels; who goes on after that goes on for ever."""
REMEMBERED_S = 30.0
SHARED_REMEMBERED_S = 300.0
"""The same before each message: whoever shares a channel is not shown what comes after five minutes."""
NAMES_REMEMBERED_S, ASKED_AGAIN_AFTER_S = 3600.0, 60.0
"""For how long a name leads to a channel, and how soon it is asked again when that is of no use."""
MOVED = frozenset({"channel_not_found", "is_archived"})

_Done = TypeVar("_Done")


class Channels:
    """Finds channels by name: one that was renamed is followed until another takes its name."""

    def __init__(self, client: AsyncWebClient, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._monotonic = monotonic
        self._shared: dict[str, tuple[float, bool | None]] = {}
        self._asking: dict[str, asyncio.Lock] = {}
        self._ids: dict[str, str] = {}
        self._listed_at = monotonic()
        self._direct: dict[str, str] = {}
        self._lock = asyncio.Lock()

    async def resolve(self, channel: str) -> str:
        """Return the id of *channel*, given as an id or as a name with or without #; raises Refused."""
        if CHANNEL_ID.fullmatch(channel):
            return channel
        wanted = channel.removeprefix("#").casefold()
        async with self._lock:
            await self._list_where(wanted, older_than=NAMES_REMEMBERED_S)
        if wanted not in self._ids:
            raise Refused(SLACK, "channel_not_found")
        return self._ids[wanted]

    async def in_channel(
        self, channel: str, do: Callable[[str], Awaitable[_Done]], *, for_everybody: bool = False
    ) -> _Done:
        """Do something with the id of *channel*; once more where another channel has that name by now.

        Raises Refused where people of other organisations can read what is not *for_everybody*: a channel may
        be shared at any time.
        """
        if not for_everybody:
            await self.keep_inside(channel)
        first = await self.resolve(channel)
        try:
            return await do(first)
        except Refused as refused:
            if refused.code not in MOVED or first == channel:
                raise
            wanted = channel.removeprefix("#").casefold()
            async with self._lock:
                await self._list_where(wanted, older_than=ASKED_AGAIN_AFTER_S)
            if self._ids[wanted] == first:
                raise
        return await do(self._ids[wanted])

    async def keep_inside(self, channel: str) -> None:
        """Raise Refused where people of other organisations can read; in direct messages nobody else does."""
        if not channel.startswith("D") and await self._is_shared(channel, SHARED_REMEMBERED_S):
            raise Refused(SLACK, "shared_outside")

    async def _list_where(self, wanted: str, *, older_than: float) -> None:
        """List all channels where *wanted* is not known, or has been for too long; what is known stays."""
        known = wanted in self._ids
        if known and self._monotonic() - self._listed_at <= older_than:
            return
        try:
            self._ids |= await self._list()
        except Unavailable:
            if not known:
                raise
        else:
            self._listed_at = self._monotonic()

    async def direct(self, user_id: str) -> str:
        """Return the id of the direct messages with somebody."""
        if user_id not in self._direct:
            call = self._client.api_call("conversations.open", json={"users": user_id})
            self._direct[user_id] = await told(call, "channel", "id", kind=str)
        return self._direct[user_id]

    async def is_shared_outside(self, channel: str, *, lately: bool = False) -> bool | None:
        """Say whether people of other organisations can read the channel.

        None where the bot is not in: of such channels Slack may say nothing, or leave things out. With
        *lately*, what was found within half a minute will do: Slack answers this about once a second.
        """
        return await self._is_shared(channel, REMEMBERED_S if lately else 0.0)

    async def _is_shared(self, channel: str, remembered_s: float) -> bool | None:
        known = self._shared.get(channel)
        if known and self._monotonic() - known[0] < remembered_s:
            return known[1]
        asked_at = self._monotonic()
        async with self._asking.setdefault(channel, asyncio.Lock()):
            known = self._shared.get(channel)
            if remembered_s and known and known[0] >= asked_at:
                return known[1]
            found = await self._ask_whether_shared(channel)
            self._shared[channel] = (self._monotonic(), found)
        return found

    async def _ask_whether_shared(self, channel: str) -> bool | None:
        try:
            found = await self.resolve(channel)
            call = self._client.api_call("conversations.info", data={"channel": found})
            known = await told(call, "channel", kind=dict)
        except Refused:
            return None
        if known.get("is_ext_shared") or known.get("is_pending_ext_shared"):
            return True
        return None if known.get("is_member") is False else False

    async def _list(self) -> dict[str, str]:
        ids: dict[str, str] = {}
        arguments = {
            "types": "public_channel,private_channel",
            "exclude_archived": "true",
            "limit": str(PAGE),
        }
        for _ in range(MOST_PAGES):
            page = await asked(self._client.api_call("conversations.list", data=arguments))
            ids |= _named(page.get("channels"))
            cursor = next_cursor(page)
            if not cursor:
                return ids
            if cursor == arguments.get("cursor"):
                break
            arguments = arguments | {"cursor": cursor}
        raise Unavailable(SLACK, "channels_without_end")


def _named(channels: object) -> dict[str, str]:
    if not isinstance(channels, list):
        raise Unavailable(SLACK, UNREADABLE)
    found = [(each.get("name"), each.get("id")) for each in channels if isinstance(each, dict)]
    return {name.casefold(): id_ for name, id_ in found if isinstance(name, str) and isinstance(id_, str)}
