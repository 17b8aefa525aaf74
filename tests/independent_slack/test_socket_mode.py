"""Socket Mode as Slack lives it: connections are refreshed, cut and refused, and deliveries come again."""

from __future__ import annotations

import asyncio

import pytest

from tests.independent_slack.conftest import ADA, ADAS, FINN, SECRET_ROOM, House
from tests.independent_slack.payloads import slash_command

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def answered(house: House) -> None:
    before = len(house.slack.private)
    ack = await house.slash(FINN, SECRET_ROOM, "help")
    assert ack.status == 200
    await house.told(FINN, "What I can do", after=before)


async def ready(house: House) -> int:
    return (await house.http.get(f"{house.origin}/readyz")).status_code


async def test_it_says_that_it_is_ready(by_socket: House) -> None:
    await answered(by_socket)
    assert await ready(by_socket) == 200


@pytest.mark.parametrize("reason", ["warning", "refresh_requested"])
async def test_a_refreshed_connection_loses_nothing(by_socket: House, reason: str) -> None:
    slack, (old, *_) = by_socket.slack, by_socket.slack.sockets[::-1]
    await old.send_json({"type": "disconnect", "reason": reason, "debug_info": {"host": "applink-7"}})
    if reason == "refresh_requested":
        await slack.until(lambda: any(s is not old and not s.closed for s in slack.sockets), "a new connection")
    await answered(by_socket)


async def test_a_connection_that_slack_closes_is_opened_again(by_socket: House) -> None:
    slack, old = by_socket.slack, by_socket.slack.sockets[-1]
    await old.close(code=1001)
    await slack.until(lambda: any(s is not old and not s.closed for s in slack.sockets), "a new connection")
    await answered(by_socket)


async def test_a_press_whose_acknowledgement_was_lost_with_the_connection_counts_once(by_socket: House) -> None:
    slack = by_socket.slack
    card = await by_socket.card("Gum One")
    press = by_socket.click(ADA, ADAS, card, "cs:approve")
    old = slack.sockets[-1]
    lost = asyncio.ensure_future(slack.deliver("interactive", press))
    await asyncio.gather(old.close(code=1011), return_exceptions=True)
    lost.cancel()
    await asyncio.gather(lost, return_exceptions=True)
    await slack.until(lambda: any(s is not old and not s.closed for s in slack.sockets), "a new connection")
    assert (await slack.deliver("interactive", press)).status == 200
    await by_socket.shows(card, "Done: Gum One")
    assert len(by_socket.tasks("Gum One")) == 1


async def test_a_ticket_that_died_before_it_was_used_is_replaced(by_socket: House) -> None:
    """The address of a connection is good for one attempt; trying it again for ever would be silence."""
    slack, old = by_socket.slack, by_socket.slack.sockets[-1]
    slack.dead_tickets = 1
    await old.close(code=1001)
    await slack.until(
        lambda: any(s is not old and not s.closed for s in slack.sockets), "a new connection", within=25
    )
    await answered(by_socket)


async def test_a_slack_that_opens_no_connections_for_a_while_is_asked_again(by_socket: House) -> None:
    slack, old = by_socket.slack, by_socket.slack.sockets[-1]
    refusals = [slack.break_next("apps.connections.open", kind) for kind in ("html", "429:1")]
    await old.close(code=1001)
    await slack.until(
        lambda: any(s is not old and not s.closed for s in slack.sockets), "a new connection", within=25
    )
    assert sum(refusal.hits for refusal in refusals) == 2
    payload = slash_command(slack, FINN, SECRET_ROOM, "help", bare=True)
    assert (await slack.deliver("slash_commands", payload)).status == 200
