"""What is turned away at the HTTP door, and what comes through it."""

from __future__ import annotations

import json

import pytest

from bot.slack.http import LARGEST_BODY
from bot.slack.listeners import UNKNOWN_WINDOW
from tests.slack.conftest import FORMER_SECRET, SECRET, Door

FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"X-Slack-Request-Timestamp": "abc"}, 401),
        ({"X-Slack-Request-Timestamp": ""}, 401),
        ({"X-Slack-Request-Timestamp": "9" * 5000}, 401),
        ({"X-Slack-Request-Timestamp": "1700000000"}, 401),
        ({"X-Slack-Signature": "v0=" + "0" * 64}, 401),
        ({"X-Slack-Signature": "v0=\u00e9"}, 401),
        ({"X-Slack-Signature": ""}, 401),
    ],
)
async def test_what_slack_did_not_sign_is_refused(
    door: Door, headers: dict[str, str], status: int, caplog: pytest.LogCaptureFixture
) -> None:
    encoded = {key: value.encode("latin-1") for key, value in headers.items()}
    answer = await door.post(b"command=%2Fdonor", FORM, encoded)
    assert (answer.status_code, door.inbox.arrived) == (status, [])
    [said] = [each for each in caplog.records if each.message == "request refused"]
    assert said.__dict__["code"] in ("no_signature", "wrong_signature"), "or a wrong secret is never found"


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"\xff\xfe", FORM, 400),
        (b"{not json", "application/json", 400),
        (b"[1, 2]", "application/json", 400),
        (b"payload=%7Bbroken", FORM, 400),
        (b"payload=%5B%5D", FORM, 400),
        (b"payload=%7B%22event%22%3A+null%7D", FORM, 400),
        (b"[" * 200_000, "application/json", 400),
        (b"x" * (LARGEST_BODY + 1), FORM, 413),
    ],
)
async def test_what_cannot_be_a_payload_is_refused(
    door: Door, body: bytes, content_type: str, status: int
) -> None:
    answer = await door.post(body, content_type)
    assert (answer.status_code, door.inbox.arrived) == (status, [])


async def test_a_body_that_does_not_say_its_length_is_cut_off(door: Door) -> None:
    async def endless() -> object:
        for _ in range(40):
            yield b"x" * 65536

    headers = {"X-Slack-Request-Timestamp": "1700000000", "X-Slack-Signature": "v0=" + "0" * 64}
    answer = await door.client.post("/slack/events", content=endless(), headers=headers)
    assert answer.status_code == 413


async def test_only_posting_is_possible(door: Door) -> None:
    answer = await door.client.get("/slack/events")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


async def test_slack_can_verify_the_address(door: Door) -> None:
    body = json.dumps({"type": "url_verification", "challenge": "c0ffee"}).encode()
    answer = await door.post(body, "application/json")
    assert (answer.status_code, answer.json()) == (200, {"challenge": "c0ffee"})


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"type": "event_callback"},
        {"type": "event_callback", "event": "text"},
        {"type": "event_callback", "event": {"type": None}},
        {"type": "event_callback", "event": {"type": "app_mention", "user": 7}, "event_id": None},
    ],
)
async def test_events_without_sense_are_not_a_failure_of_ours(door: Door, body: object) -> None:
    answer = await door.post(json.dumps(body).encode(), "application/json")
    assert answer.status_code < 500
    assert door.inbox.arrived == []


@pytest.mark.parametrize(("secret", "arrives"), [(SECRET, 1), (FORMER_SECRET, 1), ("another", 0)])
async def test_while_a_secret_is_replaced_both_are_good(door: Door, secret: str, arrives: int) -> None:
    body = b"command=%2Fdonor&text=help&user_id=U1&team_id=T0HARBOUR&channel_id=C1&trigger_id=1.1&user_name=o"
    answer = await door.post(body, FORM, secret=secret)
    assert (answer.status_code, len(door.inbox.arrived)) == (200 if arrives else 401, arrives)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (
            {"type": "app_rate_limited", "minute_rate_limited": 1},
            "slack holds events back: there are too many",
        ),
        ({"type": "event_callback", "event": {"type": "message", "ts": 1.5}}, "slack event not understood"),
        ({"type": "nothing_that_we_know"}, "slack request not understood"),
    ],
)
async def test_whoever_reads_the_log_hears_of_what_is_not_answered(
    door: Door, body: object, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    answer = await door.post(json.dumps(body).encode(), "application/json")
    assert answer.status_code == 200
    [line] = caplog.messages
    assert line.startswith(said)


@pytest.mark.parametrize("left_out", [{"team_id": None}, {"text": None}, {"team_id": None, "text": None}])
async def test_a_message_counts_although_slack_says_null(door: Door, left_out: dict[str, None]) -> None:
    """The team of an app that an organisation installed, and the words of a message that is all blocks."""
    message = {"type": "message", "channel": "D1", "user": "U1", "text": "help", "ts": "1.1"}
    if "text" in left_out:
        message |= {"text": None}
    envelope = {"type": "event_callback", "event_id": "Ev1", "team_id": left_out.get("team_id", "T1")}
    answer = await door.post(json.dumps(envelope | {"event": message}).encode(), "application/json")
    [(command, _)] = door.inbox.arrived
    assert (answer.status_code, command.type, command.by.id) == (200, "help", "U1")


@pytest.mark.parametrize("state", [{"state": None}, {}])
async def test_a_window_without_what_was_entered_is_out_of_date(door: Door, state: dict[str, None]) -> None:
    view = {
        "id": "V1",
        "type": "modal",
        "callback_id": "cs:edit_view",
        "hash": None,
        "private_metadata": None,
    }
    payload = {"type": "view_submission", "user": {"id": "U1"}, "team": None, "view": view | state}
    answer = await door.interaction(payload)
    shown = answer.json()
    assert (answer.status_code, shown["response_action"]) == (200, "update")
    assert UNKNOWN_WINDOW in json.dumps(shown["view"])
    assert door.inbox.arrived == []
