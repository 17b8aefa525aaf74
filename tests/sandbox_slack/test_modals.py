"""Modals, Home tabs and trigger_ids, driven by a real Bolt app."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError

from tests.patience import PATIENCE_S

OLIVIA = "U0OLIVIA0"


def view(title: str = "Edit", **extra: Any) -> dict[str, Any]:
    blocks = [
        {
            "type": "input",
            "block_id": "note",
            "label": {"type": "plain_text", "text": "Note"},
            "element": {"type": "plain_text_input", "action_id": "text", "initial_value": "Dear Jane"},
        },
        {
            "type": "input",
            "block_id": "when",
            "optional": True,
            "label": {"type": "plain_text", "text": "When"},
            "element": {"type": "datepicker", "action_id": "date"},
        },
    ]
    return {
        "type": "modal",
        "callback_id": "edit",
        "private_metadata": "esc-1",
        "title": {"type": "plain_text", "text": title},
        "submit": {"type": "plain_text", "text": "Save"},
        "blocks": blocks,
    } | extra


NOTICE = {"type": "section", "block_id": "n", "text": {"type": "mrkdwn", "text": "Done"}}
PLAIN = {"type": "modal", "title": {"type": "plain_text", "text": "Second"}, "blocks": [NOTICE]}


async def opened(http_bot: Any, **view_extra: Any) -> tuple[Any, Any, Any, dict[str, Any]]:
    """A workspace where Olivia's command has just opened a modal."""
    bench, bot = await http_bot()

    @bot.app.command("/donor")
    async def donor(ack: Any, body: dict[str, Any], client: Any) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=view(**view_extra))

    olivia = await bench.page(OLIVIA)
    await olivia.command("/donor")
    shown = (await olivia.hear("view_opened"))["view"]
    return bench, bot, olivia, shown


async def test_submitting_closes_and_delivers_the_values(http_bot: Any) -> None:
    bench, bot, olivia, shown = await opened(http_bot)
    submitted: list[dict[str, Any]] = []

    @bot.app.view("edit")
    async def edit(ack: Any, body: dict[str, Any]) -> None:
        submitted.append(body)
        await ack()

    assert "private_metadata" not in shown
    outcome = await olivia.act(
        "act/view_submit", view_id=shown["id"], state={"values": {"note": {"text": {"value": "Dear J"}}}}
    )
    assert outcome == {"ok": True, "response_action": None, "errors": {}, "view": None}
    sent = submitted[0]["view"]
    assert sent["state"]["values"] == {
        "note": {"text": {"type": "plain_text_input", "value": "Dear J"}},
        "when": {"date": {"type": "datepicker", "selected_date": None}},
    }
    assert (sent["private_metadata"], sent["hash"], submitted[0]["response_urls"]) == (
        "esc-1",
        shown["hash"],
        [],
    )
    assert await olivia.hear("view_closed") == {"view_id": shown["id"]}
    with pytest.raises(SlackApiError, match="not_found"):
        await bench.client.views_update(view_id=shown["id"], view=view())


async def test_slack_itself_asks_for_required_fields(http_bot: Any) -> None:
    _, bot, olivia, shown = await opened(http_bot)
    before = len(bot.requests.items)
    outcome = await olivia.act(
        "act/view_submit", view_id=shown["id"], state={"values": {"note": {"text": {"value": ""}}}}
    )
    assert outcome["errors"] == {"note": "Please complete this required field."}
    assert len(bot.requests.items) == before


async def test_errors_keep_the_modal_open(http_bot: Any) -> None:
    bench, bot, olivia, shown = await opened(http_bot)

    @bot.app.view("edit")
    async def edit(ack: Any) -> None:
        await ack(response_action="errors", errors={"note": "Too short"})

    outcome = await olivia.act("act/view_submit", view_id=shown["id"], state={})
    assert (outcome["response_action"], outcome["errors"]) == ("errors", {"note": "Too short"})
    assert await olivia.hear("view_errors") == {"view_id": shown["id"], "errors": {"note": "Too short"}}
    assert bench.world.views.get(shown["id"]) is not None


async def test_update_and_push_and_clear(http_bot: Any) -> None:
    bench, bot, olivia, shown = await opened(http_bot)
    answers = iter(
        [
            {"response_action": "update", "view": view("Changed")},
            {"response_action": "push", "view": view("Pushed")},
            {"response_action": "clear"},
        ]
    )

    @bot.app.view("edit")
    async def edit(ack: Any) -> None:
        await ack(**next(answers))

    updated = (await olivia.act("act/view_submit", view_id=shown["id"], state={}))["view"]
    assert (updated["id"], updated["title"]["text"]) == (shown["id"], "Changed")
    assert updated["hash"] != shown["hash"]
    pushed = (await olivia.act("act/view_submit", view_id=shown["id"], state={}))["view"]
    assert (pushed["previous_view_id"], pushed["root_view_id"]) == (shown["id"], shown["id"])
    assert (await olivia.act("act/view_submit", view_id=shown["id"], state={}))["error"] == "view_not_found"
    await olivia.act("act/view_submit", view_id=pushed["id"], state={})
    assert bench.world.views.stack(OLIVIA) == []


@pytest.mark.parametrize(
    "answer",
    [
        {"text": "not for modals"},
        {"response_action": "errors", "errors": {"unknown_block": "x"}},
        {"response_action": "update", "view": {"type": "modal", "blocks": []}},
        {"response_action": "dance"},
    ],
)
async def test_a_wrong_acknowledgement_is_trouble(http_bot: Any, answer: dict[str, Any]) -> None:
    bench, bot, olivia, shown = await opened(http_bot)

    @bot.app.view("edit")
    async def edit(ack: Any) -> None:
        await ack(**answer)

    outcome = await olivia.act("act/view_submit", view_id=shown["id"], state={})
    assert (outcome["ok"], outcome["problem"]) == (False, "We had some trouble connecting. Try again?")
    assert (await olivia.hear("problem"))["view_id"] == shown["id"]
    assert bench.world.views.get(shown["id"]) is not None


async def test_hashes_guard_against_lost_updates(http_bot: Any) -> None:
    bench, _, olivia, shown = await opened(http_bot)
    changed = await bench.client.views_update(view_id=shown["id"], view=view("Filled"), hash=shown["hash"])
    assert (await olivia.hear("view_updated"))["view"]["hash"] == changed["view"]["hash"]
    with pytest.raises(SlackApiError, match="hash_conflict"):
        await bench.client.views_update(view_id=shown["id"], view=view("Late"), hash=shown["hash"])


async def test_a_stack_holds_three_views(http_bot: Any) -> None:
    bench, _, _, shown = await opened(http_bot)
    for _ in range(2):
        trigger = bench.world.triggers.issue(OLIVIA, shown["id"])
        await bench.client.views_push(trigger_id=trigger, view=view())
    trigger = bench.world.triggers.issue(OLIVIA, shown["id"])
    with pytest.raises(SlackApiError, match="push_limit_reached"):
        await bench.client.views_push(trigger_id=trigger, view=view())


async def test_external_ids(http_bot: Any) -> None:
    bench, _, olivia, shown = await opened(http_bot, external_id="esc-1")
    await bench.client.views_update(external_id="esc-1", view=PLAIN | {"external_id": "esc-1"})
    assert (await olivia.hear("view_updated"))["view"]["id"] == shown["id"]
    trigger = bench.world.triggers.issue("U0MARA000")
    with pytest.raises(SlackApiError, match="duplicate_external_id"):
        await bench.client.views_open(trigger_id=trigger, view=PLAIN | {"external_id": "esc-1"})


async def test_closing_tells_apps_that_asked(http_bot: Any) -> None:
    _, bot, olivia, shown = await opened(http_bot, notify_on_close=True)
    closed = asyncio.Queue[dict[str, Any]]()

    @bot.app.view_closed("edit")
    async def on_close(ack: Any, body: dict[str, Any]) -> None:
        await ack()
        closed.put_nowait(body)

    await olivia.act("act/view_close", view_id=shown["id"])
    body = await asyncio.wait_for(closed.get(), PATIENCE_S)
    assert (body["view"]["id"], body["is_cleared"]) == (shown["id"], False)


async def test_trigger_ids_live_three_seconds_and_once(start: Any) -> None:
    bench = await start()
    triggers, client = bench.world.triggers, bench.client
    late, used = triggers.issue(OLIVIA), triggers.issue(OLIVIA)
    await client.views_open(trigger_id=used, view=PLAIN)
    with pytest.raises(SlackApiError, match="exchanged_trigger_id"):
        await client.views_open(trigger_id=used, view=PLAIN)
    bench.clock.advance(3.1)
    with pytest.raises(SlackApiError, match="expired_trigger_id"):
        await client.views_open(trigger_id=late, view=PLAIN)
    with pytest.raises(SlackApiError, match="invalid_trigger_id"):
        await client.views_open(trigger_id="1.2.3", view=PLAIN)


async def test_home_is_opened_published_and_clicked(http_bot: Any) -> None:
    bench, bot = await http_bot()
    seen = asyncio.Queue[dict[str, Any]]()
    refresh = {"type": "button", "action_id": "refresh", "text": {"type": "plain_text", "text": "Refresh"}}
    home = {"type": "home", "blocks": [{"type": "actions", "block_id": "do", "elements": [refresh]}]}

    @bot.app.event("app_home_opened")
    async def opened_home(event: dict[str, Any], client: Any) -> None:
        seen.put_nowait(event)
        if event["tab"] == "home":
            await client.views_publish(user_id=event["user"], view=home)

    @bot.app.action("refresh")
    async def clicked(ack: Any, body: dict[str, Any]) -> None:
        await ack()
        seen.put_nowait(body)

    olivia = await bench.page(OLIVIA)
    assert await olivia.get("home") == {"view": None}
    event = await asyncio.wait_for(seen.get(), PATIENCE_S)
    assert (event["tab"], event["user"], event["channel"], "view" in event) == (
        "home",
        OLIVIA,
        "D0OLIVIA0",
        False,
    )
    shown = (await olivia.hear("home"))["view"]
    action = {"type": "button", "action_id": "refresh", "block_id": "do"}
    await olivia.act("act/block", view_id=shown["id"], action=action)
    body = await asyncio.wait_for(seen.get(), PATIENCE_S)
    assert (body["container"], body["view"]["type"]) == ({"type": "view", "view_id": shown["id"]}, "home")
    assert not {"channel", "message", "response_url"} & set(body)
    await olivia.get("history", channel="D0OLIVIA0")
    assert (await asyncio.wait_for(seen.get(), PATIENCE_S))["tab"] == "messages"


def external(**more: Any) -> dict[str, Any]:
    element = {"type": "external_select", "action_id": "donor"} | more
    label = {"type": "plain_text", "text": "Donor"}
    return {"blocks": [{"type": "input", "block_id": "who", "label": label, "element": element}]}


def options(*values: str) -> list[dict[str, Any]]:
    return [{"text": {"type": "plain_text", "text": value}, "value": value} for value in values]


async def test_an_app_is_asked_what_to_offer_and_nothing_else_can_be_chosen(http_bot: Any) -> None:
    _, bot, olivia, shown = await opened(http_bot, **external())
    asked: list[dict[str, Any]] = []
    select = {"block_id": "who", "action_id": "donor"}

    @bot.app.options("donor")
    async def offer(ack: Any, body: dict[str, Any]) -> None:
        asked.append(body)
        await ack(options=options("Jane", "Thomas"))

    @bot.app.view("edit")
    async def edited(ack: Any) -> None:
        await ack()

    async def suggest(typed: str, **where: Any) -> dict[str, Any]:
        place = {"view_id": shown["id"]} | where
        return await olivia.act("act/suggest", action=select, value=typed, **place)

    async def submit(value: str) -> dict[str, Any]:
        chosen = {"type": "external_select", "selected_option": options(value)[0]}
        state = {"values": {"who": {"donor": chosen}}}
        return await olivia.act("act/view_submit", view_id=shown["id"], state=state)

    assert (await submit("Jane"))["error"] == "option_not_found"
    assert await suggest("do") == {"options": []}, "three letters at least, unless the select says otherwise"
    assert asked == []
    assert await suggest("doe") == {"options": options("Jane", "Thomas")}
    [body] = asked
    known = ("type", "action_id", "block_id", "value", "container")
    assert {key: body[key] for key in known} == {
        "type": "block_suggestion",
        "action_id": "donor",
        "block_id": "who",
        "value": "doe",
        "container": {"type": "view", "view_id": shown["id"]},
    }
    assert "trigger_id" not in body
    assert (body["view"]["id"], body["user"]["id"]) == (shown["id"], OLIVIA)
    assert (await submit("Mara"))["error"] == "option_not_found"
    assert (await suggest("doe", view_id="V0"))["error"] == "view_not_found"
    assert (await submit("Thomas"))["ok"]


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ({"options": options(*map(str, range(101)))}, "invalid_options"),
        ({"options": options("x" * 76)}, "invalid_options"),
        ({"options": [], "option_groups": []}, "invalid_options"),
        ("", "no_options"),
    ],
    ids=["too many", "too long", "both", "nothing"],
)
async def test_what_an_app_offers_is_held_to_the_limits(
    http_bot: Any, answer: dict[str, Any] | str, error: str
) -> None:
    _, bot, olivia, shown = await opened(http_bot, **external(min_query_length=0))

    @bot.app.options("donor")
    async def offer(ack: Any) -> None:
        await ack(answer)

    told = await olivia.act(
        "act/suggest", view_id=shown["id"], action={"block_id": "who", "action_id": "donor"}, value=""
    )
    assert told["error"] == error
