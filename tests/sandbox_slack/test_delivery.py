"""Acknowledgement, retries, response_urls and what people see when an app fails."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from typing import Any

import aiohttp
import pytest
from slack_sdk.signature import SignatureVerifier
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.sandbox.journal import Journal
from tests.patience import PATIENCE_S

OLIVIA, FIONA = "U0OLIVIA0", "U0FIONA00"
SECRET = "shhh-sandbox"


async def test_events_are_signed_and_retried_three_times(http_bot: Any) -> None:
    bench, bot = await http_bot()
    bot.fail_first = 10
    fiona = await bench.page(FIONA)
    await fiona.act("act/message", channel="C0GENERAL", text="hello")
    requests = await bot.requests.count(4)
    await bench.world.background.idle()
    headers = [(item[0].get("x-slack-retry-num"), item[0].get("x-slack-retry-reason")) for item in requests]
    assert headers == [(None, None), ("1", "http_error"), ("2", "http_error"), ("3", "http_error")]
    assert len({json.loads(body)["event_id"] for _, body in requests}) == 1
    assert all(SignatureVerifier(SECRET).is_valid_request(body, head) for head, body in requests)
    assert bench.world.journal.load("events") == {}


async def test_a_retry_stops_when_acknowledged(http_bot: Any) -> None:
    bench, bot = await http_bot()
    bot.fail_first = 1
    heard: list[str] = []

    @bot.app.event("message")
    async def message(event: dict[str, Any]) -> None:
        heard.append(event["text"])

    fiona = await bench.page(FIONA)
    await fiona.act("act/message", channel="C0GENERAL", text="hello")
    await bench.world.background.idle()
    assert (heard, len(bot.requests.items)) == (["hello"], 2)


async def test_late_acknowledgements(http_bot: Any) -> None:
    bench, bot = await http_bot(ack_seconds=0.2, retry_delays=())
    release = asyncio.Event()

    @bot.app.command("/donor")
    async def donor(ack: Any) -> None:
        await release.wait()
        await ack("too late")

    @bot.app.action("go")
    async def go(ack: Any) -> None:
        await release.wait()
        await ack()

    olivia = await bench.page(OLIVIA)
    await olivia.command("/donor")
    assert await olivia.hear("problem") == {
        "text": '/donor failed with the error "operation_timeout"',
        "channel": "C0GENERAL",
    }
    button = {"type": "button", "action_id": "go", "text": {"type": "plain_text", "text": "Go"}}
    blocks = [{"type": "actions", "block_id": "b", "elements": [button]}]
    posted = await bench.client.chat_postMessage(channel="C0GENERAL", text="x", blocks=blocks)
    action = {"action_id": "go", "block_id": "b"}
    await olivia.act("act/block", channel="C0GENERAL", message_ts=posted["ts"], action=action)
    assert await olivia.hear("problem") == {
        "text": "Operation timed out. Apps need to respond within 3 seconds.",
        "channel": "C0GENERAL",
        "message_ts": posted["ts"],
        "action_id": "go",
    }
    release.set()
    await bench.world.background.idle()
    assert [message["text"] for message in await olivia.messages("C0GENERAL")] == ["x"]


async def test_an_app_that_is_not_there(start: Any) -> None:
    bench = await start(request_url="http://127.0.0.1:9/slack/events", retry_delays=(0.0,))
    fiona = await bench.page(FIONA)
    await fiona.command("/donor")
    assert (await fiona.hear("problem"))["text"] == '/donor failed with the error "dispatch_failed"'
    await fiona.command("/unknown")
    assert (await fiona.hear("problem"))["text"] == "/unknown is not a valid command."
    await fiona.act("act/command", channel="C0GENERAL", command="/donor", text="", thread_ts="1.0")
    assert (await fiona.hear("problem"))["text"] == "/donor is not supported in threads. Sorry!"
    await fiona.act("act/message", channel="C0GENERAL", text="hello")
    await bench.world.background.idle()
    assert [(item.attempt, item.reason) for item in bench.world.events.attempts] == [
        (0, None),
        (1, "connection_failed"),
    ]


async def test_a_response_url_works_five_times_in_thirty_minutes(http_bot: Any) -> None:
    bench, bot = await http_bot()
    urls = asyncio.Queue[str]()

    @bot.app.command("/donor")
    async def donor(ack: Any, body: dict[str, Any]) -> None:
        await ack()
        urls.put_nowait(body["response_url"])

    fiona = await bench.page(FIONA)
    await fiona.command("/donor")
    hook = AsyncWebhookClient(await urls.get(), session=bench.session)
    refused = await hook.send_dict({"text": ""})
    assert (refused.status_code, json.loads(refused.body)["error"]) == (400, "no_text")
    for count in range(5):
        assert (await hook.send(text=f"answer {count}")).body == "ok"
    used = await hook.send(text="answer 6")
    assert (used.status_code, json.loads(used.body)["error"]) == (404, "used_url")
    await fiona.command("/donor")
    other = AsyncWebhookClient(await urls.get(), session=bench.session)
    bench.clock.advance(1801)
    assert json.loads((await other.send(text="late")).body)["error"] == "expired_url"
    texts = [(message["text"], message["is_ephemeral"]) for message in await fiona.messages("C0GENERAL")]
    assert texts == [(f"answer {count}", True) for count in range(5)]


@pytest.mark.parametrize(("replaceable", "texts"), [(False, ["wait", "done"]), (True, ["done"])])
async def test_commands_have_no_original_to_replace(
    http_bot: Any, *, replaceable: bool, texts: list[str]
) -> None:
    bench, bot = await http_bot(replaceable_command_replies=replaceable)
    finished = asyncio.Event()

    @bot.app.command("/donor")
    async def donor(ack: Any, respond: Any) -> None:
        await ack()
        await respond("wait")
        await respond("done", replace_original=True)
        finished.set()

    fiona = await bench.page(FIONA)
    await fiona.command("/donor")
    await asyncio.wait_for(finished.wait(), PATIENCE_S)
    assert [message["text"] for message in await fiona.messages("C0GENERAL")] == texts


async def test_ephemerals_change_through_their_response_url_only(http_bot: Any) -> None:
    bench, bot = await http_bot()
    bodies = asyncio.Queue[dict[str, Any]]()

    @bot.app.action("more")
    async def more(ack: Any, body: dict[str, Any], respond: Any) -> None:
        await ack()
        await respond("Replaced", replace_original=True)
        await respond(delete_original=True)
        bodies.put_nowait(body)

    button = {"type": "button", "action_id": "more", "text": {"type": "plain_text", "text": "More"}}
    blocks = [{"type": "actions", "block_id": "b", "elements": [button]}]
    olivia, fiona = await bench.page(OLIVIA), await bench.page(FIONA)
    posted = await bench.client.chat_postEphemeral(channel="C0GENERAL", user=OLIVIA, text="x", blocks=blocks)
    assert await fiona.messages("C0GENERAL") == []
    assert [message["is_ephemeral"] for message in await olivia.messages("C0GENERAL")] == [True]
    where = {"channel": "C0GENERAL", "message_ts": posted["message_ts"]}
    action = {"action_id": "more", "block_id": "b"}
    refused = await fiona.act("act/block", **where, action=action)
    assert refused["error"] == "message_not_found"
    await olivia.act("act/block", **where, action=action, is_ephemeral=True)
    body = await bodies.get()
    assert body["container"]["is_ephemeral"] is True
    assert "message" not in body
    assert (await olivia.hear("message_changed"))["message"]["text"] == "Replaced"
    assert await olivia.hear("ephemeral_removed") == {
        "channel": "C0GENERAL",
        "ts": posted["message_ts"],
    }


async def test_a_public_message_is_replaced_in_place(http_bot: Any) -> None:
    bench, bot = await http_bot()

    @bot.app.action("go")
    async def go(ack: Any, respond: Any) -> None:
        await ack()
        await respond("Approved", replace_original=True, blocks=[])

    button = {"type": "button", "action_id": "go", "text": {"type": "plain_text", "text": "Go"}}
    blocks = [{"type": "actions", "block_id": "b", "elements": [button]}]
    posted = await bench.client.chat_postMessage(channel="C0GENERAL", text="x", blocks=blocks)
    olivia = await bench.page(OLIVIA)
    action = {"action_id": "go", "block_id": "b"}
    await olivia.act("act/block", channel="C0GENERAL", message_ts=posted["ts"], action=action)
    changed = (await olivia.hear("message_changed"))["message"]
    assert (changed["ts"], changed["text"], changed["blocks"]) == (posted["ts"], "Approved", [])


async def test_what_is_undelivered_survives_a_restart(http_bot: Any, start: Any, journal_path: Any) -> None:
    absent = "http://127.0.0.1:9/slack/events"
    first = await start(request_url=absent, retry_delays=(3600.0,), journal_path=journal_path)
    fiona = await first.page(FIONA)
    await fiona.act("act/message", channel="C0GENERAL", text="hello")
    posted = await first.client.chat_postMessage(
        channel="C0GENERAL", text="kept", metadata={"event_type": "card", "event_payload": {"id": "1"}}
    )
    await asyncio.wait_for(first.world.events.attempted.reached(2), PATIENCE_S)
    await first.stack.aclose()
    _make_due(journal_path)
    second, bot = await http_bot(journal_path=journal_path)
    requests = await bot.requests.count(2)
    assert {item[0]["x-slack-retry-reason"] for item in requests} == {"connection_failed"}
    assert {json.loads(body)["event"]["text"] for _, body in requests} == {"hello", "kept"}
    page = await second.page(FIONA)
    assert [message["text"] for message in await page.messages("C0GENERAL")] == ["hello", "kept"]
    history = await second.client.conversations_history(channel="C0GENERAL", include_all_metadata=True)
    assert history["messages"][0]["metadata"]["event_payload"] == {"id": "1"}
    newer = await second.client.chat_postMessage(channel="C0GENERAL", text="new")
    assert newer["ts"] > posted["ts"]


def _make_due(path: Any) -> None:
    journal = Journal(path)
    for key, document in journal.load("events").items():
        journal.put("events", key, document | {"due": 0.0})
    journal.close()


async def test_faults(http_bot: Any) -> None:
    bench, bot = await http_bot()
    heard = asyncio.Queue[str]()

    @bot.app.event("message")
    async def message(event: dict[str, Any]) -> None:
        heard.put_nowait(event["text"])

    fiona = await bench.page(FIONA)
    url = f"{bench.origin}/slack-sim/api/auth.test"

    async def status() -> int:
        headers = {"Authorization": "Bearer xoxb-sandbox"}
        async with bench.session.post(url, headers=headers) as response:
            return response.status

    assert (await fiona.act("faults", http_500=True))["http_500"] is True
    assert await status() == 500
    assert (await fiona.hear("faults"))["http_500"] is True
    await fiona.act("faults", http_500=False, rate_limited=True)
    async with bench.session.post(url) as response:
        assert (response.status, response.headers["Retry-After"]) == (429, "5")
        assert await response.json() == {"ok": False, "error": "ratelimited"}
    await fiona.act("faults", rate_limited=False, down=True)
    assert await status() == 503
    await fiona.act("act/message", channel="C0GENERAL", text="held")
    await fiona.command("/donor")
    assert (await fiona.hear("problem"))["text"] == "Slack cannot be reached right now."
    assert bot.requests.items == []
    await fiona.act("faults", down=False)
    assert await asyncio.wait_for(heard.get(), PATIENCE_S) == "held"
    assert await status() == 200
    await fiona.act("faults", lost_replies=True)
    with pytest.raises(Exception, match="502"):
        await bench.client.chat_postMessage(channel="C0GENERAL", text="arrived all the same")
    assert (await fiona.messages("C0GENERAL"))[-1]["text"] == "arrived all the same"
    assert (await fiona.act("faults", down="yes"))["error"] == "invalid_arguments"
    assert (await fiona.act("faults", unknown=True))["error"] == "invalid_arguments"


async def test_the_page_api_is_guarded(start: Any) -> None:
    bench = await start()
    url = f"{bench.origin}/sim/act/message"
    body = {"as": FIONA, "channel": "C0GENERAL", "text": "forged"}
    async with aiohttp.ClientSession() as session:
        async with session.post(url, json=body) as response:
            assert response.status == 403
        async with session.post(url, json=body, headers={"X-Sim": "1", "Host": "evil.example"}) as response:
            assert response.status == 403
        async with session.get(f"{bench.origin}/sim/boot?as=U0CSIGN00") as response:
            assert (await response.json())["error"] == "user_not_found"


async def test_apps_hear_of_their_own_messages_and_changes(http_bot: Any) -> None:
    bench, bot = await http_bot()
    posted = await bench.client.chat_postMessage(channel="C0GENERAL", text="one")
    await bench.client.chat_update(channel="C0GENERAL", ts=posted["ts"], text="two")
    await bench.client.chat_delete(channel="C0GENERAL", ts=posted["ts"])
    events = [json.loads(body)["event"] for _, body in await bot.requests.count(3)]
    by_subtype = {event.get("subtype"): event for event in events}
    assert (by_subtype[None]["text"], by_subtype[None]["bot_id"]) == ("one", "B0CSIGN00")
    changed = by_subtype["message_changed"]
    assert (changed["previous_message"]["text"], changed["message"]["text"]) == ("one", "two")
    assert by_subtype["message_deleted"]["deleted_ts"] == posted["ts"]


async def test_a_slow_slack_still_exchanges_triggers_on_arrival(start: Any) -> None:
    bench = await start()
    olivia = await bench.page(OLIVIA)
    await olivia.act("faults", slow_api_ms=50)
    block = {"type": "section", "text": {"type": "mrkdwn", "text": "x"}}
    view = {"type": "modal", "title": {"type": "plain_text", "text": "Edit"}, "blocks": [block]}
    began = asyncio.get_running_loop().time()
    await bench.client.views_open(trigger_id=bench.world.triggers.issue(OLIVIA), view=view)
    assert asyncio.get_running_loop().time() - began >= 0.05
    await olivia.hear("view_opened")


def test_nothing_is_lost_when_the_process_is_killed(journal_path: Any) -> None:
    path, killed = str(journal_path), "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    process = subprocess.run([sys.executable, "-c", _POST_AND_WAIT + killed, path], check=False)
    assert process.returncode == -9
    journal = Journal(journal_path)
    assert [document["text"] for document in journal.load("messages").values()] == ["kept"]
    assert [document["payload"]["event"]["text"] for document in journal.load("events").values()] == ["kept"]
    journal.close()


_POST_AND_WAIT = """
import asyncio, sys
from datetime import UTC, datetime
from pathlib import Path
from bot.sandbox.slack.config import SlackSandboxConfig
from bot.sandbox.slack.world import build_world

async def post():
    config = SlackSandboxConfig("s", "xoxb-x", "xapp-x", journal_path=Path(sys.argv[1]))
    world = build_world(config, lambda: datetime.now(UTC))
    world.board.post(world.board.draft("C0GENERAL", "kept"))

asyncio.run(post())
"""
