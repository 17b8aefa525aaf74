"""The page of the simulated CRM in real Chromium, beside stand-ins for the bot, Slack and the model."""

from __future__ import annotations

import itertools
import os
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from bot.cli.running import IDLE_CONNECTION_S
from bot.sandbox.crm.app import CrmSandboxConfig, build_crm
from bot.sandbox.crm.model import World
from tests.chromium import CHROMIUM_ARGS, chromium_path
from tests.patience import PATIENCE_S

TOKEN = "crm-token"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@dataclass
class Neighbours:
    """What stands beside the CRM: switches of Slack and the model, and the bot's webhook."""

    slack: dict[str, object] = field(
        default_factory=lambda: {"down": False, "slow_api_ms": 0, "rate_limited": False, "http_500": False}
    )
    model: dict[str, object] = field(default_factory=lambda: {"down": False, "slow_ms": 0, "garbage": False})
    has_model: bool = True

    def routes(self) -> list[Route]:
        return [
            Route("/sim/faults", self._slack, methods=["POST"]),
            Route("/model/sim/faults", self._model, methods=["POST"]),
            Route("/bot/events", self._event, methods=["POST"]),
        ]

    async def _slack(self, request: Request) -> Response:
        self.slack |= await request.json()
        return JSONResponse(self.slack)

    async def _model(self, request: Request) -> Response:
        if not self.has_model:
            return JSONResponse({"detail": "Not found."}, 404)
        self.model |= await request.json()
        return JSONResponse(self.model)

    async def _event(self, _request: Request) -> Response:
        return Response(status_code=202)


@dataclass(frozen=True)
class Crm:
    """A running simulated CRM."""

    address: str
    neighbours: Neighbours
    app: Starlette
    api: httpx2.Client


@pytest.fixture
def crm() -> Iterator[Crm]:
    yield from _running()


@pytest.fixture(scope="session")
def shared_crm() -> Iterator[Crm]:
    yield from _running()


def _running() -> Iterator[Crm]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        neighbours = Neighbours()
        config = CrmSandboxConfig(token=TOKEN, webhook_secret=SECRET, webhook_url=f"{address}/bot/events")
        inner = build_crm(config, _clock(), _world())
        outer = Starlette(
            routes=[*neighbours.routes(), Mount("/", app=inner)], lifespan=inner.router.lifespan_context
        )
        server = uvicorn.Server(
            uvicorn.Config(
                outer, log_level="error", timeout_graceful_shutdown=1, timeout_keep_alive=IDLE_CONNECTION_S
            )
        )
        listener.listen()  # whoever calls before the server is up waits until it is
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        headers = {"Authorization": f"Bearer {TOKEN}", "X-Actor": "countersign (Olivia Hart)"}
        with httpx2.Client(
            base_url=f"{address}/crm/api/v1", headers=headers, trust_env=False, verify=False
        ) as api:
            assert api.get("/ping").status_code == 200
            yield Crm(address, neighbours, inner, api)
        server.should_exit = True
        inner.state.crm.feed.close()
        thread.join(10)


def _world() -> World:
    return World.model_validate_json(Path(__file__).with_name("world.json").read_bytes())


def _clock() -> Callable[[], datetime]:
    """A clock that starts on the world's day and goes on by a second at every look."""
    ticks = itertools.count()
    noon = datetime(2026, 11, 22, 12, tzinfo=UTC)
    return lambda: noon + timedelta(seconds=next(ticks))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    chromium = chromium_path()
    if chromium is None:
        if os.environ.get("COUNTERSIGN_REQUIRE_ALL") == "1":
            pytest.fail("Chromium is required and was not found; set COUNTERSIGN_CHROMIUM.")
        pytest.skip("Chromium was not found; set COUNTERSIGN_CHROMIUM to its path.")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_ARGS)
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def context(browser: Browser) -> Iterator[BrowserContext]:
    """The page keeps nothing beyond its tab; an empty one keeps the process that all tabs are shown by."""
    opened = browser.new_context(viewport={"width": 1440, "height": 900}, timezone_id="UTC", locale="en-US")
    opened.set_default_timeout(PATIENCE_S * 1000)
    expect.set_options(timeout=PATIENCE_S * 1000)
    opened.new_page()
    yield opened
    opened.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    opened = context.new_page()
    troubles: list[str] = []
    opened.on("pageerror", lambda error: troubles.append(str(error)))
    opened.on("dialog", lambda dialog: troubles.append(f"dialog: {dialog.message}"))
    yield opened
    for tab in context.pages[1:]:
        tab.close()
    assert troubles == []
