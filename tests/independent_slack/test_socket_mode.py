"""Socket Mode as Slack lives it: connections are refreshed, cut and refused, and deliveries come again."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp.web import WebSocketResponse

from tests.independent_slack.conftest import ADA, ADAS, FINN, SECRET_ROOM, House

pytestmark = pytest.mark.asyncio(loop_scope="session")


TRIES = 3


async def answered(house: House) -> None:
    """Type a command; while connections change it may fail as in Slack itself, and people type it again."""
    before = len(house.slack.private)
    for _ in range(TRIES):
        if (await house.slash(FINN, SECRET_ROOM, "help")).status == 200:
            break
    else:
        pytest.fail("no command was acknowledged")
    await house.told(FINN, "What I can do", after=before)


async def reconnected(house: House, old: WebSocketResponse) -> None:
    """Wait for another connection than *old*."""
    sockets = house.slack.sockets
    await house.slack.until(lambda: any(s is not old and not s.closed for s in sockets), "a new connection")


async def connection(house: House) -> WebSocketResponse:
    """Return the newest connection that lives, when there is one again after the test before."""
    await house.slack.until(lambda: any(not s.closed for s in house.slack.sockets), "a connection")
    return next(s for s in reversed(house.slack.sockets) if not s.closed)


async def ready(house: House) -> int:
    return (await house.http.get(f"{house.origin}/readyz")).status_code


async def test_a_ticket_that_died_before_it_was_used_is_replaced(by_socket: House) -> None:
    """Each address is good for one attempt; the first one that the service got here was dead already."""
    await answered(by_socket)
    assert len(by_socket.slack.called("apps.connections.open")) > 1
    assert await ready(by_socket) == 200


@pytest.mark.parametrize("reason", ["warning", "refresh_requested"])
async def test_a_refreshed_connection_loses_nothing(by_socket: House, reason: str) -> None:
    old = await connection(by_socket)
    await old.send_json({"type": "disconnect", "reason": reason, "debug_info": {"host": "applink-7"}})
    if reason == "refresh_requested":
        await reconnected(by_socket, old)
    await answered(by_socket)


async def test_a_connection_that_slack_closes_is_opened_again(by_socket: House) -> None:
    old = await connection(by_socket)
    await old.close(code=1001)
    await reconnected(by_socket, old)
    await answered(by_socket)


async def test_a_press_whose_acknowledgement_was_lost_counts_once(by_socket: House) -> None:
    slack = by_socket.slack
    card = await by_socket.card("Gum One")
    press = by_socket.click(ADA, ADAS, card, "cs:approve")
    old = await connection(by_socket)
    lost = asyncio.create_task(slack.deliver("interactive", press))
    await slack.until(lambda: slack.delivering, "the press is on its way")
    slack.cut(old)
    await reconnected(by_socket, old)
    for _ in range(TRIES):
        if (await slack.deliver("interactive", press)).status == 200:
            break
    else:
        pytest.fail("no press was acknowledged")
    await lost
    await by_socket.shows(card, "Done: Gum One")
    assert len(by_socket.tasks("Gum One")) == 1
