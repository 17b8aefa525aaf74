"""Socket Mode: the same app without a public address."""

from __future__ import annotations

import asyncio

import pytest

from bot.slack.app import build_slack_app
from bot.slack.connection import SlackConnection
from bot.slack.socket import SocketRunner
from handlers.commands import SummaryRequested
from tests.patience import PATIENCE_S
from tests.slack.conftest import APP_TOKEN, BOT_TOKEN, FIONA, GENERAL, SECRET, Setting, Stage


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


async def test_an_app_token_is_needed(stage: Stage) -> None:
    without = SlackConnection(BOT_TOKEN, SECRET)
    with pytest.raises(ValueError, match="app token"):
        runner(stage, without)
