"""`countersign serve`: the service, until SIGINT or SIGTERM, draining what it works on."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import socket
from contextlib import AsyncExitStack

import uvloop

from bot.belonging import AnotherOrganisation
from bot.cli.complaint import complain
from bot.cli.database_fault import in_words
from bot.cli.loading import load_settings
from bot.cli.running import PortTaken, QuietServer, listen, server_for, stop_on_signal
from bot.files import FileInvalid
from bot.http.reception import Reception
from bot.logs import configure_logs
from bot.master_key import MasterKeyProblem
from bot.settings import Settings
from bot.tracing import start_tracing
from bot.wiring import Runtime, build
from policy.language import PolicyInvalidError
from storage.errors import StorageError, UnavailableError

log = logging.getLogger(__name__)

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 10.0
CLOSED_S = 25.0
"""For so long at most the doors stay closed at the start, so that a balancer sends elsewhere what we would
refuse; then whoever asks hears that we live and what we wait for."""


def run(_options: argparse.Namespace) -> int:
    """Serve until told to stop."""
    settings = load_settings()
    if isinstance(settings, str):
        return complain(settings)
    configure_logs(settings.log_level)
    start_tracing(settings.role)
    try:
        uvloop.run(_serve(settings))
    except (PortTaken, FileInvalid, PolicyInvalidError, MasterKeyProblem, AnotherOrganisation) as problem:
        return complain(str(problem))
    except StorageError as error:
        return complain(in_words(error))
    return 0


async def _serve(settings: Settings) -> None:
    listening = listen(settings.host, settings.port)
    reception, stop, doors = Reception(), asyncio.Event(), asyncio.Event()
    server = server_for(reception, websockets=False)
    with stop_on_signal(stop):
        serving = asyncio.create_task(_served(server, listening, doors))
        try:
            async with AsyncExitStack() as stack:
                if runtime := await _opened(settings, stack, stop, doors):
                    where = f"http://{settings.host}:{listening.getsockname()[1]}"
                    await _work(runtime, reception, server, serving, stop, doors, settings.drain_s, where)
        finally:
            server.should_exit = True
            doors.set()
            await serving


async def _served(server: QuietServer, listening: socket.socket, doors: asyncio.Event) -> None:
    """Serve once the *doors* may open; until then the port is ours, and nobody can connect."""
    await _wait(doors, CLOSED_S)
    await server.serve(sockets=[listening])


async def _opened(
    settings: Settings, stack: AsyncExitStack, stop: asyncio.Event, doors: asyncio.Event
) -> Runtime | None:
    """Open everything, as often as it takes until the database answers; None when told to stop before."""
    pause = FIRST_PAUSE_S
    while not stop.is_set():
        try:
            return await stack.enter_async_context(build(settings))
        except UnavailableError as error:
            told = {"code": error.code, "what_to_do": in_words(error)}
            log.warning("the database does not answer yet", extra=told)
        doors.set()  # whoever asks hears what we wait for
        await _wait(stop, pause)
        pause = min(pause * 2, LONGEST_PAUSE_S)
    return None


async def _work(
    runtime: Runtime,
    reception: Reception,
    server: QuietServer,
    serving: asyncio.Task[None],
    stop: asyncio.Event,
    doors: asyncio.Event,
    drain_s: float,
    where: str,
) -> None:
    """Let everybody in until *stop*, close the doors, and then let what is being worked on finish."""
    async with asyncio.TaskGroup() as tasks:
        await runtime.start(tasks)
        reception.open(runtime.http)
        doors.set()
        await server.listening.wait()
        print(f"Countersign listens on {where}", flush=True)
        await stop.wait()
        reception.drain()
        await asyncio.sleep(drain_s)
        server.should_exit = True
        await serving
        runtime.stop.set()


async def _wait(stop: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)
