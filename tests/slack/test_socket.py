"""Socket Mode: the same app without a public address."""

from __future__ import annotations

import asyncio

import pytest

from bot.slack.app import build_slack_app
from bot.slack.connection import SlackConnection
from bot.slack.socket import SocketRunner
from bot.slack.unhurried import UnhurriedClient
from handlers.commands import SummaryRequested
from tests.patience import PATIENCE_S
from tests.slack.conftest import APP_TOKEN, BOT_TOKEN, FIONA, GENERAL, SECRET, Setting, Sleeper, Stage
from tests.slack.scripted import Script


def runner(stage: Stage, connection: SlackConnection | None = None) -> SocketRunner:
    connection = connection or stage.connection
    app = build_slack_app(connection, stage.inbox.accept, stage.clients.posting, stage.inbox.find)
    return SocketRunner(app, connection)


async def test_a_command_arrives_through_the_socket(setting: Setting) -> None:
    stage = await setting(request_url=None)
    socket = runner(stage)
    assert not await socket.is_connected()
    socket.start()
    async with asyncio.timeout(PATIENCE_S):
        while not await socket.is_connected():
            await asyncio.sleep(0.01)
    await stage.act(FIONA, "act/command", channel=GENERAL, command="/donor", text="Jane Doe")
    command, arrival = await stage.inbox.first()
    assert isinstance(command, SummaryRequested)
    assert arrival.kind == "slack.command"
    await socket.close()
    assert not await socket.is_connected()


async def test_starting_and_stopping_do_not_wait_for_slack(stage: Stage) -> None:
    unreachable = SlackConnection(BOT_TOKEN, SECRET, APP_TOKEN, base_url="http://127.0.0.1:9/api/")
    socket = runner(stage, unreachable)
    socket.start()
    await asyncio.sleep(0)
    assert not await socket.is_connected()
    async with asyncio.timeout(PATIENCE_S):
        await socket.close()


async def test_connections_that_are_refused_one_after_the_other_are_opened_ever_more_slowly() -> None:
    """With too many of them open Slack closes each at once, and the library opens the next at once."""
    script, sleeper = Script(), Sleeper()
    async with await asyncio.start_server(script.serve, "127.0.0.1", 0) as server:
        base_url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/api/"
        now = [1000.0]
        client = UnhurriedClient(
            sleeper, lambda: now[0], token="xapp-1", base_url=base_url, retry_handlers=[]
        )
        script.says({"ok": True, "url": "wss://here"})
        for _ in range(13):
            await client.apps_connections_open(app_token="xapp-1")
            now[0] = 1000.0 + sum(sleeper.slept)
        assert sleeper.slept == [1, 2, 4, 8, 16, 30, 30, 30]
        now[0] += 61
        await client.apps_connections_open(app_token="xapp-1")
        assert len(sleeper.slept) == 8, "a quiet minute later it is a refresh like any other"


async def test_a_rate_limit_that_names_no_end_does_not_end_socket_mode() -> None:
    script = Script()
    async with await asyncio.start_server(script.serve, "127.0.0.1", 0) as server:
        base_url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/api/"
        limited = {"ok": False, "error": "ratelimited"}
        script.says(limited, "429 Too Many Requests", "Retry-After: 99999999")
        slept: list[float] = []

        async def sleep(seconds: float) -> None:
            slept.append(seconds)
            script.says({"ok": True, "url": "wss://here"})

        client = UnhurriedClient(sleep, token="xapp-1", base_url=base_url, retry_handlers=[])
        assert (await client.apps_connections_open(app_token="xapp-1"))["url"] == "wss://here"
    assert slept == [30]


async def test_an_app_token_is_needed(stage: Stage) -> None:
    without = SlackConnection(BOT_TOKEN, SECRET)
    with pytest.raises(ValueError, match="app token"):
        runner(stage, without)
