"""The whole way round: a person in Slack, the adapter, and back."""

from __future__ import annotations

from typing import Any

from bot.slack import ids
from bot.slack.arrival import Arrival
from handlers.commands import ApprovalClicked, ChatUser, DeferralClicked, SummaryRequested
from handlers.ports import MessageRef
from tests.slack.conftest import FIONA, GENERAL, OLIVIA, PORTFOLIO, Stage
from tests.slack.samples import CARD, EXECUTED, OPEN, SUMMARY


async def show(stage: Stage) -> MessageRef:
    return (await stage.chat.show_card(CARD, OPEN, None, "#portfolio-olivia", "marker-1", None)).at


def decision(stage: Stage) -> dict[str, Any]:
    return next(b for b in stage.messages(PORTFOLIO)[-1].blocks if b["type"] == "actions")


async def test_a_command_is_stored_and_answered(stage: Stage) -> None:
    await stage.act(FIONA, "act/command", channel=GENERAL, command="/donor", text="summary Jane & Co")
    command, arrival = await stage.inbox.first()
    assert isinstance(command, SummaryRequested)
    assert command.query == "Jane & Co"
    assert command.by == ChatUser(id=FIONA, team_id="T0HARBOUR")
    assert arrival.kind == "slack.command"
    before = len(stage.messages(GENERAL, FIONA))
    await stage.chat.answer(SUMMARY, command.reply_to, "m", None)
    [answer] = stage.messages(GENERAL, FIONA)[before:]
    assert (answer.visible_to, answer.text) == (FIONA, "Summary of Jane Doe")


async def test_a_card_is_approved_with_one_press(stage: Stage) -> None:
    at = await show(stage)
    row = decision(stage)
    await stage.act(
        OLIVIA,
        "act/block",
        channel=PORTFOLIO,
        message_ts=at.ts,
        action={"block_id": row["block_id"], "action_id": ids.APPROVE},
    )
    command, arrival = await stage.inbox.first()
    assert isinstance(command, ApprovalClicked)
    assert (command.escalation_id, command.by.id) == ("01KESC", OLIVIA)
    assert arrival == Arrival(arrival.dedupe_key, "slack.click", "01KESC", 10)
    assert (await stage.chat.show_card(CARD, EXECUTED, at, PORTFOLIO, "marker-1", None)).at == at
    [card] = stage.messages(PORTFOLIO)
    assert card.text == "Done: Jane Doe"
    pressable = [e["action_id"] for b in card.blocks if b["type"] == "actions" for e in b["elements"]]
    assert pressable == [ids.UNDO, ids.READ_IN_FULL, ids.EVIDENCE]


async def test_a_decision_is_put_off_from_the_menu(stage: Stage) -> None:
    at = await show(stage)
    row = decision(stage)
    menu = next(e for e in row["elements"] if e["action_id"] == ids.MORE)
    chosen = next(o for o in menu["options"] if o["value"].startswith("next_business_day"))
    await stage.act(
        OLIVIA,
        "act/block",
        channel=PORTFOLIO,
        message_ts=at.ts,
        action={"block_id": row["block_id"], "action_id": ids.MORE, "selected_option": chosen},
    )
    command, _ = await stage.inbox.first()
    assert isinstance(command, DeferralClicked)
    assert (command.preset, command.escalation_id, command.day) == ("next_business_day", "01KESC", None)
