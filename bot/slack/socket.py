"""Socket Mode: Slack reached from inside, for installations without a public address."""

from __future__ import annotations

import asyncio
import contextlib
import logging

from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp

from bot.slack.connection import SlackConnection, quiet_logger
from bot.slack.unhurried import UnhurriedClient

log = logging.getLogger("countersign.slack")

PING_SECONDS = 5.0
"""How often the connection is tried, and how long to wait between two attempts to open one."""

RENEW_SECONDS = 2.0


class SocketRunner:
    """Keeps a WebSocket to Slack open; to be made and started inside the running event loop."""

    def __init__(self, app: AsyncApp, connection: SlackConnection) -> None:
        if connection.app_token is None:
            raise ValueError("Socket Mode needs an app token (xapp-...)")
        self._handler = AsyncSocketModeHandler(
            app,
            app_token=connection.app_token,
            logger=_silent_logger(),
            ping_interval=PING_SECONDS,
            web_client=UnhurriedClient(
                asyncio.sleep,
                token=connection.app_token,
                base_url=connection.api,
                retry_handlers=[],
                logger=quiet_logger(),
            ),
        )
        self._running: tuple[asyncio.Task[None], ...] = ()

    def start(self) -> None:
        """Begin to connect in the background; connecting goes on until it works."""
        loop = asyncio.get_running_loop()
        connecting = loop.create_task(self._handler.connect_async())  # type: ignore[no-untyped-call]
        self._running = (connecting, loop.create_task(self._forget_used_addresses()))

    async def is_connected(self) -> bool:
        """Say whether Slack can reach us now."""
        return bool(await self._handler.client.is_connected())

    async def close(self) -> None:
        """Stop connecting and close the WebSocket."""
        for task in self._running:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        await self._handler.close_async()  # type: ignore[no-untyped-call]

    async def _forget_used_addresses(self) -> None:
        """While we are not connected, have the next attempt ask Slack for a new address.

        An address is good for one attempt, and the library tries the same one for ever.
        """
        missed = False
        while True:
            await asyncio.sleep(RENEW_SECONDS)
            connected = await self.is_connected()
            if connected is missed:
                missed = not connected
                log.warning("slack cannot reach us" if missed else "slack can reach us again")
            if not connected:
                self._handler.client.wss_uri = None


def _silent_logger() -> logging.Logger:
    """Return a logger that says nothing: the library's errors contain addresses that open connections."""
    logger = logging.getLogger(f"{quiet_logger().name}.socket")
    logger.setLevel(logging.CRITICAL + 1)
    return logger
