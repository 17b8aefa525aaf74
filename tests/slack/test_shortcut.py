"""The message shortcut: donors are offered while somebody types, and what was entered is stored."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from bot.slack import ids
from bot.slack.shortcuts import CHOOSE_SOMEBODY, SAY_SOMETHING
from bot.slack.suggesting import NO_CHOICE, NOT_ANSWERING, Suggesting
from handlers.admission import NOT_A_MEMBER
from handlers.commands import ChatUser, MessagePassedOn, ReplyAddress
from handlers.ports import Unavailable
from policy.donor import DonorMatch
from tests.slack.conftest import GENERAL, OLIVIA, Door, Stage

JANE = DonorMatch(id="donor-0001", name="Jane Doe", city="Portland", email="jane@doe.example")
NAMESAKE = DonorMatch(id="donor-0002", name="Jane Doe" + " of the Long Name" * 9, owner_id="staff-olivia")
ENDLESS = DonorMatch(id="d" * 151, name="Jane Doe")
SELECT = {"block_id": ids.DONOR_BLOCK, "action_id": ids.DONOR}


async def opened(stage: Stage, text: str = "Jane & Tom rang: not now.") -> Any:
    written = await stage.act(OLIVIA, "act/message", channel=GENERAL, text=text)
    used = {"channel": GENERAL, "callback_id": ids.TRIAGE, "message_ts": written["ts"]}
    await stage.act(OLIVIA, "act/shortcut", **used)
    await stage.until(lambda: bool(stage.world.views.stack(OLIVIA)))
    [view] = stage.world.views.stack(OLIVIA)
    return view


async def offered(stage: Stage, view: Any, typed: str) -> list[dict[str, Any]]:
    told = await stage.act(OLIVIA, "act/suggest", view_id=view.id, action=SELECT, value=typed)
    return list(told["options"])


async def submit(stage: Stage, view: Any, option: object, words: str) -> dict[str, Any]:
    values = {
        ids.DONOR_BLOCK: {ids.DONOR: {"type": "external_select", "selected_option": option}},
        ids.WORDS_BLOCK: {ids.WORDS: {"type": "plain_text_input", "value": words}},
    }
    return await stage.act(OLIVIA, "act/view_submit", view_id=view.id, state={"values": values})


async def test_a_message_is_passed_on_about_the_donor_that_was_chosen(stage: Stage) -> None:
    view = await opened(stage)
    assert "Jane & Tom rang: not now." in str(view.content["blocks"])
    assert json.loads(view.content["private_metadata"]) == {"channel_id": GENERAL}
    assert await offered(stage, view, "J") == []
    assert stage.inbox.sought == []
    stage.inbox.donors = (JANE, NAMESAKE, ENDLESS)
    [jane, namesake] = await offered(stage, view, "  Jane\n D")
    assert stage.inbox.sought == [("Jane D", OLIVIA)]
    assert (jane["value"], jane["text"]["text"].strip("\u2068\u2069")) == ("donor-0001", "Jane Doe, Portland")
    assert jane["description"]["text"] == "donor-0001"
    assert namesake["value"] == "donor-0002"
    assert "jane@doe.example" not in str((jane, namesake))

    assert (await submit(stage, view, None, "Not now."))["errors"][ids.DONOR_BLOCK]
    assert (await submit(stage, view, jane, " "))["errors"] == {ids.WORDS_BLOCK: SAY_SOMETHING}
    assert (await submit(stage, view, jane, "Not now."))["ok"]
    [(stored, arrival)] = stage.inbox.arrived
    assert stored == MessagePassedOn(
        donor_id="donor-0001",
        text="Not now.",
        by=ChatUser(id=OLIVIA, team_id="T0HARBOUR"),
        reply_to=ReplyAddress(channel_id=GENERAL, user_id=OLIVIA),
    )
    assert arrival.kind == "slack.submission"


@pytest.mark.parametrize(
    ("trouble", "said"),
    [
        (Unavailable("crm", "timeout"), NOT_ANSWERING),
        (NOT_A_MEMBER, NOT_A_MEMBER.text),
        (RuntimeError("jane@doe.example"), "Something went wrong on our side, reference k7f3"),
    ],
    ids=["CRM down", "guest", "unexpected"],
)
async def test_why_nobody_is_offered_is_said_and_cannot_be_chosen(
    stage: Stage, trouble: Any, said: str
) -> None:
    view = await opened(stage)
    if isinstance(trouble, Exception):
        stage.inbox.fails = trouble
    else:
        stage.inbox.donors = trouble
    [line] = await offered(stage, view, "Jane")
    assert line["value"] == NO_CHOICE
    assert said[:70] in line["text"]["text"]
    stage.inbox.fails = None
    refused = await submit(stage, view, line, "Not now.")
    assert refused["errors"] == {ids.DONOR_BLOCK: CHOOSE_SOMEBODY}
    assert stage.inbox.arrived == []


async def test_a_crm_that_dawdles_does_not_keep_slack_waiting() -> None:
    async def never(_typed: str, _by: ChatUser) -> tuple[DonorMatch, ...]:
        await asyncio.Event().wait()
        return ()

    asked = {"action_id": ids.DONOR, "value": "Jane", "user": {"id": OLIVIA}}
    [line] = await Suggesting(never, answer_seconds=0.01).asked(asked)
    assert line["text"]["text"] == NOT_ANSWERING


@pytest.mark.parametrize("changed", [{"action_id": "other"}, {"user": None}])
async def test_what_is_asked_for_a_field_that_is_not_ours_is_answered_in_words(
    door: Door, changed: dict[str, Any]
) -> None:
    payload = {"type": "block_suggestion", **SELECT, "value": "Jane", "user": {"id": OLIVIA}} | changed
    answer = await door.interaction(payload)
    assert answer.status_code == 200
    [line] = answer.json()["options"]
    assert line["value"] == NO_CHOICE
    assert door.inbox.sought == []


async def test_a_window_from_before_donors_were_chosen_from_a_list_says_so(stage: Stage) -> None:
    view = await opened(stage)
    state = {ids.DONOR_BLOCK: {ids.DONOR: {"type": "plain_text_input", "value": "Jane Doe"}}}
    old = {
        "id": view.id,
        "type": "modal",
        "hash": "1",
        "callback_id": ids.TRIAGE_VIEW,
        "state": {"values": state},
    }
    old["private_metadata"] = json.dumps({"channel_id": GENERAL})
    payload = {"type": "view_submission", "user": {"id": OLIVIA}, "team": {"id": "T0HARBOUR"}, "view": old}
    answer = await stage.door.interaction(payload)
    assert answer.json()["response_action"] == "update"
    assert "older version" in answer.text
    assert stage.inbox.arrived == []


async def test_a_shortcut_that_is_not_ours_is_explained(stage: Stage) -> None:
    written = await stage.act(OLIVIA, "act/message", channel=GENERAL, text="Hello")
    used = {"channel": GENERAL, "callback_id": "other", "message_ts": written["ts"]}
    await stage.act(OLIVIA, "act/shortcut", **used)
    await stage.until(lambda: len(stage.messages(GENERAL, OLIVIA)) > 1)
    assert stage.inbox.arrived == []
