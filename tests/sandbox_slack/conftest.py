"""A running workspace, a real Bolt app beside it, and a page that acts for a persona."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import uvicorn
from slack_bolt.adapter.starlette.async_handler import AsyncSlackRequestHandler
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Route

from bot.cli.running import IDLE_CONNECTION_S
from bot.sandbox.slack.app import build_slack
from bot.sandbox.slack.config import DEFAULT_EVENTS, Command, SlackSandboxConfig
from bot.sandbox.slack.world import World
from tests.patience import PATIENCE_S

SECRET = "shhh-sandbox"
BOT_TOKEN = "xoxb-sandbox"
APP_TOKEN = "xapp-sandbox"


class HandClock:
    """A clock that runs with real time and can be pushed forward."""

    def __init__(self) -> None:
        self._offset = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self._offset

    def advance(self, seconds: float) -> None:
        self._offset += timedelta(seconds=seconds)


@asynccontextmanager
async def serving(app: Any, listener: socket.socket) -> AsyncIterator[str]:
    """Serve *app* on a bound socket; yields the origin."""
    config = uvicorn.Config(
        app,
        log_level="error",
        lifespan="off",
        timeout_graceful_shutdown=1,
        timeout_keep_alive=IDLE_CONNECTION_S,
    )
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    await server.startup(sockets=[listener])
    try:
        yield origin_of(listener)
    finally:
        await _closed(server, listener)


async def _closed(server: uvicorn.Server, listener: socket.socket) -> None:
    """Close at once: the server's own shutdown waits a tenth of a second, which adds up over many tests."""
    for accepting in server.servers:
        accepting.close()
    listener.close()
    for connection in list(server.server_state.connections):
        connection.shutdown()
    tasks = list(server.server_state.tasks)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def bound_socket() -> socket.socket:
    # Without the protocol asyncio leaves Nagle's algorithm on, which costs 40 ms per response.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    listener.listen(64)
    return listener


def origin_of(listener: socket.socket) -> str:
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


@dataclass
class Page:
    """A browser page of one persona: acts, and hears what the stream says."""

    origin: str
    user: str
    session: aiohttp.ClientSession
    heard: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    async def get(self, path: str, **params: str) -> dict[str, Any]:
        async with self.session.get(
            f"{self.origin}/sim/{path}", params={"as": self.user} | params
        ) as response:
            return await response.json()

    async def act(self, path: str, **body: Any) -> dict[str, Any]:
        url = f"{self.origin}/sim/{path}"
        async with self.session.post(url, json={"as": self.user} | body, headers={"X-Sim": "1"}) as response:
            return await response.json()

    async def command(self, command: str, text: str = "", channel: str = "C0GENERAL") -> dict[str, Any]:
        return await self.act("act/command", channel=channel, command=command, text=text)

    async def messages(self, channel: str) -> list[dict[str, Any]]:
        return (await self.get("history", channel=channel))["messages"]

    async def listen(self) -> None:
        url = f"{self.origin}/sim/stream"
        try:
            async with self.session.get(url, params={"as": self.user}, timeout=None) as response:
                await self._read(response)
        except (aiohttp.ClientError, ConnectionError):
            return

    async def _read(self, response: aiohttp.ClientResponse) -> None:
        event = ""
        async for raw in response.content:
            line = raw.decode().rstrip("\n")
            if line.startswith("retry:"):
                self.heard.append(("connected", {}))
            elif line.startswith("event: "):
                event = line[7:]
            elif line.startswith("data: "):
                self.heard.append((event, json.loads(line[6:])))
            self._news.set()

    async def hear(
        self, event: str, matches: Callable[[dict[str, Any]], bool] = lambda _: True
    ) -> dict[str, Any]:
        """The first event of that name, waiting for it if needed; it is taken out of the list."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                for item in self.heard:
                    if item[0] == event and matches(item[1]):
                        self.heard.remove(item)
                        return item[1]
                self._news.clear()
                await self._news.wait()


@dataclass
class Bench:
    """The workspace under test with everything that talks to it."""

    world: World
    origin: str
    clock: HandClock
    client: AsyncWebClient
    session: aiohttp.ClientSession
    stack: AsyncExitStack
    listeners: list[asyncio.Task[None]] = field(default_factory=list)

    async def page(self, user: str) -> Page:
        page = Page(self.origin, user, self.session)
        self.listeners.append(asyncio.create_task(page.listen()))
        await page.hear("connected")
        return page


@dataclass
class Seen:
    """A thread-safe enough list that can be awaited."""

    items: list[Any] = field(default_factory=list)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def add(self, item: Any) -> None:
        self.items.append(item)
        self._news.set()

    async def count(self, wanted: int) -> list[Any]:
        async with asyncio.timeout(PATIENCE_S):
            while len(self.items) < wanted:
                self._news.clear()
                await self._news.wait()
        return self.items


def base_config(**changes: Any) -> SlackSandboxConfig:
    config = SlackSandboxConfig(
        signing_secret=SECRET,
        bot_token=BOT_TOKEN,
        app_token=APP_TOKEN,
        commands=(Command("/donor", "Look at a donor", "summary <name>"),),
        bot_events=(*DEFAULT_EVENTS,),
        retry_delays=(0.0, 0.0, 0.0),
        ack_seconds=3.0,
        posts_per_second=1000.0,
        post_burst=1000,
    )
    return replace(config, **changes)


Start = Callable[..., Awaitable[Bench]]


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    """Start a workspace; keyword arguments change its configuration, `clock` its time."""
    async with AsyncExitStack() as stack:
        stack.callback(_settle_logging())

        async def starter(clock: HandClock | None = None, **changes: Any) -> Bench:
            listener = bound_socket()
            clock = clock or HandClock()
            config = base_config(**({"base_url": origin_of(listener)} | changes))
            app = build_slack(config, clock)
            own = await stack.enter_async_context(AsyncExitStack())
            await app.state.slack.start()
            own.push_async_callback(app.state.slack.stop)
            session = await own.enter_async_context(aiohttp.ClientSession())
            origin = await own.enter_async_context(serving(app, listener))
            client = AsyncWebClient(token=BOT_TOKEN, base_url=f"{origin}/slack-sim/api/", retry_handlers=[])
            bench = Bench(app.state.slack, origin, clock, client, session, own)
            own.push_async_callback(_end_listeners, bench)
            return bench

        yield starter


async def _end_listeners(bench: Bench) -> None:
    bench.world.hub.close()
    await asyncio.gather(*bench.listeners)


def _settle_logging() -> Callable[[], None]:
    logger = logging.getLogger("slack_bolt")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    return lambda: logger.setLevel(before)


@dataclass
class HttpBot:
    """A real Bolt app served over HTTP; *prepare* registers listeners before it is needed."""

    app: AsyncApp
    requests: Seen
    fail_first: int = 0
    status: int = 500


@pytest.fixture
async def http_bot(start: Start) -> AsyncIterator[Callable[..., Awaitable[tuple[Bench, HttpBot]]]]:
    """A workspace that delivers over HTTP to a real Bolt app."""
    async with AsyncExitStack() as stack:

        async def starter(**changes: Any) -> tuple[Bench, HttpBot]:
            listener = bound_socket()
            bench = await start(request_url=f"{origin_of(listener)}/slack/events", **changes)
            bolt = AsyncApp(
                client=AsyncWebClient(token=BOT_TOKEN, base_url=f"{bench.origin}/slack-sim/api/"),
                signing_secret=SECRET,
            )
            bot = HttpBot(bolt, Seen())
            await stack.enter_async_context(serving(_bolt_server(bot), listener))
            return bench, bot

        yield starter


def _bolt_server(bot: HttpBot) -> Starlette:
    handler = AsyncSlackRequestHandler(bot.app)

    async def receive(request: Request) -> Any:
        body = await request.body()
        bot.requests.add((dict(request.headers), body.decode()))
        if bot.fail_first > 0:
            bot.fail_first -= 1
            from starlette.responses import PlainTextResponse

            return PlainTextResponse("broken", status_code=bot.status)
        return await handler.handle(request)

    return Starlette(routes=[Route("/slack/events", receive, methods=["POST"])])


@pytest.fixture
def journal_path(tmp_path: Path) -> Path:
    return tmp_path / "slack.sqlite3"
