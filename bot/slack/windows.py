"""Modals opened while the trigger lives: three seconds, used once."""

from __future__ import annotations

import asyncio

from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.blocks import View
from bot.slack.failures import asked, told
from handlers.ports import Refused, Unavailable

TRIGGER_SECONDS = 2.5


class WindowClosed(Exception):
    """The window could not be opened in time; pressing again opens it."""


class Windows:
    """Opens and changes modals."""

    def __init__(self, client: AsyncWebClient) -> None:
        self._client = client

    async def open(self, trigger_id: str, view: View) -> str:
        """Open a window and return its id; raises WindowClosed."""
        return await self._begin("views.open", trigger_id, view)

    async def push(self, trigger_id: str, view: View) -> str:
        """Lay a window over the open one and return its id; raises WindowClosed."""
        return await self._begin("views.push", trigger_id, view)

    async def _begin(self, method: str, trigger_id: str, view: View) -> str:
        body = {"trigger_id": trigger_id, "view": view}
        try:
            async with asyncio.timeout(TRIGGER_SECONDS):
                return await told(self._client.api_call(method, json=body), "view", "id", kind=str)
        except (TimeoutError, Refused, Unavailable) as error:
            raise WindowClosed from error

    async def change(self, view_id: str, view: View) -> None:
        """Show something else in an open window; raises Refused, Unavailable."""
        await asked(self._client.api_call("views.update", json={"view_id": view_id, "view": view}))
