"""The message shortcut: the window holds the message, and what was entered is stored before it closes."""

from __future__ import annotations

import json

from bot.slack import ids
from bot.slack.shortcuts import NAME_SOMEBODY, SAY_SOMETHING
from handlers.commands import ChatUser, MessagePassedOn, ReplyAddress
from tests.slack.conftest import GENERAL, OLIVIA, Stage


async def test_a_message_is_passed_on(stage: Stage) -> None:
    written = await stage.act(OLIVIA, "act/message", channel=GENERAL, text="Jane & Tom rang: not now.")
    used = {"channel": GENERAL, "callback_id": ids.TRIAGE, "message_ts": written["ts"]}
    await stage.act(OLIVIA, "act/shortcut", **used)
    await stage.until(lambda: bool(stage.world.views.stack(OLIVIA)))
    [view] = stage.world.views.stack(OLIVIA)
    assert "Jane & Tom rang: not now." in str(view.content["blocks"])
    assert json.loads(view.content["private_metadata"]) == {"channel_id": GENERAL}

    async def submit(donor: str, words: str) -> dict[str, object]:
        values = {
            ids.DONOR_BLOCK: {ids.DONOR: {"type": "plain_text_input", "value": donor}},
            ids.WORDS_BLOCK: {ids.WORDS: {"type": "plain_text_input", "value": words}},
        }
        return await stage.act(OLIVIA, "act/view_submit", view_id=view.id, state={"values": values})

    assert (await submit(" ", "Not now."))["errors"] == {ids.DONOR_BLOCK: NAME_SOMEBODY}
    assert (await submit("Jane", " "))["errors"] == {ids.WORDS_BLOCK: SAY_SOMETHING}
    assert (await submit("Jane Doe", "Not now."))["ok"]
    [(stored, arrival)] = stage.inbox.arrived
    assert stored == MessagePassedOn(
        query="Jane Doe",
        text="Not now.",
        by=ChatUser(id=OLIVIA, team_id="T0HARBOUR"),
        reply_to=ReplyAddress(channel_id=GENERAL, user_id=OLIVIA),
    )
    assert arrival.kind == "slack.submission"


async def test_a_shortcut_that_is_not_ours_is_explained(stage: Stage) -> None:
    written = await stage.act(OLIVIA, "act/message", channel=GENERAL, text="Hello")
    used = {"channel": GENERAL, "callback_id": "other", "message_ts": written["ts"]}
    await stage.act(OLIVIA, "act/shortcut", **used)
    await stage.until(lambda: len(stage.messages(GENERAL, OLIVIA)) > 1)
    assert stage.inbox.arrived == []
