"""Chromium, a running simulated workspace, and a scripted app that answers it."""

from __future__ import annotations

import asyncio
import json
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from urllib.parse import parse_qs

import pytest
import pytest_asyncio
import uvicorn
from playwright.async_api import BrowserContext, Page, async_playwright, expect
from slack_sdk.web.async_client import AsyncWebClient
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from bot.cli.running import IDLE_CONNECTION_S
from bot.sandbox.slack.app import build_slack
from bot.sandbox.slack.config import Command, SlackSandboxConfig
from tests.chromium import CHROMIUM_ARGS, chromium_path
from tests.patience import PATIENCE_S

BOT_TOKEN = "xoxb-page"
OLIVIA, MARA, FELIX = "U0OLIVIA0", "U0MARA000", "U0FELIX00"
PORTFOLIO, FUNDRAISING = "C0OLIVIA0", "C0FUNDRAS"
START = datetime(2026, 11, 20, 15, 4, tzinfo=UTC)
PATIENCE_MS = PATIENCE_S * 1000

Json = dict[str, Any]
Answer = Callable[[Json], Awaitable[Json | str | int | None]]


class RunningClock:
    """Starts on a Friday in November 2026 and runs with real time."""

    def __init__(self) -> None:
        self._began = datetime.now(UTC)

    def __call__(self) -> datetime:
        return START + (datetime.now(UTC) - self._began)


@dataclass
class ScriptedApp:
    """The app on the other side: keeps what it receives; *answer* says how it acknowledges."""

    received: asyncio.Queue[Json] = field(default_factory=asyncio.Queue)
    answer: Answer | None = None

    async def receive(self, request: Request) -> Response:
        payload = _payload(request.headers.get("content-type", ""), (await request.body()).decode())
        self.received.put_nowait(payload)
        given = await self.answer(payload) if self.answer else None
        if isinstance(given, int):
            return PlainTextResponse("", status_code=given)
        return JSONResponse(given) if isinstance(given, dict) else PlainTextResponse(given or "")

    async def next(self, kind: str) -> Json:
        """The next payload of that type (a slash command is "command"); others are dropped."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                payload = await self.received.get()
                if payload.get("type", "command") == kind:
                    return payload


def _payload(content_type: str, body: str) -> Json:
    if content_type.startswith("application/json"):
        event: Json = json.loads(body).get("event", {})
        return event
    form = {key: values[0] for key, values in parse_qs(body).items()}
    loaded: Json = json.loads(form["payload"]) if "payload" in form else dict(form)
    return loaded


@dataclass
class Workspace:
    """A running workspace: its address, its app, and the app's Slack client."""

    origin: str
    app: ScriptedApp
    client: AsyncWebClient
    tabs: BrowserContext
    stack: AsyncExitStack
    errors: list[str] = field(default_factory=list)

    async def post(self, channel: str, text: str, **more: Any) -> str:
        answer = await self.client.chat_postMessage(channel=channel, text=text, **more)
        return str(answer["ts"])

    async def visit(
        self,
        user: str = OLIVIA,
        query: str = f"channel={PORTFOLIO}",
        *,
        width: int = 1280,
        height: int = 800,
        scheme: Literal["light", "dark"] = "light",
        before: Callable[[Page], Awaitable[None]] | None = None,
    ) -> Page:
        """Open the page as *user*; *before* may prepare the tab. An error thrown in it fails the test."""
        page = await self.tabs.new_page()
        self.stack.push_async_callback(page.close)
        page.set_default_timeout(PATIENCE_MS)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        await page.set_viewport_size({"width": width, "height": height})
        await page.emulate_media(color_scheme=scheme)
        if before:
            await before(page)
        await page.goto(f"{self.origin}/?as={user}&{query}")
        await page.wait_for_selector("#app[data-ready=true]")
        return page


def pytest_pycollect_makemodule() -> None:
    """Without a browser the directory is skipped as a whole, in one line."""
    if chromium_path() is None and os.environ.get("COUNTERSIGN_REQUIRE_ALL") != "1":
        pytest.skip("no Chromium found; set COUNTERSIGN_CHROMIUM to its path", allow_module_level=True)


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of the browser; the tests fail without one, since here everything is required."""
    found = chromium_path()
    if found is None:
        pytest.fail("no Chromium found; set COUNTERSIGN_CHROMIUM to its path")
    return found


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def tabs(chromium: str) -> AsyncIterator[BrowserContext]:
    """One browser for all tests, so that the page's files are read once.

    An empty tab stays open, and with it the process that all tabs are shown by.
    """
    expect.set_options(timeout=PATIENCE_MS)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_ARGS)
        context = await browser.new_context()
        await context.new_page()
        yield context
        await browser.close()


class Door:
    """Serves whichever application the running test has put behind it, at one address for all tests."""

    origin: str
    behind: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.behind is not None and scope["type"] != "lifespan":
            await self.behind(scope, receive, send)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def door() -> AsyncIterator[Door]:
    listener = _bound_socket()
    made = Door()
    made.origin = f"http://127.0.0.1:{listener.getsockname()[1]}"
    async with _serving(made, listener):
        yield made


@pytest_asyncio.fixture(loop_scope="session")
async def workspace(tabs: BrowserContext, door: Door) -> AsyncIterator[Workspace]:
    """A fresh workspace with the demo's staff, an app, and no messages yet."""
    app = ScriptedApp()
    slack = build_slack(_config(door.origin), RunningClock())
    door.behind = Starlette(routes=[Route("/bot", app.receive, methods=["POST"]), Mount("/", slack)])
    client = AsyncWebClient(token=BOT_TOKEN, base_url=f"{door.origin}/slack-sim/api/")
    async with AsyncExitStack() as stack:
        await slack.state.slack.start()
        stack.push_async_callback(slack.state.slack.stop)
        made = Workspace(door.origin, app, client, tabs, stack)
        yield made
    assert made.errors == []


def _config(origin: str) -> SlackSandboxConfig:
    return SlackSandboxConfig(
        signing_secret="page-secret",
        bot_token=BOT_TOKEN,
        app_token="xapp-page",
        request_url=f"{origin}/bot",
        base_url=origin,
        commands=(
            Command("/donor", "Look a donor up before a meeting", "summary <name>"),
            Command("/countersign", "Your queue", "queue"),
        ),
        retry_delays=(),
        ack_seconds=20.0,
        posts_per_second=1000.0,
        post_burst=1000,
    )


def _bound_socket() -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.bind(("127.0.0.1", 0))
    listener.listen(64)
    return listener


@asynccontextmanager
async def _serving(app: ASGIApp, listener: socket.socket) -> AsyncIterator[None]:
    config = uvicorn.Config(
        app,
        log_level="error",
        lifespan="off",
        timeout_graceful_shutdown=1,
        timeout_keep_alive=IDLE_CONNECTION_S,
    )
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    task = asyncio.create_task(server.serve(sockets=[listener]))
    while not server.started:
        if task.done():
            task.result()
        await asyncio.sleep(timedelta(milliseconds=5).total_seconds())
    try:
        yield
    finally:
        server.should_exit = True
        await task
