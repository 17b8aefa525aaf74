"""A real Bolt app over Socket Mode."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import aiohttp
import pytest
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from tests.patience import PATIENCE_S

OLIVIA, FIONA = "U0OLIVIA0", "U0FIONA00"
Connect = Callable[..., Awaitable[tuple[Any, AsyncApp, AsyncSocketModeHandler]]]


@pytest.fixture
async def connected(start: Any) -> AsyncIterator[Connect]:
    async with AsyncExitStack() as stack:

        async def connect(**changes: Any) -> tuple[Any, AsyncApp, AsyncSocketModeHandler]:
            bench = await start(**changes)
            base_url = f"{bench.origin}/slack-sim/api/"
            app = AsyncApp(client=AsyncWebClient(token="xoxb-sandbox", base_url=base_url))
            handler = AsyncSocketModeHandler(
                app,
                "xapp-sandbox",
                web_client=AsyncWebClient(token="xapp-sandbox", base_url=base_url),
                ping_interval=0.2,
            )
            stack.push_async_callback(handler.close_async)
            await handler.connect_async()
            return bench, app, handler

        yield connect


async def test_events_commands_and_clicks(connected: Connect) -> None:
    bench, app, _ = await connected()
    clicked = asyncio.Queue[dict[str, Any]]()
    button = {"type": "button", "action_id": "go", "value": "1", "text": {"type": "plain_text", "text": "Go"}}
    blocks = [{"type": "actions", "block_id": "b", "elements": [button]}]

    @app.event("app_mention")
    async def mentioned(say: Any) -> None:
        await say(text="A card", blocks=blocks)

    @app.event("message")
    async def message() -> None:
        """Acknowledged, nothing to do."""

    @app.command("/donor")
    async def donor(ack: Any) -> None:
        await ack(text="Looking", response_type="in_channel")

    @app.action("go")
    async def go(ack: Any, body: dict[str, Any]) -> None:
        await ack()
        clicked.put_nowait(body)

    olivia = await bench.page(OLIVIA)
    await olivia.act("act/message", channel="C0GENERAL", text="@countersign hi")
    card = (await olivia.hear("message", lambda data: data["message"]["text"] == "A card"))["message"]
    action = {"action_id": "go", "block_id": "b"}
    await olivia.act("act/block", channel="C0GENERAL", message_ts=card["ts"], action=action)
    assert (await asyncio.wait_for(clicked.get(), PATIENCE_S))["actions"][0]["value"] == "1"
    await olivia.command("/donor")
    reply = (await olivia.hear("message", lambda data: data["message"]["text"] == "Looking"))["message"]
    assert reply["is_ephemeral"] is False


async def test_modals_acknowledge_with_a_payload(connected: Connect) -> None:
    bench, app, _ = await connected()
    block = {
        "type": "input",
        "block_id": "note",
        "label": {"type": "plain_text", "text": "Note"},
        "element": {"type": "plain_text_input", "action_id": "text"},
    }
    label = {"type": "plain_text", "text": "Edit"}
    view = {"type": "modal", "callback_id": "edit", "title": label, "submit": label, "blocks": [block]}

    @app.shortcut("look_up")
    async def look_up(ack: Any, body: dict[str, Any], client: Any) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=view)

    @app.view("edit")
    async def edit(ack: Any) -> None:
        await ack(response_action="errors", errors={"note": "No"})

    olivia = await bench.page(OLIVIA)
    await olivia.act("act/shortcut", callback_id="look_up")
    view_id = (await olivia.hear("view_opened"))["view"]["id"]
    values = {"note": {"text": {"value": "x"}}}
    outcome = await olivia.act("act/view_submit", view_id=view_id, state={"values": values})
    assert outcome["errors"] == {"note": "No"}


async def test_unacknowledged_envelopes(connected: Connect) -> None:
    bench, _, _ = await connected(ack_seconds=0.2, retry_delays=(0.0,))
    fiona = await bench.page(FIONA)
    await fiona.command("/donor")
    assert (await fiona.hear("problem"))["text"] == '/donor failed with the error "operation_timeout"'
    await fiona.act("act/message", channel="C0GENERAL", text="hello")
    await bench.world.background.idle()
    assert [(item.attempt, item.reason) for item in bench.world.events.attempts] == [
        (0, None),
        (1, "http_timeout"),
    ]


async def test_an_app_without_a_socket(start: Any) -> None:
    bench = await start()
    fiona = await bench.page(FIONA)
    await fiona.command("/donor")
    assert (await fiona.hear("problem"))["text"] == '/donor failed with the error "dispatch_failed"'


async def test_the_app_comes_back_after_a_refresh(connected: Connect) -> None:
    bench, app, _ = await connected()
    heard = asyncio.Queue[str]()

    @app.event("message")
    async def message(event: dict[str, Any]) -> None:
        heard.put_nowait(event["text"])

    await bench.world.sockets.refresh()
    await asyncio.wait_for(bench.world.sockets.connected.reached(2), PATIENCE_S)
    fiona = await bench.page(FIONA)
    await fiona.act("act/message", channel="C0GENERAL", text="still there?")
    assert await asyncio.wait_for(heard.get(), PATIENCE_S) == "still there?"


async def ticket(bench: Any) -> str:
    client = AsyncWebClient(token="xapp-sandbox", base_url=f"{bench.origin}/slack-sim/api/")
    return str((await client.apps_connections_open(app_token="xapp-sandbox"))["url"])


async def test_tickets_work_once_and_ten_connections_are_enough(start: Any) -> None:
    bench = await start()
    async with AsyncExitStack() as stack:
        sockets = []
        for count in range(10):
            socket = await stack.enter_async_context(bench.session.ws_connect(await ticket(bench)))
            hello = await socket.receive_json()
            assert (hello["type"], hello["num_connections"]) == ("hello", count + 1)
            sockets.append(socket)
        extra = await stack.enter_async_context(bench.session.ws_connect(await ticket(bench)))
        assert (await extra.receive_json())["reason"] == "too_many_websockets"
        used = await ticket(bench)
        await sockets[0].close()
        again = await stack.enter_async_context(bench.session.ws_connect(used))
        await again.receive_json()
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await bench.session.ws_connect(used)


async def test_each_envelope_goes_to_one_connection(start: Any) -> None:
    bench = await start(retry_delays=())
    fiona = await bench.page(FIONA)
    async with AsyncExitStack() as stack:
        sockets = []
        for _ in range(2):
            socket = await stack.enter_async_context(bench.session.ws_connect(await ticket(bench)))
            await socket.receive_json()
            sockets.append(socket)
        for text in ("one", "two"):
            await fiona.act("act/message", channel="C0GENERAL", text=text)
        envelopes = [await asyncio.wait_for(socket.receive_json(), PATIENCE_S) for socket in sockets]
        for socket, envelope in zip(sockets, envelopes, strict=True):
            await socket.send_json({"envelope_id": envelope["envelope_id"]})
        await bench.world.background.idle()
    assert {envelope["payload"]["event"]["text"] for envelope in envelopes} == {"one", "two"}
    assert [envelope["type"] for envelope in envelopes] == ["events_api"] * 2
    keys = ("accepts_response_payload", "retry_attempt", "retry_reason")
    assert [envelopes[0][key] for key in keys] == [False, 0, ""]


async def test_tickets_need_the_app_token(start: Any) -> None:
    bench = await start()
    with pytest.raises(SlackApiError, match="not_allowed_token_type"):
        await bench.client.apps_connections_open(app_token="xoxb-sandbox")


async def test_connections_are_refreshed_from_time_to_time(start: Any) -> None:
    bench = await start(socket_refresh_seconds=0.05)
    async with bench.session.ws_connect(await ticket(bench)) as socket:
        assert (await socket.receive_json())["type"] == "hello"
        assert (await asyncio.wait_for(socket.receive_json(), PATIENCE_S))["reason"] == "refresh_requested"
        assert (await asyncio.wait_for(socket.receive(), PATIENCE_S)).type is aiohttp.WSMsgType.CLOSE
        assert bench.world.sockets.connection_count == 0
