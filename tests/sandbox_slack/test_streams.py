"""Streaming answers through the SDK's own helper."""

from __future__ import annotations

from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.models.messages.chunk import MarkdownTextChunk, PlanUpdateChunk, TaskUpdateChunk

FIONA = "U0FIONA00"
FEEDBACK = {
    "type": "context_actions",
    "block_id": "fb",
    "elements": [
        {
            "type": "feedback_buttons",
            "action_id": "feedback",
            "positive_button": {"text": {"type": "plain_text", "text": "Good"}, "value": "1"},
            "negative_button": {"text": {"type": "plain_text", "text": "Bad"}, "value": "0"},
        }
    ],
}


async def test_a_stream_grows_and_ends_with_blocks(start: Any) -> None:
    bench = await start()
    fiona = await bench.page(FIONA)
    ts = (await fiona.act("act/message", channel="D0FIONA00", text="Who is Jane?"))["ts"]
    await bench.client.assistant_threads_setStatus(
        channel_id="D0FIONA00", thread_ts=ts, status="is looking…", loading_messages=["Reading gifts"]
    )
    assert await fiona.hear("status") == {
        "channel": "D0FIONA00",
        "thread_ts": ts,
        "status": "is looking…",
        "loading_messages": ["Reading gifts"],
    }
    stream = await bench.client.chat_stream(channel="D0FIONA00", thread_ts=ts, buffer_size=4)
    await stream.append(markdown_text="**Jane** ")
    started = (await fiona.hear("message", lambda data: bool(data["message"].get("streaming"))))["message"]
    assert (started["text"], started["thread_ts"]) == ("**Jane** ", ts)
    await stream.append(chunks=[PlanUpdateChunk(title="Look up")])
    await stream.append(chunks=[TaskUpdateChunk(id="1", title="CRM", status="complete", details="12 gifts")])
    stopped = await stream.stop(markdown_text="gave.", blocks=[FEEDBACK])
    blocks = stopped["message"]["blocks"]
    assert [block["type"] for block in blocks] == ["plan", "markdown", "context_actions"]
    assert (blocks[0]["title"], blocks[0]["tasks"][0]["title"]) == ("Look up", "CRM")
    assert blocks[1]["text"] == "**Jane** gave."
    shown = (await fiona.get("thread", channel="D0FIONA00", thread_ts=ts))["messages"]
    assert [message.get("streaming", False) for message in shown] == [False, False]
    assert await fiona.hear("status", lambda data: data["status"] == "") is not None


async def test_a_stream_dies_after_five_minutes_and_is_recovered_by_an_update(start: Any) -> None:
    bench = await start()
    parent = await bench.client.chat_postMessage(channel="C0GENERAL", text="x")
    stream = await bench.client.chat_stream(
        channel="C0GENERAL",
        thread_ts=parent["ts"],
        recipient_user_id=FIONA,
        recipient_team_id="T0HARBOUR",
        buffer_size=1,
    )
    await stream.append(markdown_text="Half an ans")
    with pytest.raises(SlackApiError, match="streaming_state_conflict"):
        await bench.client.chat_update(channel="C0GENERAL", ts=stream.ts, text="x")
    bench.clock.advance(301)
    with pytest.raises(SlackApiError, match="message_not_in_streaming_state"):
        await stream.append(markdown_text="wer")
    with pytest.raises(SlackApiError, match="message_not_in_streaming_state"):
        await stream.stop()
    whole = await bench.client.chat_update(channel="C0GENERAL", ts=stream.ts, markdown_text="A whole answer")
    assert [block["text"] for block in whole["message"]["blocks"]] == ["A whole answer"]


async def test_streams_in_channels_need_a_recipient(start: Any) -> None:
    bench = await start()
    parent = await bench.client.chat_postMessage(channel="C0GENERAL", text="x")
    with pytest.raises(SlackApiError, match="missing_recipient_user_id"):
        await bench.client.chat_startStream(channel="C0GENERAL", thread_ts=parent["ts"])
    with pytest.raises(SlackApiError, match="invalid_chunks"):
        await bench.client.chat_startStream(
            channel="C0GENERAL",
            thread_ts=parent["ts"],
            recipient_user_id=FIONA,
            recipient_team_id="T0HARBOUR",
            chunks=[{"type": "dance"}],
        )
    with pytest.raises(SlackApiError, match="msg_too_long"):
        await bench.client.chat_startStream(
            channel="C0GENERAL",
            thread_ts=parent["ts"],
            recipient_user_id=FIONA,
            recipient_team_id="T0HARBOUR",
            chunks=[MarkdownTextChunk(text="x" * 12_001)],
        )


async def test_prompts_and_sessions(start: Any) -> None:
    bench = await start()
    fiona = await bench.page(FIONA)
    prompts = [{"title": "Next steps", "message": "What should I do today?"}]
    await bench.client.assistant_threads_setSuggestedPrompts(channel_id="D0FIONA00", prompts=prompts)
    assert (await fiona.hear("prompts"))["prompts"] == prompts
    assert (await fiona.get("boot"))["prompts"]["prompts"] == prompts
    with pytest.raises(SlackApiError, match="invalid_arguments"):
        await bench.client.assistant_threads_setSuggestedPrompts(channel_id="D0FIONA00", prompts=prompts * 5)
    await bench.client.agents_sessions_setStatus(channel_id="D0FIONA00", status="processing", title="Jane")
    await bench.client.agents_sessions_rename(channel_id="D0FIONA00", title="Jane Doe")
    assert (await fiona.hear("status"))["status"] == "is working…"
