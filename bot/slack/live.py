"""An answer that its reader sees coming, in direct messages: steps, then verified sentences, and Stop."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from bot.doubts import note
from bot.slack import ids
from bot.slack.blocks import Block, actions, button, paragraph, plain_text, rich, said
from bot.slack.failures import asked, placed
from handlers.commands import ReplyAddress
from handlers.ports import MessageRef, OutcomeUnknown, PerhapsTwice, Refused, Twin, Unavailable

log = logging.getLogger("countersign.slack")

STOP = "Stop"
LONGEST_STEP = 200
LONGEST_SENTENCE = 2900
_TROUBLE = (Unavailable, Refused, OutcomeUnknown)

FindTwins = Callable[[PerhapsTwice], Awaitable[tuple[Twin, ...]]]


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
        await _stop(self._client, self._at)

    async def _append(self, chunks: list[dict[str, Any]]) -> None:
        if self._is_open:
            self._is_open = await _tried(self._client, "chat.appendStream", self._at, {"chunks": chunks})


class LostLive:
    """A stream that an attempt before has left, or of which Slack did not say whether it began.

    Nothing is shown in it any more. It is looked for when the answer is there, to give that its place.
    """

    def __init__(self, client: AsyncWebClient, to: ReplyAddress, stop_id: str, find: FindTwins) -> None:
        self._client, self._find = client, find
        asked_at = datetime.fromtimestamp(float(to.thread_ts or 0), UTC)
        self._perhaps = PerhapsTwice(to.channel_id, None, _stop_block(stop_id), asked_at, to.thread_ts)
        self._at: MessageRef | None = None

    @property
    def at(self) -> MessageRef | None:
        """The message that the answer is to take the place of, once it is found."""
        return self._at

    async def step(self, title: str) -> None:
        """Show nothing."""

    async def say(self, sentences: tuple[str, ...]) -> None:
        """Show nothing."""

    async def close(self) -> None:
        """End the stream if it is there; one that is not listed yet is taken away later."""
        try:
            found = await self._find(self._perhaps)
        except _TROUBLE as trouble:
            log.info("live answer not looked for", extra={"error": type(trouble).__name__})
            found = ()
        for twin in found:
            self._at = twin.at
            await _stop(self._client, twin.at)
        if not found:
            note(self._perhaps)


async def go_live(
    client: AsyncWebClient, to: ReplyAddress, stop_id: str, first_step: str, find: FindTwins
) -> LiveAnswer | LostLive | None:
    """Begin a stream in the thread of direct messages; None where Slack has none for us."""
    stop: Block = actions(_stop_block(stop_id), button(STOP, ids.STOP, stop_id))
    body = {
        "channel": to.channel_id,
        "thread_ts": to.thread_ts,
        "recipient_user_id": to.user_id,
        "chunks": [_task(1, first_step, "in_progress"), {"type": "blocks", "blocks": [stop]}],
    }
    try:
        begun = await placed(client.api_call("chat.startStream", json=body))
    except OutcomeUnknown:
        log.info("live answer lost")
        return LostLive(client, to, stop_id, find)
    except (Unavailable, Refused) as trouble:
        log.info("no live answer", extra={"error": type(trouble).__name__})
        return None
    return LiveAnswer(client, begun, first_step)


async def _stop(client: AsyncWebClient, at: MessageRef) -> None:
    """End a stream; asked a second time where the first answer was lost, Slack refuses."""
    if not await _tried(client, "chat.stopStream", at, {}):
        await _tried(client, "chat.stopStream", at, {})


async def _tried(client: AsyncWebClient, method: str, at: MessageRef, body: dict[str, Any]) -> bool:
    """Say whether Slack did it; what it did not is left out."""
    place = {"channel": at.channel_id, "ts": at.ts}
    try:
        await asked(client.api_call(method, json=place | body))
    except _TROUBLE as trouble:
        log.info("live answer interrupted", extra={"error": type(trouble).__name__})
        return False
    return True


def _stop_block(stop_id: str) -> str:
    """Name the block with the button that stops an answer; by it the message is known."""
    return f"cs:stop:{stop_id}"


def _task(number: int, title: str, status: str) -> dict[str, Any]:
    shown = plain_text(title, LONGEST_STEP)["text"]
    return {"type": "task_update", "id": f"step-{number}", "title": shown, "status": status}


def _said(sentence: str) -> Block:
    return rich(paragraph(*said(sentence, LONGEST_SENTENCE)))
