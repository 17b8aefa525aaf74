"""An answer that its reader sees coming, in direct messages: steps, then verified sentences, and Stop."""

from __future__ import annotations

import logging
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from bot.slack import ids
from bot.slack.blocks import Block, actions, button, paragraph, plain_text, rich, said
from bot.slack.failures import asked, placed
from handlers.commands import ReplyAddress
from handlers.ports import MessageRef, OutcomeUnknown, Refused, Unavailable

log = logging.getLogger("countersign.slack")

STOP = "Stop"
LONGEST_STEP = 200
LONGEST_SENTENCE = 2900
_TROUBLE = (Unavailable, Refused, OutcomeUnknown)


class LiveAnswer:
    """A stream in Slack; what fails is logged and left out, since the whole answer follows anyway."""

    def __init__(self, client: AsyncWebClient, at: MessageRef, first: str) -> None:
        self._client = client
        self._at = at
        self._steps = [first]
        self._is_open = True

    @property
    def at(self) -> MessageRef:
        """The message that the answer is to take the place of."""
        return self._at

    async def step(self, title: str) -> None:
        """Say what is being done now; what was done before is done."""
        done = _task(len(self._steps), self._steps[-1], "complete")
        self._steps.append(title)
        await self._append([done, _task(len(self._steps), title, "in_progress")])

    async def say(self, sentences: tuple[str, ...]) -> None:
        """Show sentences that were verified, as plain text."""
        if sentences:
            await self._append([{"type": "blocks", "blocks": [_said(each) for each in sentences]}])

    async def close(self) -> None:
        """End the stream; the message stays."""
        await self._append([_task(len(self._steps), self._steps[-1], "complete")])
        if self._is_open:
            self._is_open = False
            await self._try("chat.stopStream", {})

    async def _append(self, chunks: list[dict[str, Any]]) -> None:
        if self._is_open:
            await self._try("chat.appendStream", {"chunks": chunks})

    async def _try(self, method: str, body: dict[str, Any]) -> None:
        place = {"channel": self._at.channel_id, "ts": self._at.ts}
        try:
            await asked(self._client.api_call(method, json=place | body))
        except _TROUBLE as trouble:
            self._is_open = False
            log.info("live answer interrupted", extra={"error": type(trouble).__name__})


async def go_live(
    client: AsyncWebClient, to: ReplyAddress, stop_id: str, first_step: str
) -> LiveAnswer | None:
    """Begin a stream in the thread of direct messages; None where Slack has none for us."""
    stop: Block = actions(f"cs:stop:{stop_id}", button(STOP, ids.STOP, stop_id))
    body = {
        "channel": to.channel_id,
        "thread_ts": to.thread_ts,
        "recipient_user_id": to.user_id,
        "chunks": [_task(1, first_step, "in_progress"), {"type": "blocks", "blocks": [stop]}],
    }
    try:
        begun = await placed(client.api_call("chat.startStream", json=body))
    except _TROUBLE as trouble:
        log.info("no live answer", extra={"error": type(trouble).__name__})
        return None
    return LiveAnswer(client, begun, first_step)


def _task(number: int, title: str, status: str) -> dict[str, Any]:
    shown = plain_text(title, LONGEST_STEP)["text"]
    return {"type": "task_update", "id": f"step-{number}", "title": shown, "status": status}


def _said(sentence: str) -> Block:
    return rich(paragraph(*said(sentence, LONGEST_SENTENCE)))
