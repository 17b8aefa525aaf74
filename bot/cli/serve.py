"""`countersign serve`: the service, until SIGINT or SIGTERM, draining what it works on."""

from __future__ import annotations

import argparse
import asyncio

import uvloop

from bot.cli.loading import load_settings
from bot.cli.running import PortTaken, complain, listen, server_for, stop_on_signal
from bot.files import FileInvalid
from bot.logs import configure_logs
from bot.master_key import MasterKeyProblem
from bot.settings import Settings
from bot.wiring import build
from policy.language import PolicyInvalidError


def run(_options: argparse.Namespace) -> int:
    """Serve until told to stop."""
    settings = load_settings()
    if isinstance(settings, str):
        return complain(settings)
    configure_logs(settings.log_level)
    try:
        uvloop.run(_serve(settings))
    except (PortTaken, FileInvalid, PolicyInvalidError, MasterKeyProblem) as problem:
        return complain(str(problem))
    return 0


async def _serve(settings: Settings) -> None:
    listening = listen(settings.host, settings.port)
    stop = asyncio.Event()
    with stop_on_signal(stop):
        async with build(settings) as runtime, asyncio.TaskGroup() as tasks:
            server = server_for(runtime.http)
            serving = tasks.create_task(server.serve(sockets=[listening]))
            await runtime.start(tasks)
            print(f"Countersign listens on http://{settings.host}:{listening.getsockname()[1]}", flush=True)
            await stop.wait()
            server.should_exit = True
            await serving
            runtime.stop.set()
