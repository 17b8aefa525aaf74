"""An answer that is seen coming: a stream in Slack whose place the whole answer takes, whatever fails."""

from __future__ import annotations

from handlers.commands import ReplyAddress
from handlers.outcomes import Notice
from tests.slack.conftest import OLIVIA, Stage

EVIL = "*Bold* <https://evil.example|Click> & <!channel> gave $5."


async def begun(stage: Stage) -> ReplyAddress:
    channel = await stage.chat.direct_channel(OLIVIA)
    written = await stage.act(OLIVIA, "act/message", channel=channel, text="Jane Doe")
    return ReplyAddress(channel_id=channel, user_id=OLIVIA, thread_ts=written["ts"])


async def test_steps_then_sentences_then_the_answer_in_the_same_place(stage: Stage) -> None:
    to = await begun(stage)
    live = await stage.chat.go_live(to, "01KITEM", "Reading 2 gifts")
    assert live is not None
    await live.step("Asking the AI service")
    await live.say((EVIL,))
    shown = str(stage.world.messages.get(to.channel_id, live.at.ts))
    assert "Reading 2 gifts" in shown
    assert "'value': '01KITEM'" in shown
    assert repr(EVIL)[1:-1] in shown
    assert "mrkdwn" not in shown
    await live.close()
    there = await stage.chat.answer(
        Notice(text="Here it is."), to.model_copy(update={"at_ts": live.at.ts}), "m", None
    )
    assert there == live.at
    assert "Reading 2 gifts" not in str(stage.world.messages.get(to.channel_id, live.at.ts))


async def test_a_slack_that_fails_loses_the_show_and_not_the_answer(stage: Stage) -> None:
    to = await begun(stage)
    assert await stage.chat.go_live(to.model_copy(update={"thread_ts": "1.1"}), "01KITEM", "Reading") is None
    live = await stage.chat.go_live(to, "01KITEM", "Reading")
    assert live is not None
    await stage.clients.posting.api_call("chat.delete", json={"channel": to.channel_id, "ts": live.at.ts})
    await live.step("Asking")
    await live.close()
    there = await stage.chat.answer(
        Notice(text="Here it is."), to.model_copy(update={"at_ts": live.at.ts}), "m", None
    )
    assert there is not None
    assert there != live.at
