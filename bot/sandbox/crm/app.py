"""The simulated CRM as one ASGI application: its REST API, its page and the page's API."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import httpx2
from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from bot.sandbox.journal import Journal
from bot.trust import trusted_authorities

from .api_reads import read_routes
from .api_writes import write_routes
from .control import LoopbackOnly, control_routes
from .days import day_of
from .delivery import RETRY_DELAYS_S, Courier, WebhookTarget
from .events import EventLog
from .faults import Faults
from .gate import Gate, Sleep
from .generator import generate
from .model import World
from .outcomes import Problem, answer_http_error, answer_invalid, answer_problem
from .store import Clock, Store
from .stream import Feed
from .tables import Tables

_PAGE = Path(__file__).parent.parent / "static" / "crm"


@dataclass(frozen=True, slots=True)
class CrmSandboxConfig:
    """How the simulated CRM is reached and what it holds.

    *token* is the bearer token of the REST API; *webhook_secret* begins with ``whsec_``. Without
    *webhook_url* events are only in the poll feed. The world is generated from *seed* as of *today*
    (None: the day it is for the organisation) the first time; with *journal_path* it goes on after a restart.
    *retry_delays_s* are the pauses between attempts to deliver an event, in seconds.
    """

    token: str
    webhook_secret: str
    webhook_url: str | None = None
    seed: int = 1
    today: date | None = None
    journal_path: Path | None = None
    retry_delays_s: tuple[float, ...] = RETRY_DELAYS_S
    webhook_timeout_s: float = 10.0


class SandboxCrm:
    """The running parts behind the application; `start` and `stop` may be called by whoever mounts it."""

    def __init__(
        self,
        config: CrmSandboxConfig,
        clock: Clock,
        world: World | None,
        new_event_id: Callable[[], str],
    ) -> None:
        self.feed = Feed()
        self.faults = Faults(lambda now: self.feed.publish("fault", now.model_dump(mode="json")))
        self.tables = _tables(config, clock, world)
        self.events = EventLog(
            self.tables,
            clock,
            new_event_id,
            self.faults,
            self.feed,
            has_webhook=config.webhook_url is not None,
        )
        self.store = Store(self.tables, clock, self.events)
        self._config = config
        self._clock = clock
        self._running: contextlib.AsyncExitStack | None = None

    async def start(self) -> None:
        """Begin to deliver events, those left from before included; calling it again does nothing."""
        if self._running is not None:
            return
        self._running = contextlib.AsyncExitStack()
        if self._config.webhook_url is None:
            return
        target = WebhookTarget(
            self._config.webhook_url,
            self._config.webhook_secret,
            self._config.retry_delays_s,
            self._config.webhook_timeout_s,
        )
        client = await self._running.enter_async_context(
            httpx2.AsyncClient(trust_env=False, verify=trusted_authorities())
        )
        courier = Courier(target, self.tables, self.events, self._clock, self.feed, client)
        delivering = asyncio.create_task(courier.run(), name="crm-event-delivery")
        self._running.push_async_callback(_cancelled, delivering)

    async def stop(self) -> None:
        """Stop delivering, end the open streams and close the journal."""
        self.feed.close()
        if self._running is not None:
            await self._running.aclose()
            self._running = None
        self.tables.close()


def build_crm(
    config: CrmSandboxConfig,
    clock: Clock,
    world: World | None = None,
    *,
    sleep: Sleep = asyncio.sleep,
    new_event_id: Callable[[], str] = lambda: f"evt-{uuid.uuid4().hex}",
) -> Starlette:
    """The application; its running parts are in ``app.state.crm`` (a `SandboxCrm`).

    *clock* gives aware UTC datetimes. A *world* replaces what the journal holds, unless it is the one that
    the journal began with; without one an import that the journal holds goes on. Served alone, the lifespan
    starts and stops it; mounted, the caller does.
    """
    crm = SandboxCrm(config, clock, world, new_event_id)

    @contextlib.asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        await crm.start()
        try:
            yield
        finally:
            await crm.stop()

    app = Starlette(routes=_routes(crm, config, sleep), lifespan=lifespan)
    app.state.crm = crm
    return app


def _routes(crm: SandboxCrm, config: CrmSandboxConfig, sleep: Sleep) -> list[BaseRoute]:
    api = _answering(
        [*write_routes(crm.store, crm.faults), *read_routes(crm.store, crm.events, crm.faults)],
        Middleware(Gate, token=config.token, faults=crm.faults, sleep=sleep),
    )
    control = _answering(
        control_routes(crm.store, crm.faults, crm.feed, webhook=config.webhook_url is not None),
        Middleware(LoopbackOnly),
    )
    return [
        Mount("/crm/api/v1", app=api),
        Mount("/crm/sim", app=control),
        Route("/crm", _page("index.html")),
        Route("/crm/donors/{id}", _page("index.html")),
        Route("/crm/control", _page("control.html")),
        Mount("/static/crm", app=StaticFiles(directory=_PAGE, check_dir=False)),
    ]


def _answering(routes: list[Route], middleware: Middleware) -> Starlette:
    """An application of its own, so that its problems are answered as such wherever it is mounted."""
    return Starlette(
        routes=routes,
        middleware=[middleware],
        exception_handlers={
            Problem: answer_problem,
            ValidationError: answer_invalid,
            HTTPException: answer_http_error,
        },
    )


def _page(name: str) -> Callable[[Request], Response]:
    def page(_request: Request) -> Response:
        return FileResponse(_PAGE / name, headers={"Cache-Control": "no-cache"})

    return page


def _tables(config: CrmSandboxConfig, clock: Clock, world: World | None) -> Tables:
    """The tables as the journal left them, or with a fresh world."""
    tables = Tables(Journal(config.journal_path))
    begun = tables.origin() or ""
    goes_on = world is None and begun.startswith("import ")
    if goes_on or begun == (world.origin if world else f"seed {config.seed}"):
        tables.restore()
    else:
        tables.adopt(world or generate(config.seed, config.today or day_of(clock())))
    return tables


async def _cancelled(task: asyncio.Task[None]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
