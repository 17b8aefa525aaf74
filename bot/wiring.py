"""The one place that knows concrete classes: from settings to a running service."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from random import Random

import httpx2

from bot.assistants import build_assistant
from bot.clock import SystemClock
from bot.crm.polling import Poller
from bot.crm.rest import RestCrm
from bot.crm.wire import Wire
from bot.doorstep import Arrival, Doorstep
from bot.event_stream import RedisStream
from bot.files import PolicyInForce, read_organisation, read_policy
from bot.holiday_calendar import HolidayCalendar
from bot.http.app import Pages, doors
from bot.http.asgi import AsgiApp
from bot.http.crm_events import crm_events
from bot.http.metrics import Metrics
from bot.http.probes import Check, Probes
from bot.master_key import open_encrypted
from bot.scheduler import Scheduler
from bot.settings import CrmSettings, Settings
from bot.slack.app import build_slack_app
from bot.slack.arrival import Accept
from bot.slack.arrival import Arrival as SlackArrival
from bot.slack.chat import SlackChat
from bot.slack.connection import SlackConnection, open_clients
from bot.slack.http import SlackEndpoint
from bot.slack.socket import SocketRunner
from bot.worker import INBOUND, OUTBOUND, Worker
from handlers.commands import Command
from handlers.context import Context
from handlers.ports import Clock
from storage.bell import Bell, InProcessBell, RedisBell
from storage.database import Database
from storage.ids import IdSource
from storage.migrate import is_current, upgrade

log = logging.getLogger(__name__)

DEFAULT_POLL_S = 60.0


@dataclass(frozen=True, slots=True)
class Runtime:
    """A service ready to run: *http* is its ASGI application, `start` sets the queues going."""

    http: AsgiApp
    context: Context
    workers: tuple[Worker, ...]
    scheduler: Scheduler
    socket: SocketRunner | None
    stop: asyncio.Event

    async def start(self, tasks: asyncio.TaskGroup) -> None:
        """Start workers, timers and, where it is used, Socket Mode."""
        for worker in self.workers:
            tasks.create_task(worker.run(self.stop))
        await self.scheduler.start()
        if self.socket:
            self.socket.start()
        # What lives as long as the process is there by now; collecting it anew costs 40 ms each time.
        gc.collect()
        gc.freeze()


@asynccontextmanager
async def build(
    settings: Settings,
    *,
    clock: Clock | None = None,
    poll_s: float = DEFAULT_POLL_S,
) -> AsyncIterator[Runtime]:
    """Open everything that *settings* name, and close it again in reverse order."""
    clock = clock or SystemClock()
    ids = IdSource(clock.now, secrets.token_bytes)
    async with AsyncExitStack() as stack:
        database = await open_database(settings)
        stack.push_async_callback(database.close)
        bell: Bell = RedisBell.open(settings.redis_url) if settings.redis_url else InProcessBell()
        stack.push_async_callback(bell.close)
        doorstep = Doorstep(database, bell, clock, ids)
        connection = slack_connection(settings)
        clients = open_clients(connection)
        stack.push_async_callback(clients.close)
        chat = SlackChat(clients, clock=clock)
        wire = Wire(await stack.enter_async_context(crm_client(settings.crm)))
        if settings.organisation_file is None:
            raise ValueError("organisation_file")
        stream = RedisStream.open(settings.redis_url) if settings.redis_url else None
        if stream:
            stack.push_async_callback(stream.close)
        context = Context(
            database=database,
            crm=RestCrm(wire, clock),
            chat=chat,
            assistant=build_assistant(settings.ai, stack),
            clock=clock,
            ids=ids,
            rules=PolicyInForce(read_policy(settings.policy_file)),
            stream=stream,
            organisation=read_organisation(settings.organisation_file),
            holidays=HolidayCalendar(),
        )
        slack = build_slack_app(connection, accept_from_slack(doorstep), clients.posting, now=clock.now)
        socket = SocketRunner(slack, connection) if connection.app_token else None
        if socket:
            stack.push_async_callback(socket.close)
        poller = Poller(wire, database, doorstep, clock)
        scheduler = Scheduler(context, bell, poller.poll, poll_s=poll_s)
        stack.callback(scheduler.stop)
        yield Runtime(
            http=doors(
                crm_events(doorstep, webhook_secrets(settings.crm)),
                None if socket else SlackEndpoint(slack),
                Probes(_checks(settings, database, socket)),
                Pages(Metrics(database, bell, clock)),
            ),
            context=context,
            workers=_workers(context, bell, settings.workers),
            scheduler=scheduler,
            socket=socket,
            stop=asyncio.Event(),
        )


async def open_database(settings: Settings) -> Database:
    """Bring the schema up to date and open the database with its master key; raises MasterKeyProblem."""
    upgrade(settings.database_url)
    return await open_encrypted(settings, may_make=True)


def slack_connection(settings: Settings) -> SlackConnection:
    """Return how Slack is reached; the app token is left out where requests come over HTTP."""
    slack = settings.slack
    app_token = slack.app_token.get_secret_value() if slack.app_token and slack.uses_socket else None
    return SlackConnection(
        bot_token=slack.bot_token.get_secret_value(),
        signing_secret=slack.signing_secret.get_secret_value(),
        app_token=app_token,
        base_url=slack.base_url,
    )


def crm_client(crm: CrmSettings) -> httpx2.AsyncClient:
    """Return the HTTP client for the CRM: no retries of its own, no proxies from the environment."""
    base = crm.base_url if crm.base_url.endswith("/") else f"{crm.base_url}/"
    return httpx2.AsyncClient(
        base_url=base,
        headers={"Authorization": f"Bearer {crm.token.get_secret_value()}"},
        timeout=crm.timeout_s,
        limits=httpx2.Limits(max_connections=40, max_keepalive_connections=20),
    )


def webhook_secrets(crm: CrmSettings) -> tuple[str, ...]:
    """Return the secrets an event may be signed with, the present one first."""
    previous = crm.previous_webhook_secret
    secrets_ = (crm.webhook_secret.get_secret_value(), previous.get_secret_value() if previous else "")
    return tuple(secret for secret in secrets_ if secret)


def accept_from_slack(doorstep: Doorstep) -> Accept:
    """Return what the Slack listeners store arrivals with."""

    async def accept(command: Command, arrival: SlackArrival) -> bool:
        order = f"escalation:{arrival.entity_key}" if arrival.entity_key else None
        return await doorstep.accept(
            command,
            Arrival(source="slack", dedupe_key=arrival.dedupe_key, order=order, priority=arrival.priority),
        )

    return accept


def _workers(context: Context, bell: Bell, slots: int) -> tuple[Worker, ...]:
    owner = f"{os.uname().nodename}:{os.getpid()}:{secrets.token_hex(4)}"
    return tuple(
        Worker(
            lane,
            context,
            bell,
            owner=f"{owner}:{lane.name}",
            slots=slots,
            random=Random(secrets.randbits(64)),  # noqa: S311 - spreads retries, guards nothing
        )
        for lane in (INBOUND, OUTBOUND)
    )


def _checks(settings: Settings, database: Database, socket: SocketRunner | None) -> dict[str, Check]:
    async def reaches_database() -> str:
        try:
            await database.read(lambda tx: tx.inbox.counts())
        except Exception as error:  # noqa: BLE001 - whatever it is, the service is not ready
            return f"not answering ({type(error).__name__})"
        return ""

    async def has_schema() -> str:
        return (
            ""
            if await asyncio.to_thread(is_current, settings.database_url)
            else "run: countersign db upgrade"
        )

    async def reaches_slack() -> str:
        return "" if socket is None or await socket.is_connected() else "Socket Mode is not connected"

    return {"database": reaches_database, "schema": has_schema, "slack": reaches_slack}
