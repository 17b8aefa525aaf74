"""Everything the simulated workspace consists of, in the order it depends on each other."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from bot.sandbox.journal import Journal
from bot.sandbox.slack.background import Background
from bot.sandbox.slack.board import Board
from bot.sandbox.slack.config import SlackSandboxConfig
from bot.sandbox.slack.delivery import HttpTransport, Transport
from bot.sandbox.slack.directory import Directory
from bot.sandbox.slack.events import EventOutbox
from bot.sandbox.slack.faults import Faults
from bot.sandbox.slack.files import FileStore
from bot.sandbox.slack.hub import Hub
from bot.sandbox.slack.limiter import Limiter
from bot.sandbox.slack.messages import MessageStore
from bot.sandbox.slack.mint import Mint
from bot.sandbox.slack.response_urls import ResponseUrls
from bot.sandbox.slack.schedule import Schedule
from bot.sandbox.slack.shapes import Clock
from bot.sandbox.slack.sockets import SocketTransport
from bot.sandbox.slack.triggers import Triggers
from bot.sandbox.slack.views import ViewStore


@dataclass(frozen=True, slots=True)
class World:
    """The parts of one simulated workspace; build it with `build_world`."""

    config: SlackSandboxConfig
    clock: Clock
    journal: Journal
    mint: Mint
    background: Background
    faults: Faults
    hub: Hub
    transport: Transport
    sockets: SocketTransport
    directory: Directory
    messages: MessageStore
    events: EventOutbox
    board: Board
    views: ViewStore
    triggers: Triggers
    response_urls: ResponseUrls
    files: FileStore
    limiter: Limiter
    schedule: Schedule

    async def start(self) -> None:
        """Begin deliveries, with those an earlier process left behind."""
        await self.transport.start()
        self.events.resume()
        self.schedule.resume()

    async def stop(self) -> None:
        """End streams, sockets and deliveries; what is undelivered stays in the journal."""
        self.hub.close()
        await self.background.stop()
        await self.sockets.stop()
        await self.transport.stop()
        self.journal.close()


def build_world(
    config: SlackSandboxConfig, clock: Clock, entropy: Callable[[int], str] = secrets.token_hex
) -> World:
    """Load the journal and put the parts together; nothing runs before `start`."""
    journal = Journal(config.journal_path)
    mint = Mint(clock, entropy)
    messages = MessageStore(journal)
    mint.remember(messages.latest_ts())
    background, faults, hub = Background(), Faults(), Hub()
    sockets = SocketTransport(config, mint, clock, background, faults)
    transport = HttpTransport(config, mint) if config.request_url else sockets
    directory = Directory(journal, config.bot_name, config.bot_real_name)
    events = EventOutbox(config, clock, mint, journal, transport, faults, background)
    board = Board(directory, messages, mint, hub, events, journal)
    return World(
        config=config,
        clock=clock,
        journal=journal,
        mint=mint,
        background=background,
        faults=faults,
        hub=hub,
        transport=transport,
        sockets=sockets,
        directory=directory,
        messages=messages,
        events=events,
        board=board,
        views=ViewStore(journal, mint, hub),
        triggers=Triggers(clock, mint),
        response_urls=ResponseUrls(config, clock, mint, journal, messages, board),
        files=FileStore(config, mint, journal),
        limiter=Limiter(clock),
        schedule=Schedule(clock, mint, journal, board, background),
    )
