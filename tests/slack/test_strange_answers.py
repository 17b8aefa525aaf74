"""Answers that Slack, or something between Slack and us, gives in a form that nobody expects."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from bot.slack.chat import SlackChat
from handlers.commands import ReplyAddress
from handlers.outcomes import Notice
from handlers.ports import MessageRef, OutcomeUnknown, Refused, Unavailable
from tests.slack.conftest import OLIVIA
from tests.slack.scripted import Script

NOTICE = Notice(text="Hello")
DIRECT = "D0OLIVIA0"
"""Of direct messages Slack is not asked who reads along."""
Slack = tuple[Script, SlackChat]
JSON = "application/json"
LIMITED = {"ok": False, "error": "ratelimited"}


async def failure_of_posting(chat: SlackChat) -> Exception:
    with pytest.raises((Unavailable, Refused, OutcomeUnknown)) as raised:
        await chat.post(NOTICE, DIRECT, "m1", None)
    return raised.value


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 Moved", "308 Moved"])
async def test_nothing_is_said_elsewhere(slack: Slack, status: str) -> None:
    """A login page of a hotel, or a neighbour in between: what we say holds donor data."""
    script, chat = slack
    elsewhere = Script()
    elsewhere.says({"ok": True, "channel": DIRECT, "ts": "1.1"})
    async with await asyncio.start_server(elsewhere.serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        script.says(b"", status, f"Location: http://127.0.0.1:{port}/here")
        failure = await failure_of_posting(chat)
        to = ReplyAddress(
            channel_id="D0OLIVIA0", user_id=OLIVIA, response_url=f"http://127.0.0.1:{script.port}/respond"
        )
        with pytest.raises(OutcomeUnknown):
            await chat.answer(NOTICE, to, "a1", None)
    assert isinstance(failure, OutcomeUnknown)
    assert elsewhere.heard == []
    paths = [request.split(b" ")[1] for request in script.heard]
    assert paths == [b"/api/chat.postMessage", b"/respond", b"/api/chat.postMessage"]


@pytest.mark.parametrize(
    "body",
    [
        {"ok": True},
        {"ok": True, "channel": DIRECT, "ts": None},
        {"ok": True, "channel": "", "ts": "1.1"},
        {"ok": True, "channel": DIRECT, "ts": "None"},
        [1, 2],
        b"null",
        b'{"ok": true, "x": "\xff\xfe"}',
        b"[" * 200_000,
    ],
)
async def test_a_post_that_names_no_message_may_have_happened(slack: Slack, body: object) -> None:
    script, chat = slack
    script.says(body)
    assert isinstance(await failure_of_posting(chat), OutcomeUnknown)


@pytest.mark.parametrize("kind", ["application/gzip", "application/json; charset=nobody-knows"])
async def test_a_post_answered_in_an_unknown_form_may_have_happened(slack: Slack, kind: str) -> None:
    script, chat = slack
    script.says({"ok": True}, kind=kind)
    assert isinstance(await failure_of_posting(chat), OutcomeUnknown)


async def test_a_yes_without_the_answer_is_no_answer(slack: Slack) -> None:
    script, chat = slack
    script.says({"ok": True})
    for question in (
        chat.colleague(OLIVIA),
        chat.direct_channel(OLIVIA),
        chat.post(NOTICE, "#anywhere", "m1", None),
        chat.is_shared_outside(DIRECT),
        chat.permalink(MessageRef(DIRECT, "1.1")),
    ):
        with pytest.raises(Unavailable) as raised:
            await question
        assert raised.value.code == "unreadable_answer"


async def test_a_list_of_channels_that_never_ends_is_given_up(slack: Slack) -> None:
    script, chat = slack
    script.says({"ok": True, "channels": [], "response_metadata": {"next_cursor": "again"}})
    with pytest.raises(Unavailable) as raised:
        await chat.post(NOTICE, "#anywhere", "m1", None)
    assert (raised.value.code, len(script.heard)) == ("channels_without_end", 2)


@pytest.mark.parametrize(("writer", "found"), [("U0BOT", "1.1"), ("U0NEIGHBOUR", "2.2")])
async def test_a_marker_on_the_message_of_somebody_else_is_not_ours(
    slack: Slack, writer: str, found: str
) -> None:
    """Every app in a conversation may read our markers, and put them on messages of its own."""
    script, chat = slack
    marked = {"event_type": "countersign_message", "event_payload": {"marker": "m1"}}
    history = [7, {"metadata": "x"}, {"user": writer, "ts": "1.1", "metadata": marked}]
    script.says({"ok": True, "user_id": "U0BOT", "messages": history, "channel": DIRECT, "ts": "2.2"})
    assert await chat.post(NOTICE, DIRECT, "m1", datetime.now(UTC)) == MessageRef(DIRECT, found)


async def test_a_history_that_goes_in_circles_is_left_for_later(slack: Slack) -> None:
    script, chat = slack
    script.says({"ok": True, "messages": [], "response_metadata": {"next_cursor": "again"}})
    with pytest.raises(Unavailable) as raised:
        await chat.post(NOTICE, DIRECT, "m1", datetime.now(UTC))
    assert (raised.value.code, len(script.heard)) == ("history_too_long", 2)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        (("Retry-After: 999999999999",), 3600),
        (("Retry-After: 89.2",), 90),
        (("Date: Mon, 23 Nov 2026 08:00:00 GMT", "Retry-After: Mon, 23 Nov 2026 08:02:00 GMT"), 120),
        (("Date: Mon, 23 Nov 2026 08:00:00 GMT", "Retry-After: Mon, 23 Nov 2036 08:02:00 GMT"), 3600),
    ],
)
@pytest.mark.parametrize("body", [LIMITED, b"<html>", b""])
async def test_a_rate_limit_is_kept_to_however_it_is_put(
    slack: Slack, headers: tuple[str, ...], seconds: int, body: object
) -> None:
    script, chat = slack
    script.says(body, "429 Too Many Requests", *headers)
    failure = await failure_of_posting(chat)
    assert isinstance(failure, Unavailable)
    assert (failure.code, failure.retry_after) == ("ratelimited", timedelta(seconds=seconds))
    again = await failure_of_posting(chat)
    assert isinstance(again, Unavailable)
    assert len(script.heard) == 1, "Slack was asked again although it wanted to be left alone"


@pytest.mark.parametrize("header", ["Retry-After: ²", "Retry-After: -5", "Retry-After: soon", "X: 1"])
async def test_a_rate_limit_that_says_nothing_is_tried_again_soon(slack: Slack, header: str) -> None:
    script, chat = slack
    script.says(LIMITED, "429 Too Many Requests", header)
    failure = await failure_of_posting(chat)
    assert isinstance(failure, Unavailable)
    assert (failure.code, failure.retry_after) == ("ratelimited", None)
    assert len(script.heard) == 4


@pytest.mark.parametrize(
    "code", ["org_login_required", "missing_scope", "ekm_access_denied", "access_denied", "accesslimited"]
)
async def test_what_shuts_the_whole_app_out_is_waited_for(slack: Slack, code: str) -> None:
    """Refused, the card would go to the review channel, where more people see it than are meant to."""
    script, chat = slack
    script.says({"ok": False, "error": code})
    failure = await failure_of_posting(chat)
    assert isinstance(failure, Unavailable)
    assert failure.code == code


@pytest.mark.parametrize(
    ("status", "seconds"), [("504 Gateway Timeout", 30), ("502 Bad Gateway", 5), ("200 OK", 5)]
)
async def test_a_message_has_time_to_appear_before_it_is_looked_for(
    slack: Slack, status: str, seconds: int
) -> None:
    script, chat = slack
    script.says(b"<html>", status, kind="text/html")
    failure = await failure_of_posting(chat)
    assert isinstance(failure, OutcomeUnknown)
    assert failure.look_after == timedelta(seconds=seconds)


@pytest.mark.parametrize(("status", "seconds"), [("504 Gateway Timeout", 30), ("502 Bad Gateway", None)])
async def test_an_older_state_of_a_card_has_time_to_arrive_before_the_newer(
    slack: Slack, status: str, seconds: int | None
) -> None:
    script, chat = slack
    script.says(b"<html>", status, kind="text/html")
    with pytest.raises(Unavailable) as raised:
        await chat.revise(NOTICE, MessageRef(DIRECT, "1.1"), "m1")
    assert raised.value.retry_after == (timedelta(seconds=seconds) if seconds else None)


@pytest.mark.parametrize(
    ("said", "taken"),
    [
        (b"ok", True),
        (b'{"ok": true}', True),
        (b'{"ok": false, "error": "expired_url"}', False),
        (b"<html>Please log in", False),
        (b"[" * 200_000, False),
    ],
)
async def test_an_answer_counts_as_given_only_when_slack_took_it(
    slack: Slack, said: bytes, *, taken: bool
) -> None:
    script, chat = slack
    script.says(said, kind="text/html")
    url = f"http://127.0.0.1:{script.port}/respond"
    to = ReplyAddress(channel_id="D0OLIVIA0", user_id=OLIVIA, response_url=url)
    if taken:
        assert await chat.answer(NOTICE, to, "a1", None) is None
    else:
        with pytest.raises(OutcomeUnknown):
            await chat.answer(NOTICE, to, "a1", None)
    assert len(script.heard) == (1 if taken else 2)


@pytest.mark.parametrize(
    ("code", "methods"),
    [
        ("cant_update_message", [b"/api/chat.update", b"/api/chat.delete"]),
        ("edit_window_closed", [b"/api/chat.update", b"/api/chat.delete"]),
        ("message_not_found", [b"/api/chat.update"]),
    ],
)
async def test_a_message_that_cannot_be_replaced_is_deleted(
    slack: Slack, code: str, methods: list[bytes]
) -> None:
    """What was said about an erased donor must not stay because Slack no longer lets it be edited."""
    script, chat = slack
    script.says({"ok": False, "error": code})
    with pytest.raises(Refused):
        await chat.replace(NOTICE, MessageRef(DIRECT, "1.1"))
    assert [request.split(b" ")[1] for request in script.heard] == methods
