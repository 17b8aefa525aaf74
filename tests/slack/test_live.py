"""An answer that is seen coming: a stream in Slack whose place the whole answer takes, whatever fails."""

from __future__ import annotations

import pytest

from bot.doubts import begin_noting
from handlers.commands import ReplyAddress
from handlers.outcomes import Notice
from handlers.ports import MessageRef
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
    assert live.at is not None
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
    assert live.at is not None
    await stage.clients.posting.api_call("chat.delete", json={"channel": to.channel_id, "ts": live.at.ts})
    await live.step("Asking")
    await live.close()
    there = await stage.chat.answer(
        Notice(text="Here it is."), to.model_copy(update={"at_ts": live.at.ts}), "m", None
    )
    assert there is not None
    assert there != live.at


@pytest.mark.parametrize("how", ["its answer is lost", "whoever began it dies"])
async def test_a_stream_that_nobody_knows_of_is_ended_and_the_answer_takes_its_place(
    stage: Stage, how: str
) -> None:
    to = await begun(stage)
    stage.fault(lost_replies=how == "its answer is lost")
    live = await stage.chat.go_live(to, "01KITEM", "Reading 2 gifts")
    stage.fault(lost_replies=False)
    if how == "whoever began it dies":
        live = await stage.chat.go_live(to, "01KITEM", "Reading 2 gifts", again=True)
    assert live is not None
    assert live.at is None
    await live.step("Asking the AI service")
    await live.say((EVIL,))
    [stream] = stage.world.messages.replies(to.channel_id, to.thread_ts, None)
    assert stream.stream is not None
    await live.close()
    assert live.at == MessageRef(to.channel_id, stream.ts)
    stopped = stage.world.messages.get(to.channel_id, stream.ts)
    assert stopped is not None
    assert stopped.stream is None
    there = await stage.chat.answer(
        Notice(text="Here it is."), to.model_copy(update={"at_ts": live.at.ts}), "m", None
    )
    assert there == live.at
    [answer] = stage.world.messages.replies(to.channel_id, to.thread_ts, None)
    assert "cs:stop" not in str(answer)


async def test_a_stream_that_slack_does_not_list_yet_is_looked_for_later(stage: Stage) -> None:
    noted, to = begin_noting(), await begun(stage)
    stage.fault(lost_replies=True, stale_history_s=3600)
    live = await stage.chat.go_live(to, "01KITEM", "Reading 2 gifts")
    stage.fault(lost_replies=False)
    assert live is not None
    await live.close()
    [doubt] = noted
    assert (live.at, doubt.ts) == (None, None)
    stage.fault(stale_history_s=0)
    [stream] = await stage.chat.twins(doubt)
    assert await stage.chat.take_away(Notice(text="Gone."), stream) == "deleted"
    assert stage.world.messages.replies(to.channel_id, to.thread_ts, None) == []


async def test_a_second_attempt_at_what_was_never_begun_notes_a_doubt_and_goes_on(stage: Stage) -> None:
    noted, to = begin_noting(), await begun(stage)
    live = await stage.chat.go_live(to, "01KITEM", "Reading 2 gifts", again=True)
    stage.fault(down=True)
    assert live is not None
    await live.close()
    stage.fault(down=False)
    assert (live.at, [doubt.marker for doubt in noted]) == (None, ["cs:stop:01KITEM"])
