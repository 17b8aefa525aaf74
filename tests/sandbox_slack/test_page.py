"""What the page shows to whom."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.sandbox.slack.app import build_slack
from bot.sandbox.slack.config import SlackSandboxConfig

OLIVIA, MARA, FIONA, GUEST, EXTERN = "U0OLIVIA0", "U0MARA000", "U0FIONA00", "U0GUEST00", "U0EXTERN0"


async def test_boot(start: Any) -> None:
    bench = await start()
    boot = await (await bench.page(OLIVIA)).get("boot")
    assert boot["me"] == {
        "id": OLIVIA,
        "name": "olivia.hart",
        "real_name": "Olivia Hart",
        "title": "Major gifts officer",
        "email": "olivia.hart@harbourlight.example",
        "role": "owner",
        "tz": "America/New_York",
        "is_bot": False,
        "color": boot["me"]["color"],
        "initials": "OH",
    }
    assert boot["bot"]["real_name"] == "Countersign"
    assert boot["commands"] == [
        {"command": "/donor", "description": "Look at a donor", "usage_hint": "summary <name>"}
    ]
    assert boot["faults"]["down"] is False
    assert [(c["id"], c["kind"]) for c in boot["channels"]] == [
        ("C0GENERAL", "channel"),
        ("C0OLIVIA0", "channel"),
        ("C0DESK000", "channel"),
        ("C0FUNDRAS", "channel"),
        ("C0MANAGER", "private"),
        ("C0PARTNER", "channel"),
        ("D0OLIVIA0", "im"),
    ]
    assert boot["channels"][-1]["peer"]["id"] == "U0CSIGN00"


async def test_members_only(start: Any) -> None:
    bench = await start()
    fiona, extern = await bench.page(FIONA), await bench.page(EXTERN)
    await bench.client.chat_postMessage(channel="C0OLIVIA0", text="for Olivia")
    await bench.client.chat_postMessage(channel="C0PARTNER", text="for partners")
    assert (await fiona.get("history", channel="C0OLIVIA0"))["error"] == "channel_not_found"
    assert (await fiona.act("act/message", channel="C0OLIVIA0", text="x"))["error"] == "channel_not_found"
    assert (await extern.hear("message"))["message"]["text"] == "for partners"
    assert [c["id"] for c in (await extern.get("boot"))["channels"]] == ["C0PARTNER", "D0EXTERN0"]
    assert [item for item in fiona.heard if item[0] == "message" and item[1]["channel"] == "C0OLIVIA0"] == []


async def test_buttons_meant_for_others_are_hidden_and_refused(start: Any) -> None:
    bench = await start(retry_delays=())
    text = {"type": "plain_text", "text": "Approve"}
    button = {"type": "button", "action_id": "ok", "text": text, "visible_to_user_ids": [OLIVIA]}
    blocks = [
        {"type": "section", "block_id": "s", "text": {"type": "mrkdwn", "text": "x"}, "accessory": button},
        {"type": "actions", "block_id": "a", "elements": [button]},
    ]
    posted = await bench.client.chat_postMessage(channel="C0OLIVIA0", text="card", blocks=blocks)
    olivia, mara = await bench.page(OLIVIA), await bench.page(MARA)
    assert (await olivia.messages("C0OLIVIA0"))[0]["blocks"] == blocks
    assert (await mara.messages("C0OLIVIA0"))[0]["blocks"] == [
        {"type": "section", "block_id": "s", "text": {"type": "mrkdwn", "text": "x"}}
    ]
    action = {"action_id": "ok", "block_id": "a"}
    where = {"channel": "C0OLIVIA0", "message_ts": posted["ts"]}
    assert (await mara.act("act/block", **where, action=action))["error"] == "element_not_found"
    assert await olivia.act("act/block", **where, action=action) == {"ok": True}


async def test_unread_counts(start: Any) -> None:
    bench = await start()
    olivia = await bench.page(OLIVIA)
    first = await bench.client.chat_postMessage(channel="C0GENERAL", text="one")
    await bench.client.chat_postMessage(channel="C0GENERAL", text="two", thread_ts=first["ts"])
    assert await olivia.hear("unread") == {"channel": "C0GENERAL", "unread": 1}
    channels = {c["id"]: c["unread"] for c in (await olivia.get("boot"))["channels"]}
    assert channels["C0GENERAL"] == 1
    await olivia.act("act/read", channel="C0GENERAL")
    assert await olivia.hear("unread", lambda data: data["unread"] == 0) == {
        "channel": "C0GENERAL",
        "unread": 0,
    }


async def test_history_pages_and_metadata_stays_behind(start: Any) -> None:
    bench = await start()
    olivia = await bench.page(OLIVIA)
    stamps = [
        (
            await bench.client.chat_postMessage(
                channel="C0GENERAL", text=str(i), metadata={"event_type": "t", "event_payload": {"n": i}}
            )
        )["ts"]
        for i in range(3)
    ]
    last = await olivia.get("history", channel="C0GENERAL", limit="2")
    assert ([m["text"] for m in last["messages"]], last["has_more"]) == (["1", "2"], True)
    assert all("metadata" not in message for message in last["messages"])
    first = await olivia.get("history", channel="C0GENERAL", before=stamps[1])
    assert ([m["text"] for m in first["messages"]], first["has_more"]) == (["0"], False)


async def test_deletions_and_threads_are_announced(start: Any) -> None:
    bench = await start()
    olivia = await bench.page(OLIVIA)
    parent = await bench.client.chat_postMessage(channel="C0GENERAL", text="parent")
    await olivia.act("act/message", channel="C0GENERAL", text="reply", thread_ts=parent["ts"])
    changed = (await olivia.hear("message_changed"))["message"]
    assert (changed["ts"], changed["reply_count"]) == (parent["ts"], 1)
    thread = await olivia.get("thread", channel="C0GENERAL", thread_ts=parent["ts"])
    assert [message["text"] for message in thread["messages"]] == ["parent", "reply"]
    await bench.client.chat_delete(channel="C0GENERAL", ts=parent["ts"])
    assert await olivia.hear("message_deleted") == {"channel": "C0GENERAL", "ts": parent["ts"]}


async def test_a_chosen_option_must_be_one_of_the_offered(start: Any) -> None:
    bench = await start(retry_delays=())
    option = {"text": {"type": "plain_text", "text": "Tomorrow"}, "value": "1d"}
    select = {"type": "static_select", "action_id": "when", "options": [option]}
    blocks = [{"type": "actions", "block_id": "a", "elements": [select]}]
    posted = await bench.client.chat_postMessage(channel="C0GENERAL", text="x", blocks=blocks)
    olivia = await bench.page(OLIVIA)
    where = {"channel": "C0GENERAL", "message_ts": posted["ts"]}
    action = {"action_id": "when", "block_id": "a", "selected_option": {"value": "9d"}}
    assert (await olivia.act("act/block", **where, action=action))["error"] == "option_not_found"
    gone = action | {"action_id": "gone"}
    assert (await olivia.act("act/block", **where, action=gone))["error"] == "element_not_found"


async def test_a_page_reloads_into_an_open_modal(start: Any, journal_path: Any) -> None:
    bench = await start(journal_path=journal_path)
    block = {"type": "section", "block_id": "s", "text": {"type": "mrkdwn", "text": "x"}}
    view = {"type": "modal", "title": {"type": "plain_text", "text": "Edit"}, "blocks": [block]}
    trigger = bench.world.triggers.issue(OLIVIA)
    shown = await bench.client.views_open(trigger_id=trigger, view=view)
    await bench.client.views_publish(user_id=OLIVIA, view={"type": "home", "blocks": [block]})
    await bench.stack.aclose()
    again = await start(journal_path=journal_path)
    olivia = await again.page(OLIVIA)
    assert [item["id"] for item in (await olivia.get("boot"))["views"]] == [shown["view"]["id"]]
    assert (await olivia.get("home"))["view"]["blocks"] == [block]


async def test_the_lifespan_starts_and_stops_deliveries() -> None:
    config = SlackSandboxConfig("s", "xoxb-x", "xapp-x", "http://127.0.0.1:9/", retry_delays=(0.0,) * 3)
    app = build_slack(config, lambda: datetime.now(UTC))
    async with app.router.lifespan_context(app):
        app.state.slack.board.post(app.state.slack.board.draft("C0GENERAL", "hello"))
        await app.state.slack.background.idle()
        assert len(app.state.slack.events.attempts) == 4
    with pytest.raises(sqlite3.ProgrammingError):
        app.state.slack.journal.load("events")


async def test_the_origin_may_be_known_late(start: Any) -> None:
    origins: list[str] = []
    bench = await start(base_url=lambda: origins[0])
    origins.append(f"{bench.origin}/")
    assert bench.world.config.address("/api/") == f"{bench.origin}/slack-sim/api/"
    assert replace(bench.world.config, prefix="").address("/x") == f"{bench.origin}/x"
