"""Messages for later."""

from __future__ import annotations

import asyncio
from dataclasses import asdict, dataclass

from bot.sandbox.journal import Journal
from bot.sandbox.slack.background import Background
from bot.sandbox.slack.board import Board
from bot.sandbox.slack.messages import Message
from bot.sandbox.slack.mint import Mint
from bot.sandbox.slack.shapes import Clock


@dataclass(frozen=True, slots=True)
class Scheduled:
    """A message and when to post it, in seconds since 1970 (UTC)."""

    id: str
    post_at: int
    message: Message


class Schedule:
    """Holds messages until their time, across restarts."""

    def __init__(
        self, clock: Clock, mint: Mint, journal: Journal, board: Board, background: Background
    ) -> None:
        self._clock = clock
        self._mint = mint
        self._journal = journal
        self._board = board
        self._background = background
        self._waiting: dict[str, Scheduled] = {}

    def resume(self) -> None:
        """Take up what an earlier process had not posted."""
        for document in self._journal.load("scheduled").values():
            message = Message(**document["message"])
            self._wait_for(Scheduled(document["id"], document["post_at"], message))

    def add(self, message: Message, post_at: int) -> Scheduled:
        """Post *message* at that time."""
        scheduled = Scheduled(self._mint.id("Q"), post_at, message)
        self._journal.put("scheduled", scheduled.id, asdict(scheduled))
        self._wait_for(scheduled)
        return scheduled

    def cancel(self, scheduled_id: str) -> bool:
        """Give up a waiting message; False when there is none."""
        self._journal.delete("scheduled", scheduled_id)
        return self._waiting.pop(scheduled_id, None) is not None

    def waiting(self) -> list[Scheduled]:
        """What is still to be posted."""
        return list(self._waiting.values())

    def _wait_for(self, scheduled: Scheduled) -> None:
        self._waiting[scheduled.id] = scheduled
        self._background.spawn(self._post_in_time(scheduled))

    async def _post_in_time(self, scheduled: Scheduled) -> None:
        await asyncio.sleep(max(0.0, scheduled.post_at - self._clock().timestamp()))
        if self._waiting.pop(scheduled.id, None) is not None:
            self._board.post(scheduled.message)
            self._journal.delete("scheduled", scheduled.id)
