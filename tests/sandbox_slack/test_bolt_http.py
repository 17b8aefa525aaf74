"""A real Bolt app over signed HTTP requests."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from urllib.parse import parse_qs

from bot.sandbox.people import APP_ID, BOT_USER_ID, TEAM_ID

OLIVIA, MARA, FIONA = "U0OLIVIA0", "U0MARA000", "U0FIONA00"
CARD = [
    {"type": "section", "block_id": "what", "text": {"type": "mrkdwn", "text": "*A gift arrived*"}},
    {
        "type": "actions",
        "block_id": "decide",
        "elements": [
            {
                "type": "button",
                "action_id": "approve",
                "style": "primary",
                "value": "esc-1",
                "text": {"type": "plain_text", "text": "Approve"},
            },
            {
                "type": "static_select",
                "action_id": "defer",
                "placeholder": {"type": "plain_text", "text": "Later"},
                "options": [
                    {"text": {"type": "plain_text", "text": "Tomorrow"}, "value": "1d"},
                    {"text": {"type": "plain_text", "text": "Next week"}, "value": "7d"},
                ],
            },
        ],
    },
]


async def test_a_command_reaches_the_app_and_its_acknowledgement_the_person(http_bot: Any) -> None:
    bench, bot = await http_bot()
    commands: list[dict[str, Any]] = []

    @bot.app.command("/donor")
    async def donor(ack: Any, command: dict[str, Any], respond: Any) -> None:
        commands.append(command)
        await ack("Looking at *Jane*…")
        await respond("Jane is *major*", response_type="in_channel")

    fiona, olivia = await bench.page(FIONA), await bench.page(OLIVIA)
    assert await fiona.command("/donor", "summary Jane & Co") == {"ok": True}
    replies = [(await fiona.hear("message"))["message"] for _ in range(2)]
    assert {(reply["text"], reply["is_ephemeral"]) for reply in replies} == {
        ("Looking at *Jane*…", True),
        ("Jane is *major*", False),
    }
    assert (await olivia.hear("message"))["message"]["text"] == "Jane is *major*"
    assert [m["text"] for m in await olivia.messages("C0GENERAL")] == ["Jane is *major*"]
    known = {key: commands[0][key] for key in commands[0] if key not in ("trigger_id", "response_url")}
    assert known == {
        "token": "sandbox-verification-token",
        "team_id": TEAM_ID,
        "team_domain": "harbour-light",
        "channel_id": "C0GENERAL",
        "channel_name": "general",
        "user_id": FIONA,
        "user_name": "fiona.reyes",
        "command": "/donor",
        "text": "summary Jane &amp; Co",
        "api_app_id": APP_ID,
        "is_enterprise_install": "false",
    }


async def test_a_click_carries_the_message_and_the_card_is_updated(http_bot: Any) -> None:
    bench, bot = await http_bot()
    bodies: list[dict[str, Any]] = []

    @bot.app.action("approve")
    async def approve(ack: Any, body: dict[str, Any], client: Any) -> None:
        await ack()
        bodies.append(body)
        channel, ts = body["channel"]["id"], body["message"]["ts"]
        await client.chat_update(channel=channel, ts=ts, text="Approved", blocks=CARD[:1])

    olivia = await bench.page(OLIVIA)
    posted = await bench.client.chat_postMessage(channel="C0OLIVIA0", text="A gift", blocks=CARD)
    action = {"type": "button", "action_id": "approve", "block_id": "decide", "value": "forged"}
    act = await olivia.act("act/block", channel="C0OLIVIA0", message_ts=posted["ts"], action=action)
    assert act == {"ok": True}
    changed = (await olivia.hear("message_changed"))["message"]
    assert (changed["text"], changed["blocks"]) == ("Approved", CARD[:1])
    body = bodies[0]
    assert body["actions"][0] | {"action_ts": ""} == {
        "type": "button",
        "action_id": "approve",
        "block_id": "decide",
        "style": "primary",
        "value": "esc-1",
        "text": {"type": "plain_text", "text": "Approve"},
        "action_ts": "",
    }
    assert body["container"] == {
        "type": "message",
        "message_ts": posted["ts"],
        "channel_id": "C0OLIVIA0",
        "is_ephemeral": False,
    }
    assert body["user"] == {
        "id": OLIVIA,
        "username": "olivia.hart",
        "name": "olivia.hart",
        "team_id": TEAM_ID,
    }
    assert body["message"]["blocks"] == CARD
    assert body["state"] == {
        "values": {"decide": {"defer": {"type": "static_select", "selected_option": None}}}
    }
    assert body["response_url"].startswith(f"{bench.origin}/slack-sim/response/")


async def test_a_mention_is_delivered_twice_and_signed(http_bot: Any) -> None:
    bench, bot = await http_bot()
    said = asyncio.Queue[str]()

    @bot.app.event("app_mention")
    async def mentioned(event: dict[str, Any], say: Any) -> None:
        said.put_nowait(event["text"])
        await say(text="Here", thread_ts=event["ts"])

    @bot.app.event("message")
    async def heard(event: dict[str, Any]) -> None:
        said.put_nowait(event["type"])

    fiona = await bench.page(FIONA)
    await fiona.act("act/message", channel="C0GENERAL", text="@Countersign hello <you> & https://a.example/x")
    text = f"<@{BOT_USER_ID}> hello &lt;you&gt; &amp; <https://a.example/x>"
    assert {await said.get(), await said.get()} == {"message", text}
    reply = await fiona.hear("message", lambda data: data["message"]["text"] == "Here")
    parent = (await fiona.messages("C0GENERAL"))[0]
    assert (reply["message"]["thread_ts"], parent["reply_count"]) == (parent["ts"], 1)
    headers, body = (await bot.requests.count(2))[0]
    payload = json.loads(body)
    assert headers["content-type"] == "application/json"
    assert payload["type"] == "event_callback"
    assert payload["authorizations"][0]["user_id"] == BOT_USER_ID
    assert payload["event_id"].startswith("Ev")


async def test_payload_forms(http_bot: Any) -> None:
    bench, bot = await http_bot()
    fiona = await bench.page(FIONA)
    await fiona.command("/donor", "x")
    await fiona.act("act/shortcut", callback_id="look_up")
    bodies = [parse_qs(body) for _, body in await bot.requests.count(2)]
    kinds = {"payload" if "payload" in body else body["command"][0] for body in bodies}
    assert kinds == {"/donor", "payload"}
    problem = await fiona.hear("problem", lambda data: data["text"].startswith("/donor"))
    assert problem == {
        "text": '/donor failed with the error "dispatch_failed"',
        "channel": "C0GENERAL",
    }
    assert (await fiona.hear("problem"))["text"] == "This app responded with Status Code 404."
