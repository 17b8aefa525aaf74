"""`countersign sandbox slack|crm`: one simulated counterpart alone, for `serve` to be tried against."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path

import uvloop
from starlette.applications import Starlette

from bot.cli.complaint import complain
from bot.cli.running import PortTaken, listen, server_for, stop_on_signal
from bot.cli.stage import (
    CRM_TOKEN,
    SLACK_APP_TOKEN,
    SLACK_BOT_TOKEN,
    SLACK_SIGNING_SECRET,
    WEBHOOK_SECRET,
    crm_sandbox,
    running_part,
    slack_sandbox,
)
from bot.logs import configure_logs

HOST = "127.0.0.1"


def run(options: argparse.Namespace) -> int:
    """Run the chosen simulation until Ctrl-C, after printing the settings that point the bot at it."""
    configure_logs("warning")
    data = Path(options.data) if options.data else None
    if data:
        data.mkdir(parents=True, exist_ok=True)
    try:
        uvloop.run(_serve(options, data))
    except PortTaken as taken:
        return complain(str(taken))
    return 0


async def _serve(options: argparse.Namespace, data: Path | None) -> None:
    listening = listen(HOST, options.port)
    origin = f"http://{HOST}:{listening.getsockname()[1]}"
    part = _part(options, origin, data)
    server = server_for(part)
    stop = asyncio.Event()
    with stop_on_signal(stop):
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        await server.listening.wait()
        await running_part(part).start()
        print(_settings(options, origin), flush=True)
        await stop.wait()
        await running_part(part).stop()
        server.should_exit = True
        await serving


def _part(options: argparse.Namespace, origin: str, data: Path | None) -> Starlette:
    if options.what == "crm":
        return crm_sandbox(f"{options.bot}/crm/events", data, None)
    request_url = None if options.socket_mode else f"{options.bot}/slack/events"
    return slack_sandbox(origin, request_url, data)


def _settings(options: argparse.Namespace, origin: str) -> str:
    if options.what == "crm":
        lines = (
            f"COUNTERSIGN_CRM__BASE_URL={origin}/crm/api/v1/",
            f"COUNTERSIGN_CRM__TOKEN={CRM_TOKEN.get_secret_value()}",
            f"COUNTERSIGN_CRM__WEBHOOK_SECRET={WEBHOOK_SECRET.get_secret_value()}",
        )
        return f"# Simulated CRM: {origin}/crm\n" + "\n".join(lines)
    mode = (
        (f"COUNTERSIGN_SLACK__APP_TOKEN={SLACK_APP_TOKEN.get_secret_value()}",)
        if options.socket_mode
        else (f"COUNTERSIGN_SLACK__SIGNING_SECRET={SLACK_SIGNING_SECRET.get_secret_value()}",)
    )
    lines = (
        f"COUNTERSIGN_SLACK__BASE_URL={origin}/slack-sim/api/",
        f"COUNTERSIGN_SLACK__BOT_TOKEN={SLACK_BOT_TOKEN.get_secret_value()}",
        *mode,
    )
    return f"# Simulated Slack: {origin}/\n" + "\n".join(lines)
