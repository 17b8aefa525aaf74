"""The one place that knows concrete classes: from settings to a running service."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from random import Random
from zoneinfo import ZoneInfo

from slack_bolt.async_app import AsyncApp

from bot.assistants import build_assistant, ships_prompt
from bot.cases import Cases
from bot.checkpoint_files import CheckpointFiles, checkpoint_places
from bot.clock import AgreedClock
from bot.counterparts import crm_client, signing_secrets, slack_connection, webhook_secrets
from bot.crm.polling import Poller
from bot.crm.rest import RestCrm
from bot.crm.wire import Wire
from bot.doorstep import Arrival, Doorstep
from bot.event_stream import RedisStream
from bot.files import read_organisation, read_practice
from bot.heartbeat import Heartbeat
from bot.holiday_calendar import HolidayCalendar
from bot.http.app import Front, Limit, Pages
from bot.http.asgi import AsgiApp
from bot.http.crm_events import CrmEvents
from bot.http.metrics import Metrics
from bot.http.probes import Probes
from bot.lanes import INBOUND, OUTBOUND, Lane
from bot.master_key import open_encrypted
from bot.occurrences import next_in
from bot.policy_in_force import PolicyInForce
from bot.readiness import conditions_of, readiness_checks
from bot.refusals import Refusals
from bot.scheduler import Scheduler
from bot.settings import Settings
from bot.slack.app import build_slack_app
from bot.slack.arrival import Accept
from bot.slack.arrival import Arrival as SlackArrival
from bot.slack.chat import SlackChat
from bot.slack.connection import SlackClients, SlackConnection, open_clients
from bot.slack.http import SlackEndpoint
from bot.slack.socket import SocketRunner
from bot.slack.time import time_at_slack
from bot.starting import settle
from bot.storing import Storing
from bot.time_keeping import TimeKeeper
from bot.worker import Worker
from handlers.answers.offer_donors import offer_donors
from handlers.commands import Command
from handlers.context import Context
from handlers.digests.count_older import count_older_entries
from handlers.ports import Clock
from storage.bell import Bell, InProcessBell, RedisBell
from storage.database import Database
from storage.ids import IdSource
from storage.limits import Limits, LocalLimits, SharedLimits
from storage.migrate import upgrade

log = logging.getLogger(__name__)

DEFAULT_POLL_S = 60.0
TURN_LASTS = 2
"""For so many polls the event list is left to one replica: it may miss one without losing its turn."""
WEB, WORKING, WATCHING = ("all", "web"), ("all", "worker"), ("all", "scheduler")
"""Which roles open the doors, work through the queues, and watch the clock."""


@dataclass(frozen=True, slots=True)
class Runtime:
    """A service ready to run: *http* is its ASGI application, `start` sets the queues going."""

    http: AsgiApp
    context: Context
    workers: tuple[Worker, ...]
    scheduler: Scheduler | None
    socket: SocketRunner | None
    heartbeat: Heartbeat
    stop: asyncio.Event

    async def start(self, tasks: asyncio.TaskGroup) -> None:
        """Start workers, timers and, where it is used, Socket Mode."""
        await count_older_entries(self.context)
        for worker in self.workers:
            tasks.create_task(worker.run(self.stop))
        tasks.create_task(self.heartbeat.run(self.stop))
        if self.scheduler:
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
    agreed = None
    if clock is None:
        clock = agreed = AgreedClock()
    ids = IdSource(clock.now, secrets.token_bytes)
    async with AsyncExitStack() as stack:
        lines = await _connect(settings, stack, clock, agreed)
        rules, database, role = PolicyInForce(), lines.database, settings.role
        context = _context(settings, lines, rules, clock, ids, stack)
        await settle(settings, context)
        doorstep = Doorstep(database, lines.bell, clock, ids)
        storing = Storing(doorstep, database, clock)
        slack = build_slack_app(
            lines.slack,
            accept_from_slack(doorstep),
            lines.clients.posting,
            partial(offer_donors, context=context),
            now=clock.now,
        )
        socket = SocketRunner(slack, lines.slack) if lines.slack.app_token and role in WEB else None
        if socket:
            stack.push_async_callback(socket.close)
        replica = f"{os.uname().nodename}:{os.getpid()}:{secrets.token_hex(4)}"
        turn = timedelta(seconds=TURN_LASTS * poll_s)
        poller = Poller(lines.wire, database, doorstep, clock, name=replica, turn=turn)
        scheduler = Scheduler(context, lines.bell, poller.poll, poll_s=poll_s)
        stack.callback(scheduler.stop)
        metrics = Metrics(database, lines.bell, clock, rules, context.organisation.checkpoint_minutes)
        workers: tuple[Worker, ...] = ()
        if role in WORKING:
            workers = _workers(context, lines.bell, settings.workers, replica, metrics, agreed)
        refusals = {"slack": Refusals(), "crm": Refusals()}
        conditions = conditions_of(
            lines.bell, lines.limits, socket, context.assistant, agreed, settings.ai, storing, refusals
        )
        yield Runtime(
            http=_front(
                settings, context, doorstep, slack, socket, metrics, agreed, storing, workers, refusals
            ),
            context=context,
            workers=workers,
            scheduler=scheduler if role in WATCHING else None,
            socket=socket,
            heartbeat=Heartbeat(replica, role, database, clock, conditions, lines.time),
            stop=asyncio.Event(),
        )


def _front(
    settings: Settings,
    context: Context,
    doorstep: Doorstep,
    slack: AsyncApp,
    socket: SocketRunner | None,
    metrics: Metrics,
    agreed: AgreedClock | None,
    storing: Storing,
    workers: tuple[Worker, ...],
    refusals: Mapping[str, Refusals],
) -> Front:
    """Open the doors that are this process's; where Slack comes over Socket Mode, its door stays closed."""
    opens = settings.role in WEB
    return Front(
        CrmEvents(doorstep, webhook_secrets(settings.crm), refusals["crm"]) if opens else None,
        SlackEndpoint(slack, signing_secrets(settings.slack), refusals["slack"])
        if opens and not socket
        else None,
        Probes(readiness_checks(context.database, socket, agreed, storing, () if opens else workers)),
        Pages(metrics, context if opens else None),
        Limit(settings.strangers_per_minute, settings.trusted_proxies, metrics.turned_away),
    )


@dataclass(frozen=True, slots=True)
class _Lines:
    """What a running service is connected to; each is closed with the stack it was opened on."""

    database: Database
    bell: Bell
    limits: Limits
    slack: SlackConnection
    clients: SlackClients
    wire: Wire
    stream: RedisStream | None
    time: TimeKeeper | None


async def _connect(
    settings: Settings, stack: AsyncExitStack, clock: Clock, agreed: AgreedClock | None
) -> _Lines:
    database = await open_database(settings)
    stack.push_async_callback(database.close)
    bell: Bell = InProcessBell()
    if settings.redis_url:
        bell = RedisBell.open(settings.redis_url, settings.redis_prefix)
    stack.push_async_callback(bell.close)
    # Spans of time, which no clock that is set may lengthen; a test's clock moves them too.
    local = LocalLimits() if agreed else LocalLimits(lambda: clock.now().timestamp())
    limits: Limits = local
    if settings.redis_url:
        limits = SharedLimits.open(settings.redis_url, local, settings.redis_prefix)
    if isinstance(limits, SharedLimits):
        stack.push_async_callback(limits.close)
    slack = slack_connection(settings)
    clients = open_clients(slack, limits=limits)
    stack.push_async_callback(clients.close)
    ask = partial(time_at_slack, clients.session, slack.api)
    time = TimeKeeper(database, agreed, ask) if agreed else None
    if time:
        await time.begin()
    wire = Wire(await stack.enter_async_context(crm_client(settings.crm)), limits)
    stream = RedisStream.open(settings.redis_url, settings.redis_prefix) if settings.redis_url else None
    if stream:
        stack.push_async_callback(stream.close)
    return _Lines(database, bell, limits, slack, clients, wire, stream, time)


def _context(
    settings: Settings,
    lines: _Lines,
    rules: PolicyInForce,
    clock: Clock,
    ids: IdSource,
    stack: AsyncExitStack,
) -> Context:
    if settings.organisation_file is None:
        raise ValueError("organisation_file")
    organisation = read_organisation(settings.organisation_file)
    return Context(
        database=lines.database,
        crm=RestCrm(lines.wire, clock, ZoneInfo(organisation.time_zone)),
        chat=SlackChat(lines.clients, clock=clock),
        assistant=build_assistant(settings.ai, stack, lines.database, clock, ids, lines.limits),
        clock=clock,
        ids=ids,
        rules=rules,
        stream=lines.stream,
        organisation=organisation,
        checkpoint_store=CheckpointFiles(checkpoint_places(settings)),
        holidays=HolidayCalendar(),
        practice=read_practice(settings.practice_file),
        ships_prompt=ships_prompt,
        next_occurrence=next_in(organisation),
    )


async def open_database(settings: Settings) -> Database:
    """Bring the schema up to date and open the database with its master key; raises MasterKeyProblem."""
    await asyncio.to_thread(upgrade, settings.database_url)
    return await open_encrypted(settings, may_make=True)


def accept_from_slack(doorstep: Doorstep) -> Accept:
    """Return what the Slack listeners store arrivals with."""

    async def accept(command: Command, arrival: SlackArrival) -> bool:
        order = f"escalation:{arrival.entity_key}" if arrival.entity_key else None
        return await doorstep.accept(
            command,
            Arrival(
                source="slack",
                dedupe_key=arrival.dedupe_key,
                order=order,
                priority=arrival.priority,
                typed=arrival.kind == "slack.command",
            ),
        )

    return accept


def _workers(
    context: Context, bell: Bell, slots: int, owner: str, metrics: Metrics, agreed: AgreedClock | None
) -> tuple[Worker, ...]:
    cases = Cases(context.database)

    def worker(lane: Lane, outbound: Worker | None = None) -> Worker:
        return Worker(
            lane,
            context,
            bell,
            owner=f"{owner}:{lane.name}",
            slots=slots,
            observe=metrics.handled,
            leapt=(lambda: agreed.leapt_lately) if agreed else timedelta,
            clocks_agree=(lambda: agreed.is_settled) if agreed else (lambda: True),
            random=Random(secrets.randbits(64)),  # noqa: S311 - spreads retries, guards nothing
            outbound=outbound,
            cases=cases,
        )

    outbound = worker(OUTBOUND)
    return worker(INBOUND, outbound), outbound
