"""What arrives: events of every kind, repeated and late, and requests that are none of Slack's."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from tests.independent_slack.conftest import ADA, ADAS, DESK, FINN, GLANCE_S, House
from tests.independent_slack.payloads import event_callback, slash_command, written
from tests.independent_slack.workspace import APP, BOT_ID, BOT_USER, TEAM, Json
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.asyncio(loop_scope="session")

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
JSON = {"Content-Type": "application/json"}


def in_direct(**more: Any) -> Json:
    return {"type": "message", "channel_type": "im", "ts": "171.1", "event_ts": "171.1"} | more


ASK = {"user": FINN, "text": "Nora Birch"}
NOBODYS: list[Json] = [
    in_direct(
        subtype="message_changed", message=ASK | {"ts": "1.1"}, previous_message={"ts": "1.1"}, hidden=True
    ),
    in_direct(subtype="message_deleted", deleted_ts="1.1", previous_message=ASK, hidden=True),
    in_direct(subtype="bot_message", bot_id="B0THER", text="Nora Birch", username="another bot"),
    in_direct(user=BOT_USER, bot_id=BOT_ID, app_id=APP, text="Nora Birch", bot_profile={"id": BOT_ID}),
    in_direct(user="U0THERBOT", bot_id="B0THER", text="Nora Birch"),
    in_direct(subtype="channel_join", user=FINN, text="joined"),
    in_direct(subtype="assistant_app_thread", user=BOT_USER, text="New chat"),
    {"type": "message", "channel_type": "channel", "channel": ADAS, "ts": "1.9", **ASK},
    {"type": "team_join", "user": {"id": "U0NEW", "profile": {}}, "cache_ts": 1},
    {"type": "user_change", "user": {"id": FINN, "profile": {}}},
    {"type": "channel_created", "channel": {"id": "C0NEW", "name": "new"}},
    {"type": "member_joined_channel", "user": BOT_USER, "channel": ADAS, "channel_type": "C"},
    {"type": "reaction_added", "user": FINN, "reaction": "eyes", "item": {"type": "message"}},
    {"type": "assistant_thread_started", "assistant_thread": {"user_id": FINN, "context": {}}},
    {"type": "app_context_changed", "user": FINN, "context": {"entities": []}},
    {"type": "link_shared", "links": [], "user": FINN, "channel": ADAS, "message_ts": "1.1"},
    {"type": "tokens_revoked", "tokens": {"oauth": [], "bot": []}},
    {"type": "an_event_of_next_year", "user": None, "channel": {"id": 7}, "text": 12, "ts": None},
]


@pytest.mark.parametrize(
    "event", NOBODYS, ids=lambda e: f"{e['type']}-{e.get('subtype', e.get('bot_id', ''))}"
)
async def test_what_nobody_asked_is_acknowledged_and_left_alone(house: House, event: Json) -> None:
    arrived = await house.arrivals()
    full = event | ({"channel": house.slack.direct(FINN)} if event.get("channel_type") == "im" else {})
    ack = await house.event(full)
    assert (ack.status, ack.in_time) == (200, True)
    assert await house.arrivals() == arrived


async def test_an_event_delivered_four_times_is_answered_once(house: House) -> None:
    channel = house.slack.direct(FINN)
    asked = written(house.slack, FINN, channel, "summary Otto Cedar")
    payload = event_callback(house.slack, asked, bare=house.bare)
    retries = [None, (1, "http_timeout"), (2, "http_error"), (3, "timeout")]
    acks = await asyncio.gather(*(house.slack.deliver("events_api", payload, retry) for retry in retries))
    assert [ack.status for ack in acks] == [200] * 4
    await house.posted(channel, "Otto Cedar", "Reference")
    await house.write(FINN, channel, "help")
    await house.posted(channel, "What I can do")
    assert len(house.posts(channel, "Otto Cedar", "Reference")) == 1


async def test_an_event_whose_first_delivery_was_lost_is_answered(house: House) -> None:
    asked = written(house.slack, FINN, ADAS, f"<@{BOT_USER}> Pia Dogwood")
    before = len(house.slack.private)
    payload = event_callback(house.slack, asked, bare=house.bare)
    assert (await house.slack.deliver("events_api", payload, (1, "connection_failed"))).status == 200
    await house.told(FINN, "Pia Dogwood", "Reference", after=before)


async def test_a_command_delivered_twice_is_answered_once(house: House) -> None:
    payload = slash_command(house.slack, FINN, DESK, "summary Quin Elder", bare=house.bare)
    arrived, before = await house.arrivals(), len(house.slack.private)
    for _ in range(2):
        assert (await house.slack.deliver("slash_commands", payload)).status == 200
    await house.told(FINN, "Quin Elder", "Reference", after=before)
    # What is counted is looked up once for all who ask in one moment.
    async with asyncio.timeout(PATIENCE_S):
        while (now := await house.arrivals()) == arrived:
            await asyncio.sleep(GLANCE_S)
    assert now == arrived + 1


async def test_slack_checks_who_answers_at_the_address(by_http: House) -> None:
    challenge = {"token": "t", "challenge": "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P"}
    body = json.dumps(challenge | {"type": "url_verification"}).encode()
    ack = await by_http.slack.send_signed(body, JSON)
    assert ack.status == 200
    assert ack.body in (challenge["challenge"], {"challenge": challenge["challenge"]})
    assert (await by_http.slack.send_signed(b"ssl_check=1&token=t", FORM)).status == 200


async def test_a_warning_about_too_many_events_is_acknowledged(by_http: House) -> None:
    warning = {
        "type": "app_rate_limited",
        "team_id": TEAM,
        "minute_rate_limited": 1518467820,
        "api_app_id": APP,
    }
    assert (await by_http.slack.send_signed(json.dumps(warning).encode(), JSON)).status == 200


async def test_what_slack_did_not_sign_is_turned_away(by_http: House) -> None:
    slack, arrived = by_http.slack, await by_http.arrivals()
    body = json.dumps(event_callback(slack, in_direct(**ASK, channel=slack.direct(FINN)))).encode()
    assert (await slack.send(body, JSON)).status == 401
    assert (await slack.send_signed(body, JSON, secret="another")).status == 401
    assert (await slack.send_signed(body, JSON, age_s=301)).status == 401
    assert (await slack.send_signed(body, JSON, age_s=-400)).status == 401
    assert (await slack.send_signed(body, JSON | {"X-Slack-Request-Timestamp": "yesterday"})).status == 401
    assert (await slack.send_signed(body, JSON | {"X-Slack-Signature": "v0=äöü"})).status == 401
    assert (await slack.send(b"", {}, method="GET")).status == 405
    assert await by_http.arrivals() == arrived


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"", FORM),
        (b"payload=%7Bnot+json", FORM),
        (b"payload=[]", FORM),
        (b"payload=%7B%7D", FORM),
        (b'payload={"type":"block_actions"}', FORM),
        (b'payload={"type":"block_actions","actions":[],"user":{"id":"U7ADA"}}', FORM),
        (b'payload={"type":"block_actions","actions":"x","user":"U7ADA"}', FORM),
        (b'payload={"type":"view_submission","view":{"id":1},"user":{"id":"U7ADA"}}', FORM),
        (b"command=%2Fdonor", FORM),
        (b"\xff\xfe\x00", JSON),
        (b"[" * 50_000, JSON),
        (b"null", JSON),
        (b'"text"', JSON),
        (b'{"type":"event_callback"}', JSON),
        (b'{"type":"event_callback","event":"x"}', JSON),
        (b'{"type":"event_callback","event":{"type":["a"]},"event_id":"E"}', JSON),
        (b'{"type":"event_callback","event":{"type":"message","channel_type":"im"}}', JSON),
    ],
    ids=lambda value: repr(value[:60]) if isinstance(value, bytes) else "",
)
async def test_garbled_requests_are_answered_and_change_nothing(
    by_http: House, body: bytes, headers: dict[str, str]
) -> None:
    arrived = await by_http.arrivals()
    ack = await by_http.slack.send_signed(body, headers)
    assert ack.status in (200, 400, 404)
    assert await by_http.arrivals() == arrived


async def test_an_oversized_request_is_refused_and_the_next_one_answered(by_http: House) -> None:
    ack = await by_http.slack.send_signed(b"x" * (1024 * 1024 + 1), FORM)
    assert ack.status == 413
    before = len(by_http.slack.private)
    await by_http.slash(ADA, DESK, "help")
    await by_http.told(ADA, "What I can do", after=before)
