"""What is spoiled, foreign, stale or strange comes through the signed door, and each has a friendly end."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import pytest

from bot.slack import ids
from tests.loop.conftest import Loop
from tests.loop.shown import Json, escalation_of, find_element, has
from tests.loop.staging import JANE, OLIVIA, OLIVIAS, until

pytestmark = pytest.mark.asyncio(loop_scope="module")

UNKNOWN = "01HZZZZZZZZZZZZZZZZZZZZZZZ"
RTL = (
    "\u0634\u0643\u0631\u0627 \u05ea\u05d5\u05d3\u05d4 \U0001f469\u200d\U0001f9b3 "
    "\U0001f1fa\U0001f1e6 \u202eevil\u202c"
)


async def _send(loop: Loop, payload: Json) -> Any:
    return await loop.stage.signed(urlencode({"payload": json.dumps(payload)}).encode())


def _click(about: str, **changes: Any) -> Json:
    action = {"type": "button", "action_id": "cs:approve", "block_id": "b", "value": about, "action_ts": "1"}
    return {
        "type": "block_actions",
        "user": {"id": OLIVIA, "team_id": "T0HARBOUR"},
        "team": {"id": "T0HARBOUR"},
        "api_app_id": "A0COUNTER",
        "channel": {"id": OLIVIAS},
        "container": {"type": "message", "message_ts": "1.1", "channel_id": OLIVIAS},
        "trigger_id": "t",
        "actions": [action],
    } | changes


def _submission(window: str, carried: str, state: Json) -> Json:
    view = {"id": "V1", "type": "modal", "hash": "1", "callback_id": window, "private_metadata": carried}
    return {
        "type": "view_submission",
        "user": {"id": OLIVIA, "team_id": "T0HARBOUR"},
        "team": {"id": "T0HARBOUR"},
        "view": view | {"state": state},
    }


async def _kinds(loop: Loop, about: str) -> list[str]:
    await loop.settled()
    entries = [e for e in await loop.entries() if e.payload and e.payload.get("escalation_id") == about]
    return [e.kind for e in entries if e.kind.startswith(("escalation.", "action."))]


async def _untouched(loop: Loop, card: Json) -> None:
    about = escalation_of(card)
    assert await _kinds(loop, about) == ["escalation.opened"]
    assert await loop.state(card) == "open"
    assert await loop.stage.written_for(card, JANE) == []


# Clicks


STRANGE_CLICKS: dict[str, dict[str, Any]] = {
    "somebody of another workspace": {
        "user": {"id": "U0ELSEWHERE", "team_id": "T0OTHER"},
        "team": {"id": "T0OTHER"},
    },
    "somebody's id of another workspace": {"user": {"id": "U0OTHERS0", "team_id": "T0OTHER"}},
    "a bot": {"user": {"id": "U0CSIGN00", "team_id": "T0HARBOUR"}},
    "nobody we can look up": {"user": {"id": "", "team_id": ""}},
    "no actions": {"actions": []},
    "an action without a name": {"actions": [{"type": "button", "value": "x", "action_ts": "1"}]},
    "no container": {"container": {}, "channel": None},
    "two actions, of which the first is not ours": {
        "actions": [
            {"type": "button", "action_id": "x", "value": "x", "action_ts": "1"},
            {"type": "button", "action_id": "cs:approve", "value": "y", "action_ts": "1"},
        ]
    },
}


@pytest.mark.parametrize("name", [n for n in STRANGE_CLICKS if n != "no container"])
async def test_a_strange_click_decides_nothing(shared: Loop, name: str) -> None:
    card = await shared.card()
    dead = await shared.dead()
    answer = await _send(shared, _click(escalation_of(card), **STRANGE_CLICKS[name]))
    assert answer.status_code == (400 if "action" in name and "two" not in name else 200)
    await _untouched(shared, card)
    assert [d for d in await shared.dead() if d not in dead and d[0] != "send_answer"] == []


async def test_a_click_whose_place_is_unknown_is_still_somebody_s_decision(shared: Loop) -> None:
    """The Home tab has no channel: who presses is what counts, and that Slack says."""
    card = await shared.card()
    assert (
        await _send(shared, _click(escalation_of(card), **STRANGE_CLICKS["no container"]))
    ).status_code == 200
    await shared.now_shows(card, "Done: Jane Doe")


async def test_a_card_that_has_changed_since_it_was_shown_is_looked_at_again(shared: Loop) -> None:
    card = await shared.card()
    block, _ = find_element(card, "cs:approve")
    stale = block["block_id"][:-12] + "0" * 12
    about = escalation_of(card)
    await shared.stage.signed_click(OLIVIA, "cs:approve", about, nonce=f"stale-{about}", block_id=stale)
    told = await shared.stage.seen(OLIVIA, OLIVIAS, "The card has changed since it was shown to you")
    assert told["is_ephemeral"]
    await _untouched(shared, card)
    await shared.stage.press(OLIVIA, OLIVIAS, card, "cs:approve")
    await shared.now_shows(card, "Done: Jane Doe")


async def test_somebody_who_left_slack_decides_nothing(shared: Loop) -> None:
    card = await shared.card()
    users = shared.stage.slack.directory.users
    olivia = users.pop(OLIVIA)
    try:
        await shared.later(minutes=6)  # people are remembered for five
        assert (await _send(shared, _click(escalation_of(card)))).status_code == 200
        await _untouched(shared, card)
        refused = [e for e in await shared.entries() if e.kind == "click.refused"][-1]
        assert "members of this organisation" in (refused.payload or {})["reason"]
    finally:
        users[OLIVIA] = olivia
    await shared.later(minutes=6)
    await shared.stage.press(OLIVIA, OLIVIAS, card, "cs:approve")
    await shared.now_shows(card, "Done: Jane Doe")


@pytest.mark.parametrize("action", ["cs:undo", "cs:undo_rest", "cs:bring_back", "cs:fixed", "cs:open_card"])
@pytest.mark.parametrize("value", ["", "a b", "nonsense:01HZZZZZZZZZZZZZZZZZZZZZZZ", "x" * 300, UNKNOWN])
async def test_a_button_with_a_value_of_nobody_s_is_answered_and_changes_nothing(
    shared: Loop, action: str, value: str
) -> None:
    before = len(await shared.dead())
    answer = await shared.stage.signed_click(OLIVIA, action, value, nonce=f"{action}-{value[:9]}")
    assert answer.status_code == 200
    await shared.settled()
    assert len(await shared.dead()) == before


# Windows


WINDOWS = [ids.DEFER_VIEW, ids.EDIT_VIEW, ids.CHECKED_VIEW, ids.OVERRIDE_VIEW, ids.CANNOT_FIX_VIEW, "cs:none"]
CARRIED = {
    "nothing": "",
    "no JSON": "{",
    "another shape": "[]",
    "no fields": "{}",
    "a path": '{"escalation_id": "../../etc", "item_id": "../x", "edit_id": "a b"}',
    "too much": json.dumps({"escalation_id": "x" * 2900}),
}


@pytest.mark.parametrize("window", WINDOWS)
async def test_a_window_with_spoiled_contents_says_so(shared: Loop, window: str) -> None:
    card = await shared.card()
    for carried in CARRIED.values():
        answer = await _send(shared, _submission(window, carried, {}))
        assert (answer.status_code, answer.json()["response_action"]) == (200, "update"), (window, carried)
        assert has(answer.json()["view"], "no longer works", "Nothing was changed")
    await _untouched(shared, card)


# Words


async def _form(loop: Loop, card: Json) -> Json:
    await loop.stage.press(OLIVIA, OLIVIAS, card, "cs:edit")

    async def look() -> Json | None:
        views = await loop.stage.views(OLIVIA)
        return next((view for view in views if view["callback_id"] == ids.EDIT_VIEW), None)

    return await until(look, "the form")


@pytest.mark.parametrize(
    "details",
    [("x" * 2999) + "!", RTL * 20, "<!channel> <@U0MARA000> *bold* `code` &amp;", "a\n\n\nb"],
    ids=range(4),
)
async def test_whatever_somebody_writes_is_written_and_shown_harmlessly(shared: Loop, details: str) -> None:
    card = await shared.card()
    form = await _form(shared, card)
    answer = await shared.stage.enter(OLIVIA, form, details=details)
    assert answer["response_action"] == "push"

    async def look() -> Json | None:
        top = (await shared.stage.views(OLIVIA))[-1]
        return top if top["callback_id"] == ids.CHECKED_VIEW else None

    checked = await until(look, "the checked version")
    await shared.stage.enter(OLIVIA, checked, edit_reason="wrong_wording")
    done = await shared.now_shows(card, "Done: Jane Doe")
    [task] = await shared.stage.written_for(card, JANE)
    assert task["details"] == details, "the CRM has every character"
    assert "<!channel>" not in done["text"]


async def test_too_much_is_refused_where_it_was_typed(shared: Loop) -> None:
    card = await shared.card()
    form = await _form(shared, card)
    state = {"values": {}}
    for block in form["blocks"]:
        element = block.get("element")
        if element and element["type"] == "plain_text_input":
            entered = {"type": "plain_text_input", "value": "y" * 3001}
            state["values"][block["block_id"]] = {element["action_id"]: entered}
    held = shared.stage.slack.views.get(form["id"])
    answer = await _send(shared, _submission(ids.EDIT_VIEW, held.content["private_metadata"], state))
    assert (answer.status_code, answer.json()["response_action"]) == (200, "errors")
    await shared.stage.dismiss(OLIVIA, form)
    await _untouched(shared, card)


async def test_all_of_this_left_an_audit_that_verifies(shared: Loop) -> None:
    await shared.settled()
    await shared.verified()
