"""The adapter between two real neighbours: a simulated Slack over HTTP and a recording inbox."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import aiohttp
import httpx2
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.routing import Route

from bot.cli.running import IDLE_CONNECTION_S
from bot.sandbox.slack.app import build_slack
from bot.sandbox.slack.config import DEFAULT_EVENTS, Command, SlackSandboxConfig
from bot.sandbox.slack.world import World
from bot.slack.app import build_slack_app
from bot.slack.arrival import Arrival
from bot.slack.chat import SlackChat
from bot.slack.connection import SlackClients, SlackConnection, open_clients
from bot.slack.http import SlackEndpoint
from handlers.commands import ChatUser
from handlers.outcomes import Notice
from policy.donor import DonorMatch
from storage.limits import LocalLimits
from tests.patience import PATIENCE_S
from tests.slack.scripted import Script

SECRET = "sandbox-signing-secret"
FORMER_SECRET = "the-secret-before-that"
BOT_TOKEN = "xoxb-sandbox"
APP_TOKEN = "xapp-sandbox"
REFERENCE = "k7f3"

OLIVIA, MARA, FIONA, GUS, ELLIS = "U0OLIVIA0", "U0MARA000", "U0FIONA00", "U0GUEST00", "U0EXTERN0"
PORTFOLIO, GENERAL, SHARED = "C0OLIVIA0", "C0GENERAL", "C0PARTNER"


class HandClock:
    """A clock that is pushed by hand; starts at the real time, which the simulated Slack also uses."""

    def __init__(self) -> None:
        self.offset = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.offset


@dataclass
class Sleeper:
    """Remembers how long somebody wanted to sleep."""

    slept: list[float] = field(default_factory=list)

    async def __call__(self, seconds: float) -> None:
        self.slept.append(seconds)


@dataclass
class Inbox:
    """Stores nothing and remembers everything; *fails* is raised instead of accepting or finding donors."""

    arrived: list[tuple[Any, Arrival]] = field(default_factory=list)
    fails: Exception | None = None
    donors: tuple[DonorMatch, ...] | Notice = ()
    sought: list[tuple[str, str]] = field(default_factory=list)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    async def accept(self, command: Any, arrival: Arrival) -> bool:
        if self.fails is not None:
            raise self.fails
        known = any(arrival.dedupe_key == other.dedupe_key for _, other in self.arrived)
        if not known:
            self.arrived.append((command, arrival))
        self._news.set()
        return not known

    async def find(self, typed: str, by: ChatUser) -> tuple[DonorMatch, ...] | Notice:
        if self.fails is not None:
            raise self.fails
        self.sought.append((typed, by.id))
        return self.donors

    async def first(self) -> tuple[Any, Arrival]:
        async with asyncio.timeout(PATIENCE_S):
            while not self.arrived:
                self._news.clear()
                await self._news.wait()
        return self.arrived[0]


@dataclass
class Door:
    """Slack's side of our HTTP endpoint: signs requests and posts them."""

    client: httpx2.AsyncClient
    inbox: Inbox

    async def post(
        self,
        body: bytes,
        content_type: str,
        headers: dict[str, str] | None = None,
        secret: str = SECRET,
    ) -> httpx2.Response:
        stamp = str(int(time.time()))
        digest = hmac.new(secret.encode(), b"v0:" + stamp.encode() + b":" + body, hashlib.sha256).hexdigest()
        signed = {
            "Content-Type": content_type,
            "X-Slack-Request-Timestamp": stamp,
            "X-Slack-Signature": f"v0={digest}",
        }
        return await self.client.post("/slack/events", content=body, headers=signed | (headers or {}))

    async def form(self, **fields: str) -> httpx2.Response:
        return await self.post(urlencode(fields).encode(), "application/x-www-form-urlencoded")

    async def interaction(self, payload: dict[str, Any]) -> httpx2.Response:
        return await self.form(payload=json.dumps(payload))

    async def event(
        self, event: dict[str, Any], event_id: str = "Ev1", headers: dict[str, str] | None = None
    ) -> httpx2.Response:
        envelope = {
            "type": "event_callback",
            "event_id": event_id,
            "team_id": "T0HARBOUR",
            "event": event,
            "authorizations": [],
        }
        return await self.post(json.dumps(envelope).encode(), "application/json", headers)


@asynccontextmanager
async def serving(app: Any, listener: socket.socket) -> AsyncIterator[str]:
    """Serve *app* on a bound socket; yields the origin."""
    config = uvicorn.Config(
        app,
        log_level="critical",
        lifespan="on",
        timeout_graceful_shutdown=1,
        timeout_keep_alive=IDLE_CONNECTION_S,
    )
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    task = asyncio.create_task(server.serve(sockets=[listener]))
    while not server.started:
        if task.done():
            task.result()
        await asyncio.sleep(0.005)
    try:
        yield origin_of(listener)
    finally:
        server.should_exit = True
        await task


def bound_socket() -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.bind(("127.0.0.1", 0))
    listener.listen(64)
    return listener


def origin_of(listener: socket.socket) -> str:
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


@dataclass
class Stage:
    """A simulated workspace with our adapter beside it."""

    world: World
    origin: str
    connection: SlackConnection
    clients: SlackClients
    chat: SlackChat
    clock: HandClock
    sleeper: Sleeper
    inbox: Inbox
    door: Door
    session: aiohttp.ClientSession

    def messages(self, channel: str, viewer: str | None = None) -> list[Any]:
        return list(self.world.messages.timeline(channel, viewer))

    def fault(self, **switches: Any) -> None:
        self.world.faults.change(switches)

    async def act(self, user: str, path: str, **body: Any) -> dict[str, Any]:
        url = f"{self.origin}/sim/{path}"
        async with self.session.post(url, json={"as": user} | body, headers={"X-Sim": "1"}) as response:
            return dict(await response.json())

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not condition():
                await asyncio.sleep(0.01)


def door_of(connection: SlackConnection, clients: SlackClients, inbox: Inbox, clock: HandClock) -> Any:
    app = build_slack_app(
        connection,
        inbox.accept,
        clients.posting,
        inbox.find,
        now=clock.now,
        new_reference=lambda: REFERENCE,
    )
    return Starlette(routes=[Route("/slack/events", SlackEndpoint(app, (SECRET, FORMER_SECRET)))])


Setting = Callable[..., Awaitable[Stage]]


@pytest.fixture
async def setting() -> AsyncIterator[Setting]:
    """Set the stage; keyword arguments change the simulated Slack's configuration."""
    async with AsyncExitStack() as stack:

        async def set_up(**changes: Any) -> Stage:
            ours, theirs = bound_socket(), bound_socket()
            config = _config(origin_of(ours), origin_of(theirs), changes)
            clock, inbox, sleeper = HandClock(), Inbox(), Sleeper()
            slack = build_slack(config, lambda: clock.now())
            session = await stack.enter_async_context(aiohttp.ClientSession())
            connection = SlackConnection(
                bot_token=BOT_TOKEN,
                signing_secret=SECRET,
                app_token=APP_TOKEN,
                base_url=f"{origin_of(theirs)}/slack-sim/api",
            )
            clients = open_clients(connection, sleep=sleeper, limits=LocalLimits(lambda: 0.0))
            stack.push_async_callback(clients.close)
            door_app = door_of(connection, clients, inbox, clock)
            await stack.enter_async_context(serving(door_app, ours))
            origin = await stack.enter_async_context(serving(slack, theirs))
            client = await stack.enter_async_context(
                httpx2.AsyncClient(base_url=origin_of(ours), verify=False)
            )
            return Stage(
                world=slack.state.slack,
                origin=origin,
                connection=connection,
                clients=clients,
                chat=SlackChat(clients, clock=clock, sleep=sleeper, monotonic=lambda: 0.0),
                clock=clock,
                sleeper=sleeper,
                inbox=inbox,
                door=Door(client, inbox),
                session=session,
            )

        yield set_up


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    """Our HTTP endpoint alone, with a Slack that does not answer."""
    connection = SlackConnection(
        bot_token=BOT_TOKEN, signing_secret=SECRET, base_url="http://127.0.0.1:9/api/"
    )
    clients, inbox = open_clients(connection), Inbox()
    app = door_of(connection, clients, inbox, HandClock())
    transport = httpx2.ASGITransport(app=app, raise_app_exceptions=True)
    async with httpx2.AsyncClient(transport=transport, base_url="http://bot.example") as client:
        yield Door(client, inbox)
    await clients.close()


@pytest.fixture
async def slack() -> AsyncIterator[tuple[Script, SlackChat]]:
    script = Script()
    server = await asyncio.start_server(script.serve, "127.0.0.1", 0)
    script.port = server.sockets[0].getsockname()[1]
    connection = SlackConnection("xoxb-1", "secret", base_url=f"http://127.0.0.1:{script.port}/api/")
    sleeper = Sleeper()
    clients = open_clients(connection, sleep=sleeper)
    yield script, SlackChat(clients, clock=HandClock(), team_id="T1", sleep=sleeper)
    await clients.close()
    server.close()
    await server.wait_closed()


@pytest.fixture
async def stage(setting: Setting) -> Stage:
    """A workspace as it is on an ordinary day."""
    return await setting()


def _config(ours: str, theirs: str, changes: dict[str, Any]) -> SlackSandboxConfig:
    values: dict[str, Any] = {
        "signing_secret": SECRET,
        "bot_token": BOT_TOKEN,
        "app_token": APP_TOKEN,
        "request_url": f"{ours}/slack/events",
        "base_url": theirs,
        "commands": (Command("/donor", "Look at a donor", "summary <name>"),),
        "bot_events": DEFAULT_EVENTS,
        "retry_delays": (0.0, 0.0, 0.0),
        "posts_per_second": 1000.0,
        "post_burst": 1000,
    }
    return SlackSandboxConfig(**(values | changes))
