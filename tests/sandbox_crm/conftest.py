"""A simulated CRM over HTTP, a clock that only tests move, and a webhook that answers as told."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from bot.cli.running import IDLE_CONNECTION_S
from bot.sandbox.crm.app import CrmSandboxConfig, SandboxCrm, build_crm
from bot.sandbox.crm.campaigns import plan_campaigns
from bot.sandbox.crm.cast_giving import add_giving_stories
from bot.sandbox.crm.cast_limits import add_stories_about_limits
from bot.sandbox.crm.cast_majors import add_major_donor_stories
from bot.sandbox.crm.cast_names import add_stories_about_names
from bot.sandbox.crm.draft import Draft
from bot.sandbox.crm.finishing import finished
from bot.sandbox.crm.model import World
from bot.sandbox.crm.stories import STORIES
from tests.patience import PATIENCE_S

TOKEN = "sandbox-token"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
TODAY = date(2026, 11, 20)
API = "/crm/api/v1"
JANE = "donor-0001"


class MovableClock:
    """Time that passes only when a test says so."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def move(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock(datetime(2026, 11, 20, 15, 0, tzinfo=UTC))


@pytest.fixture(scope="session")
def stories_world() -> World:
    """The world without its crowd: only the stories."""
    draft = Draft(TODAY)
    plan_campaigns(draft)
    for add in (
        add_major_donor_stories,
        add_giving_stories,
        add_stories_about_limits,
        add_stories_about_names,
    ):
        add(draft)
    return finished(draft, "stories", STORIES)


@dataclass
class Sandbox:
    """A CRM and a client that speaks to it as an authorised caller."""

    app: Starlette
    http: httpx2.AsyncClient

    @property
    def crm(self) -> SandboxCrm:
        crm: SandboxCrm = self.app.state.crm
        return crm

    async def get(self, path: str, **query: Any) -> Any:
        answer = await self.http.get(f"{API}{path}", params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def write(self, method: str, path: str, body: Any = None, **headers: str) -> httpx2.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.http.request(
            method, f"{API}{path}", json=body, headers={"X-Actor": "staff-olivia", **named}
        )

    async def happen(self, what: str, **fields: Any) -> Any:
        answer = await self.http.post("/crm/sim/happen", json={"what": what, **fields})
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def break_it(self, **faults: Any) -> Any:
        answer = await self.http.post("/crm/sim/faults", json=faults)
        assert answer.status_code == 200, answer.text
        return answer.json()


def numbered_ids() -> Callable[[], str]:
    """Event ids that a test can foresee: evt-1, evt-2, ..."""
    numbers = iter(range(1, 10_000))
    return lambda: f"evt-{next(numbers)}"


def config(**fields: Any) -> CrmSandboxConfig:
    return CrmSandboxConfig(**{"token": TOKEN, "webhook_secret": SECRET, **fields})


HEADERS = {"Authorization": f"Bearer {TOKEN}", "X-Sim": "1"}


@contextlib.asynccontextmanager
async def opened(app: Starlette) -> AsyncIterator[Sandbox]:
    """A client that reaches *app* in this process."""
    transport = httpx2.ASGITransport(app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1", headers=HEADERS) as http:
        yield Sandbox(app, http)


@pytest.fixture
def open_crm(stories_world: World, clock: MovableClock) -> Callable[..., Any]:
    """Opens a CRM of the stories with its own configuration, in this process, for one block."""

    @contextlib.asynccontextmanager
    async def open_it(world: World | None = stories_world, **fields: Any) -> AsyncIterator[Sandbox]:
        app = build_crm(config(**fields), clock, world)
        await app.state.crm.start()
        try:
            async with opened(app) as box:
                yield box
        finally:
            await app.state.crm.stop()

    return open_it


@pytest.fixture
def serve_crm(stories_world: World, clock: MovableClock) -> Callable[..., Any]:
    """The same behind uvicorn, with a client that goes through a socket."""

    @contextlib.asynccontextmanager
    async def serve_it(**fields: Any) -> AsyncIterator[Sandbox]:
        app = build_crm(config(**fields), clock, stories_world)
        async with (
            serving(app) as base,
            httpx2.AsyncClient(base_url=base, headers=HEADERS, trust_env=False, verify=False) as http,
        ):
            yield Sandbox(app, http)

    return serve_it


@pytest.fixture
def mount_crm(stories_world: World, clock: MovableClock) -> Callable[..., Any]:
    """A CRM inside another application, whose lifespan nobody runs."""

    @contextlib.asynccontextmanager
    async def mount_it(**fields: Any) -> AsyncIterator[Sandbox]:
        app = build_crm(config(**fields), clock, stories_world)
        async with (
            serving(Starlette(routes=[Mount("/", app)])) as base,
            httpx2.AsyncClient(base_url=base, headers=HEADERS, trust_env=False, verify=False) as http,
        ):
            yield Sandbox(app, http)

    return mount_it


@pytest.fixture
def slow_crm(stories_world: World, clock: MovableClock) -> Callable[..., Any]:
    """A CRM that only notes down how long it would have waited."""

    @contextlib.asynccontextmanager
    async def open_it() -> AsyncIterator[tuple[Sandbox, list[float]]]:
        slept: list[float] = []

        async def sleep(seconds: float) -> None:
            slept.append(seconds)

        app = build_crm(config(), clock, stories_world, sleep=sleep)
        async with opened(app) as box:
            yield box, slept
        await app.state.crm.stop()

    return open_it


@pytest.fixture
async def sandbox(stories_world: World, clock: MovableClock) -> AsyncIterator[Sandbox]:
    app = build_crm(config(), clock, stories_world, new_event_id=numbered_ids())
    async with opened(app) as box:
        yield box
    await box.crm.stop()


@contextlib.asynccontextmanager
async def serving(app: Any) -> AsyncIterator[str]:
    """*app* on a free port of the loopback address, as uvicorn serves it; the base URL."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    started = asyncio.Event()

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            started.set()

    server = Server(
        uvicorn.Config(app, log_level="critical", ws="none", timeout_keep_alive=IDLE_CONNECTION_S)
    )
    task = asyncio.create_task(server.serve(sockets=[listening]))
    await asyncio.wait_for(started.wait(), PATIENCE_S)
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        await asyncio.wait_for(task, PATIENCE_S)
        listening.close()


@dataclass
class Delivered:
    """One request that reached the webhook."""

    headers: dict[str, str]
    body: bytes

    @property
    def event(self) -> Any:
        return json.loads(self.body)


@dataclass
class Webhook:
    """A receiver that answers with the given statuses in turn, then with 202."""

    answers: list[int] = field(default_factory=list)
    arrived: asyncio.Queue[Delivered] = field(default_factory=asyncio.Queue)

    def app(self) -> Starlette:
        async def receive(request: Request) -> Response:
            self.arrived.put_nowait(Delivered(dict(request.headers), await request.body()))
            return Response(status_code=self.answers.pop(0) if self.answers else 202)

        return Starlette(routes=[Route("/crm/events", receive, methods=["POST"])])

    async def next(self) -> Delivered:
        return await asyncio.wait_for(self.arrived.get(), PATIENCE_S)


@pytest.fixture
def webhook() -> Webhook:
    return Webhook()


@pytest.fixture
async def webhook_url(webhook: Webhook) -> AsyncIterator[str]:
    async with serving(webhook.app()) as base:
        yield f"{base}/crm/events"


@pytest.fixture
def journal_path(tmp_path: Path) -> Iterator[Path]:
    return tmp_path / "crm.sqlite"
