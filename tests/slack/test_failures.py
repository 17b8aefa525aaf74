"""What every kind of failure between us and Slack means for the handlers."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from bot.slack.chat import SlackChat
from bot.slack.connection import OAuthEnvironment, SlackConnection, open_clients, refuse_oauth_environment
from handlers.outcomes import Notice
from handlers.ports import MessageRef, OutcomeUnknown, Refused, Unavailable
from tests.slack.conftest import GENERAL, OLIVIA, HandClock, Sleeper
from tests.slack.samples import CARD, OPEN
from tests.slack.scripted import Script

NOTICE = Notice(text="Hello")


DIRECT = "D0OLIVIA0"
"""Of direct messages Slack is not asked who reads along."""


async def failure_of_posting(chat: SlackChat) -> Exception:
    with pytest.raises((Unavailable, Refused, OutcomeUnknown)) as raised:
        await chat.post(NOTICE, DIRECT, "m1", None)
    return raised.value


@pytest.mark.parametrize("code", ["is_archived", "channel_not_found", "not_in_channel", "invalid_blocks"])
async def test_what_slack_refuses_is_refused(slack: tuple[Script, SlackChat], code: str) -> None:
    script, chat = slack
    script.says({"ok": False, "error": code})
    failure = await failure_of_posting(chat)
    assert isinstance(failure, Refused)
    assert failure.code == code
    with pytest.raises(Refused):
        await chat.show_card(CARD, OPEN, MessageRef(GENERAL, "1.1"), GENERAL, "m1", None)


async def test_a_sentence_in_the_place_of_a_code_is_repeated_nowhere(slack: tuple[Script, SlackChat]) -> None:
    script, chat = slack
    script.says({"ok": False, "error": "constraint violated for Jane Doe <jane@example.org>"})
    failure = await failure_of_posting(chat)
    assert isinstance(failure, OutcomeUnknown)
    assert "Jane" not in str(failure)


@pytest.mark.parametrize("code", ["invalid_auth", "token_revoked", "service_unavailable"])
async def test_what_an_operator_or_slack_will_repair_is_tried_again(
    slack: tuple[Script, SlackChat], code: str
) -> None:
    script, chat = slack
    script.says({"ok": False, "error": code})
    failure = await failure_of_posting(chat)
    assert isinstance(failure, Unavailable)
    assert failure.code == code


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        ({"ok": False, "error": "internal_error"}, "200 OK", "application/json"),
        ({"ok": False, "error": "fatal_error"}, "200 OK", "application/json"),
        (b"<html>proxy</html>", "200 OK", "text/html"),
        (b"proxy", "200 OK", "text/plain"),
        (b"{cut off", "200 OK", "application/json"),
        (b"Bad gateway", "502 Bad Gateway", "text/plain"),
        (b"<html>", "503 Service Unavailable", "text/html"),
    ],
)
async def test_a_post_whose_answer_cannot_be_read_may_have_happened(
    slack: tuple[Script, SlackChat], body: object, status: str, kind: str
) -> None:
    script, chat = slack
    script.says(body, status, kind=kind)
    assert isinstance(await failure_of_posting(chat), OutcomeUnknown)
    with pytest.raises(Unavailable):
        await chat.is_shared_outside(GENERAL)


async def test_a_post_is_sent_once_and_a_question_is_asked_again(slack: tuple[Script, SlackChat]) -> None:
    script, chat = slack
    assert isinstance(await failure_of_posting(chat), OutcomeUnknown)
    assert len(script.heard) == 1
    with pytest.raises(Unavailable):
        await chat.colleague(OLIVIA)
    assert len(script.heard) == 3


async def test_a_long_rate_limit_is_left_to_the_queue_at_once(slack: tuple[Script, SlackChat]) -> None:
    script, chat = slack
    limited = {"ok": False, "error": "ratelimited"}
    script.says(limited, "429 Too Many Requests", "Retry-After: 90")
    failure = await failure_of_posting(chat)
    assert isinstance(failure, Unavailable)
    assert failure.retry_after == timedelta(seconds=90)
    assert len(script.heard) == 1


async def test_an_address_without_a_server_is_unavailable() -> None:
    clients = open_clients(SlackConnection("xoxb-1", "secret", base_url="http://127.0.0.1:9/api"))
    chat = SlackChat(clients, clock=HandClock(), sleep=Sleeper())
    assert isinstance(await failure_of_posting(chat), Unavailable)
    await clients.close()


async def test_personal_data_is_never_in_an_address(slack: tuple[Script, SlackChat]) -> None:
    script, chat = slack
    script.says({"ok": False, "error": "users_not_found"})
    assert await chat.colleague_by_email("jane@doe.org") is None
    [request] = script.heard
    head, _, body = request.partition(b"\r\n\r\n")
    assert b"jane" not in head
    assert b"jane%40doe.org" in body


async def test_the_token_is_in_no_text_of_ours() -> None:
    connection = SlackConnection("xoxb-1", "very-secret", "xapp-1")
    assert "xoxb" not in repr(connection)
    assert "secret" not in repr(connection)


def test_variables_that_would_switch_to_oauth_stop_the_start() -> None:
    refuse_oauth_environment({"SLACK_BOT_TOKEN": "x"})
    with pytest.raises(OAuthEnvironment, match="SLACK_CLIENT_ID"):
        refuse_oauth_environment({"SLACK_CLIENT_ID": "1", "SLACK_CLIENT_SECRET": "2"})


async def test_an_import_asks_once_who_reads_along_and_a_decision_asks_anew(
    slack: tuple[Script, SlackChat],
) -> None:
    """Slack answers this about once a second, so that an import would otherwise wait for it gift by gift."""
    script, chat = slack
    script.says({"ok": True, "channel": {"id": GENERAL, "is_member": True}})
    told = await asyncio.gather(*(chat.is_shared_outside(GENERAL, lately=True) for _ in range(20)))
    assert (told, len(script.heard)) == ([False] * 20, 1)
    script.says({"ok": True, "channel": {"id": GENERAL, "is_member": True, "is_ext_shared": True}})
    assert await chat.is_shared_outside(GENERAL) is True
    assert await chat.is_shared_outside(GENERAL, lately=True) is True
    assert len(script.heard) == 2
