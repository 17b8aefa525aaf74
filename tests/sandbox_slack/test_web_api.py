"""The Web API through the real SDK: what works, and how it refuses."""

from __future__ import annotations

import json
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.people import BOT_ID, BOT_USER_ID, CHANNELS, TEAM_ID
from bot.sandbox.slack.config import DEFAULT_SCOPES

OLIVIA, MARA, GUEST, EXTERN = "U0OLIVIA0", "U0MARA000", "U0GUEST00", "U0EXTERN0"
SECTION = {"type": "section", "block_id": "s", "text": {"type": "mrkdwn", "text": "x"}}
METADATA = {"event_type": "card", "event_payload": {"id": "esc-1"}}


def code_of(error: pytest.ExceptionInfo[SlackApiError]) -> str:
    return str(error.value.response["error"])


async def test_auth_test_names_the_bot_and_its_scopes(start: Any) -> None:
    bench = await start()
    answer = await bench.client.auth_test()
    assert answer.data == {
        "ok": True,
        "url": "https://harbour-light.slack.com/",
        "team": "Harbour Light Foundation",
        "user": "countersign",
        "team_id": TEAM_ID,
        "user_id": BOT_USER_ID,
        "bot_id": BOT_ID,
        "is_enterprise_install": False,
    }
    assert answer.headers["x-oauth-scopes"] == ",".join(DEFAULT_SCOPES)


REFUSALS = [
    ("auth.test", {"token": "xoxb-wrong"}, "invalid_auth"),
    ("auth.test", {"token": "xapp-sandbox"}, "not_allowed_token_type"),
    ("apps.connections.open", {}, "not_allowed_token_type"),
    ("chat.dance", {}, "unknown_method"),
    ("chat.postMessage", {"text": "x"}, "invalid_arguments"),
    ("chat.postMessage", {"channel": "C0NOWHERE", "text": "x"}, "channel_not_found"),
    ("chat.postMessage", {"channel": "C0GENERAL"}, "no_text"),
    ("chat.postMessage", {"channel": "C0GENERAL", "blocks": "[{"}, "invalid_blocks_format"),
    ("chat.postMessage", {"channel": "C0GENERAL", "blocks": '[{"type":"x"}]'}, "invalid_blocks"),
    ("chat.postMessage", {"channel": "C0GENERAL", "text": "x", "thread_ts": "1.2"}, "thread_not_found"),
    ("chat.postMessage", {"channel": "C0GENERAL", "text": "x", "username": "Boss"}, "missing_scope"),
    ("chat.postMessage", {"channel": "C0GENERAL", "markdown_text": "x" * 12_001}, "msg_too_long"),
    (
        "chat.postMessage",
        {"channel": "C0GENERAL", "markdown_text": "x", "text": "y"},
        "markdown_text_conflict",
    ),
    ("chat.postMessage", {"channel": "C0GENERAL", "text": "x", "metadata": "{}}"}, "invalid_metadata_format"),
    (
        "chat.postMessage",
        {"channel": "C0GENERAL", "text": "x", "metadata": '{"a":1}'},
        "invalid_metadata_schema",
    ),
    ("chat.postEphemeral", {"channel": "C0OLIVIA0", "user": GUEST, "text": "x"}, "user_not_in_channel"),
    ("chat.update", {"channel": "C0GENERAL", "ts": "1.2", "text": "x"}, "message_not_found"),
    ("chat.update", {"channel": OLIVIA, "ts": "1.2", "text": "x"}, "channel_not_found"),
    ("chat.delete", {"channel": "C0GENERAL", "ts": "1.2"}, "message_not_found"),
    ("chat.scheduleMessage", {"channel": "C0GENERAL", "text": "x", "post_at": "1"}, "time_in_past"),
    (
        "chat.deleteScheduledMessage",
        {"channel": "C0GENERAL", "scheduled_message_id": "Q1"},
        "invalid_scheduled_message_id",
    ),
    ("conversations.info", {"channel": "C0NOWHERE"}, "channel_not_found"),
    ("conversations.open", {"users": "U0NOBODY"}, "user_not_found"),
    ("conversations.open", {"users": ""}, "users_list_not_supplied"),
    ("conversations.create", {"name": "new"}, "missing_scope"),
    ("conversations.list", {"types": "secret"}, "invalid_types"),
    ("conversations.list", {"cursor": "nonsense"}, "invalid_cursor"),
    ("conversations.replies", {"channel": "C0GENERAL", "ts": "1.2"}, "thread_not_found"),
    ("users.info", {"user": "U0NOBODY"}, "user_not_found"),
    ("users.lookupByEmail", {"email": "nobody@harbourlight.example"}, "users_not_found"),
    ("users.lookupByEmail", {"email": "gus@agency.example"}, "users_not_found"),
    ("users.lookupByEmail", {"email": "ellis@partner.example"}, "users_not_found"),
    ("views.update", {"view_id": "V1", "view": '{"type":"home","blocks":[]}'}, "not_found"),
    ("views.update", {"view": '{"type":"home","blocks":[]}'}, "invalid_arguments"),
    ("views.publish", {"user_id": "U0NOBODY", "view": '{"type":"home","blocks":[]}'}, "user_not_found"),
    ("views.open", {"trigger_id": "x", "view": '{"type":"home","blocks":[]}'}, "invalid_arguments"),
    ("reactions.add", {"channel": "C0GENERAL", "timestamp": "1.2", "name": "eyes"}, "message_not_found"),
    ("files.completeUploadExternal", {"files": '[{"id":"F1"}]'}, "file_not_found"),
    ("blocks.validate", {"blocks": '[{"type":"section"}]'}, "invalid_blocks"),
    ("assistant.threads.setStatus", {"channel_id": "C0GENERAL", "status": "x"}, "invalid_arguments"),
    ("agents.sessions.setStatus", {"channel_id": "C0GENERAL", "status": "asleep"}, "invalid_arguments"),
]


async def test_refusals(start: Any) -> None:
    bench = await start()
    got: list[tuple[str, str]] = []
    for method, arguments, _ in REFUSALS:
        headers = {} if "token" in arguments else {"Authorization": "Bearer xoxb-sandbox"}
        url = f"{bench.origin}/slack-sim/api/{method}"
        async with bench.session.post(url, data=arguments, headers=headers) as response:
            assert response.status == 200
            got.append((method, (await response.json())["error"]))
    assert got == [(method, error) for method, _, error in REFUSALS]


async def test_calls_without_a_token_or_with_a_broken_body(start: Any) -> None:
    bench = await start()
    url = f"{bench.origin}/slack-sim/api/auth.test"
    async with bench.session.post(url) as response:
        assert await response.json() == {"ok": False, "error": "not_authed"}
    for body, content_type, error in (
        ("{", "application/json", "invalid_json"),
        ("[]", "application/json", "json_not_object"),
        ("x", "text/plain", "invalid_post_type"),
    ):
        async with bench.session.post(url, data=body, headers={"Content-Type": content_type}) as response:
            assert (await response.json())["error"] == error


async def test_scopes_are_needed_per_method_and_kind_of_channel(start: Any) -> None:
    bench = await start(bot_scopes=("chat:write", "im:history", "users:read"))
    with pytest.raises(SlackApiError) as error:
        await bench.client.conversations_history(channel="C0GENERAL")
    assert error.value.response.data == {
        "ok": False,
        "error": "missing_scope",
        "needed": "channels:history",
        "provided": "chat:write,im:history,users:read",
    }
    assert (await bench.client.conversations_history(channel="D0OLIVIA0"))["messages"] == []
    with pytest.raises(SlackApiError, match=r"users:read\.email"):
        await bench.client.users_lookupByEmail(email="olivia.hart@harbourlight.example")
    assert "email" not in (await bench.client.users_info(user=OLIVIA))["user"]["profile"]


async def test_messages_are_posted_updated_and_removed(start: Any) -> None:
    bench = await start()
    client = bench.client
    posted = await client.chat_postMessage(
        channel="#general", text="A gift", blocks=[SECTION], metadata=METADATA
    )
    assert (posted["channel"], posted["message"]["bot_id"], posted["message"]["blocks"]) == (
        "C0GENERAL",
        BOT_ID,
        [SECTION],
    )
    kept = await client.chat_update(channel="C0GENERAL", ts=posted["ts"], text="Changed")
    assert (kept["text"], kept["message"]["blocks"]) == ("Changed", [SECTION])
    assert kept["message"]["edited"]["user"] == BOT_USER_ID
    assert kept["message"]["metadata"] == METADATA
    bare = await client.chat_update(channel="C0GENERAL", ts=posted["ts"], text="Bare", blocks=[])
    assert "blocks" not in bare["message"]
    with pytest.raises(SlackApiError, match="no_text"):
        await client.api_call("chat.update", json={"channel": "C0GENERAL", "ts": posted["ts"]})
    with pytest.raises(SlackApiError, match="msg_too_long"):
        await client.chat_update(channel="C0GENERAL", ts=posted["ts"], text="é" * 2001)
    link = await client.chat_getPermalink(channel="C0GENERAL", message_ts=posted["ts"])
    assert link["permalink"].endswith(f"/archives/C0GENERAL/p{posted['ts'].replace('.', '')}")
    await client.chat_delete(channel="C0GENERAL", ts=posted["ts"])
    assert (await client.conversations_history(channel="C0GENERAL"))["messages"] == []


async def test_only_own_messages_change(start: Any) -> None:
    bench = await start()
    page = await bench.page(OLIVIA)
    ts = (await page.act("act/message", channel="C0GENERAL", text="mine"))["ts"]
    with pytest.raises(SlackApiError, match="cant_update_message"):
        await bench.client.chat_update(channel="C0GENERAL", ts=ts, text="yours")
    with pytest.raises(SlackApiError, match="cant_delete_message"):
        await bench.client.chat_delete(channel="C0GENERAL", ts=ts)
    hidden = await bench.client.chat_postEphemeral(channel="C0GENERAL", user=OLIVIA, text="x")
    with pytest.raises(SlackApiError, match="message_not_found"):
        await bench.client.chat_update(channel="C0GENERAL", ts=hidden["message_ts"], text="y")


async def test_threads_history_and_metadata(start: Any) -> None:
    bench = await start()
    client = bench.client
    parent = await client.chat_postMessage(channel="C0GENERAL", text="parent", metadata=METADATA)
    reply = await client.chat_postMessage(channel="C0GENERAL", text="reply", thread_ts=parent["ts"])
    deep = await client.chat_postMessage(channel="C0GENERAL", text="deep", thread_ts=reply["ts"])
    later = [await client.chat_postMessage(channel="C0GENERAL", text=f"n{i}") for i in range(3)]
    stamps = [item["ts"] for item in (parent, reply, deep, *later)]
    assert stamps == sorted(set(stamps))
    thread = await client.conversations_replies(channel="C0GENERAL", ts=parent["ts"])
    assert [m["text"] for m in thread["messages"]] == ["parent", "reply", "deep"]
    assert thread["messages"][0]["reply_count"] == 2
    first = await client.conversations_history(channel="C0GENERAL", limit=2)
    assert ([m["text"] for m in first["messages"]], first["has_more"]) == (["n2", "n1"], True)
    cursor = first["response_metadata"]["next_cursor"]
    rest = await client.conversations_history(channel="C0GENERAL", limit=2, cursor=cursor)
    assert [m["text"] for m in rest["messages"]] == ["n0", "parent"]
    assert "metadata" not in rest["messages"][1]
    exact = await client.conversations_history(
        channel="C0GENERAL",
        oldest=parent["ts"],
        latest=later[0]["ts"],
        inclusive=True,
        include_all_metadata=True,
    )
    assert [m["text"] for m in exact["messages"]] == ["n0", "parent"]
    assert exact["messages"][1]["metadata"] == METADATA
    between = await client.conversations_history(
        channel="C0GENERAL", oldest=parent["ts"], latest=later[1]["ts"]
    )
    assert [m["text"] for m in between["messages"]] == ["n0"]


async def test_direct_messages_open_once(start: Any) -> None:
    bench = await start()
    opened = [(await bench.client.conversations_open(users=OLIVIA))["channel"]["id"] for _ in range(2)]
    assert opened == ["D0OLIVIA0"] * 2
    posted = await bench.client.chat_postMessage(channel=OLIVIA, text="psst")
    assert posted["channel"] == "D0OLIVIA0"
    info = (await bench.client.conversations_info(channel="D0OLIVIA0"))["channel"]
    assert (info["is_im"], info["user"]) == (True, OLIVIA)


async def test_channels_are_made_and_joined(start: Any) -> None:
    scopes = (*DEFAULT_SCOPES, "channels:manage", "groups:write", "channels:join")
    bench = await start(bot_scopes=scopes)
    client = bench.client
    made = (await client.conversations_create(name="gala-2026", is_private=True))["channel"]
    assert (made["is_private"], made["is_member"]) == (True, True)
    for name, error in (("gala-2026", "name_taken"), ("Gala", "invalid_name_specials")):
        with pytest.raises(SlackApiError, match=error):
            await client.conversations_create(name=name)
    await client.conversations_invite(channel=made["id"], users=[OLIVIA, MARA])
    with pytest.raises(SlackApiError, match="already_in_channel"):
        await client.conversations_invite(channel=made["id"], users=OLIVIA)
    members = await client.conversations_members(channel=made["id"])
    assert members["members"] == [BOT_USER_ID, OLIVIA, MARA]
    listed = await client.conversations_list(types="private_channel")
    assert made["id"] in [channel["id"] for channel in listed["channels"]]
    page = await bench.page(MARA)
    assert made["id"] in [channel["id"] for channel in (await page.get("boot"))["channels"]]


async def test_a_channel_without_the_bot(start: Any) -> None:
    bench = await start()
    directory = bench.world.directory
    for channel in ("C0GENERAL", "C0OPS0000"):
        conversation = directory.conversations[channel]
        people = tuple(member for member in conversation.members if member != BOT_USER_ID)
        fields = {name: getattr(conversation, name) for name in conversation.__slots__}
        directory.keep(type(conversation)(**fields | {"members": people}))
    for channel, error in (("C0GENERAL", "not_in_channel"), ("C0OPS0000", "channel_not_found")):
        with pytest.raises(SlackApiError) as refused:
            await bench.client.chat_postMessage(channel=channel, text="x")
        assert code_of(refused) == error
    page = await bench.page("U0ADAM000")
    await page.act("act/message", channel="C0GENERAL", text="<@U0CSIGN00> are you here?")
    await bench.world.background.idle()
    assert bench.world.events.attempts == []


async def test_people(start: Any) -> None:
    bench = await start()
    found = await bench.client.users_lookupByEmail(email="Mara.Lindqvist@harbourlight.example")
    assert (found["user"]["id"], found["user"]["tz"]) == (MARA, "America/New_York")
    guest = (await bench.client.users_info(user=GUEST))["user"]
    extern = (await bench.client.users_info(user=EXTERN))["user"]
    assert (guest["is_restricted"], guest["is_stranger"]) == (True, False)
    assert (extern["is_stranger"], extern["team_id"]) == (True, "T0PARTNER")
    everybody = await bench.client.users_list()
    assert [user["id"] for user in everybody["members"] if user["is_bot"]] == [BOT_USER_ID]
    shared = await bench.client.users_conversations(user=EXTERN)
    assert [(c["id"], c["is_ext_shared"]) for c in shared["channels"]] == [("C0PARTNER", True)]
    public = {channel.id for channel in CHANNELS if not channel.is_private}
    assert {c["id"] for c in (await bench.client.conversations_list())["channels"]} == public


async def test_one_message_per_second_and_channel(start: Any) -> None:
    bench = await start(posts_per_second=1.0, post_burst=3)
    for count in range(3):
        await bench.client.chat_postMessage(channel="C0GENERAL", text=str(count))
    await bench.client.chat_postMessage(channel="C0DESK000", text="elsewhere")
    with pytest.raises(SlackApiError) as limited:
        await bench.client.chat_postMessage(channel="C0GENERAL", text="too many")
    assert limited.value.response.status_code == 429
    assert limited.value.response.headers["Retry-After"] == "1"
    assert limited.value.response.data == {"ok": False, "error": "ratelimited"}
    bench.clock.advance(1)
    await bench.client.chat_postMessage(channel="C0GENERAL", text="patient")


async def test_tiers_allow_bursts_but_not_floods(start: Any) -> None:
    bench = await start()
    for _ in range(40):
        await bench.client.conversations_list()
    with pytest.raises(SlackApiError, match="ratelimited"):
        await bench.client.conversations_list()


async def test_arguments_come_in_three_ways(start: Any) -> None:
    bench = await start()
    url = f"{bench.origin}/slack-sim/api/chat.postMessage"
    body = {"channel": "C0GENERAL", "text": "hi", "blocks": json.dumps([SECTION])}
    auth = {"Authorization": "Bearer xoxb-sandbox"}
    async with bench.session.get(url, params=body, headers=auth) as response:
        assert (await response.json())["ok"] is True
    async with bench.session.post(url, data=body | {"token": "xoxb-sandbox"}) as response:
        assert (await response.json())["ok"] is True
    async with bench.session.post(url, json=body | {"blocks": [SECTION]}, headers=auth) as response:
        assert (await response.json())["message"]["blocks"] == [SECTION]


async def test_files_are_uploaded_shared_and_fetched(start: Any) -> None:
    bench = await start()
    shared = await bench.client.files_upload_v2(
        channel="C0GENERAL",
        content="a,b\n1,2\n",
        filename="report.csv",
        initial_comment="Weekly",
        title="Report",
    )
    page = await bench.page(OLIVIA)
    message = (await page.messages("C0GENERAL"))[0]
    assert (message["text"], message["files"][0]["id"]) == ("Weekly", shared["file"]["id"])
    async with bench.session.get(message["files"][0]["url"]) as response:
        assert await response.text() == "a,b\n1,2\n"


async def test_reactions_and_schedules(start: Any) -> None:
    bench = await start()
    posted = await bench.client.chat_postMessage(channel="C0GENERAL", text="x")
    await bench.client.reactions_add(channel="C0GENERAL", timestamp=posted["ts"], name="eyes")
    with pytest.raises(SlackApiError, match="already_reacted"):
        await bench.client.reactions_add(channel="C0GENERAL", timestamp=posted["ts"], name="eyes")
    soon = int(bench.clock().timestamp()) + 1000
    kept = await bench.client.chat_scheduleMessage(channel="C0GENERAL", text="later", post_at=soon)
    await bench.client.chat_deleteScheduledMessage(
        channel="C0GENERAL", scheduled_message_id=kept["scheduled_message_id"]
    )
    assert (await bench.client.chat_scheduledMessages_list())["scheduled_messages"] == []


async def test_long_texts_are_truncated_with_a_warning(start: Any) -> None:
    bench = await start()
    posted = await bench.client.chat_postMessage(channel="C0GENERAL", text="x" * 40_001)
    assert (len(posted["message"]["text"]), posted["warning"]) == (40_000, "message_truncated")


async def test_an_unauthorised_client(start: Any) -> None:
    bench = await start()
    async with aiohttp.ClientSession() as session:
        client = AsyncWebClient(
            token="xoxb-other", base_url=f"{bench.origin}/slack-sim/api/", session=session
        )
        with pytest.raises(SlackApiError, match="invalid_auth"):
            await client.auth_test()
