"""Slack as the handlers know it."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from datetime import datetime

from bot.slack.blocks import Message
from bot.slack.cards.cleanup import cleanup_message
from bot.slack.cards.escalation import escalation_message
from bot.slack.cards.home import home_view
from bot.slack.cards.pauses import paused_block
from bot.slack.cards.proposal import proposal_message
from bot.slack.cards.rendering import message, window
from bot.slack.cards.words import words_on
from bot.slack.channels import Channels
from bot.slack.chart_png import chart_png
from bot.slack.connection import SlackClients, Sleep
from bot.slack.failures import asked, told
from bot.slack.live import LiveAnswer, LostLive, go_live
from bot.slack.pacing import Pace
from bot.slack.people import People
from bot.slack.posts import Posts
from bot.slack.replies import Replies, is_direct
from handlers.commands import ReplyAddress
from handlers.outcomes import (
    CardStatus,
    CheckpointShown,
    CleanupShown,
    EscalationCard,
    HomeShown,
    Outcome,
    PolicyCard,
    Window,
)
from handlers.ports import Clock, Colleague, MessageRef, PerhapsTwice, Refused, ShownCard, Twin
from policy.chart_words import in_words
from policy.digest import Chart

log = logging.getLogger("countersign.slack")

GONE = "message_not_found"


class SlackChat:
    """The Chat port; every failure is Unavailable, Refused or, for posts, OutcomeUnknown."""

    def __init__(
        self,
        clients: SlackClients,
        *,
        clock: Clock,
        team_id: str | None = None,
        sleep: Sleep = asyncio.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        pace = Pace(sleep, clients.limits)
        self._reading, self._posting = clients.reading, clients.posting
        self._people = People(clients.reading, clock, team_id)
        self._channels = Channels(clients.reading, monotonic)
        self._posts = Posts(clients, pace, clock)
        self._replies = Replies(clients.posting, self._channels, pace, clock)

    async def colleague(self, user_id: str) -> Colleague | None:
        """Look somebody up by Slack user id."""
        return await self._people.by_id(user_id)

    async def colleague_by_email(self, email: str) -> Colleague | None:
        """Look somebody up by e-mail address."""
        return await self._people.by_email(email)

    async def direct_channel(self, user_id: str) -> str:
        """Return the channel id of the direct messages with somebody."""
        return await self._channels.direct(user_id)

    async def is_shared_outside(self, channel: str, *, lately: bool = False) -> bool | None:
        """Say whether people of other organisations can read the channel."""
        return await self._channels.is_shared_outside(channel, lately=lately)

    async def show_card(
        self,
        card: EscalationCard,
        status: CardStatus,
        at: MessageRef | None,
        channel: str,
        marker: str,
        retry_since: datetime | None,
    ) -> ShownCard:
        """Post the card, or bring the one *at* that place up to date."""
        shown = escalation_message(card, status)
        words = words_on(shown.blocks) - words_on(paused_block(status))
        if at is not None:
            return ShownCard(await self._update(shown, at, marker), words)
        return ShownCard(await self._post(shown, channel, marker, retry_since), words)

    async def find(self, channel: str, marker: str, since: datetime) -> MessageRef | None:
        """Return a message of ours in *channel* that was posted *since* then, if there is one."""
        return await self._posts.find(await self._channels.resolve(channel), marker, since)

    async def twins(self, of: PerhapsTwice) -> tuple[Twin, ...]:
        """Return all messages of ours that are the same."""
        return await self._posts.twins(of)

    async def take_away(self, outcome: Outcome, twin: Twin) -> str:
        """Delete a message of ours, or show *outcome* where Slack or those who answered it want it there."""
        log.warning("a message stands in slack twice")
        if not twin.is_answered:
            try:
                await self._posts.delete(twin.at)
            except Refused as refused:
                if refused.code == GONE:
                    raise
            else:
                return "deleted"
        await self._posts.update(_message(outcome, twin.at.channel_id), twin.at, "")
        return "replaced"

    async def show_cleanup(
        self,
        cleanup: CleanupShown,
        at: MessageRef | None,
        channel: str,
        marker: str,
        retry_since: datetime | None,
    ) -> MessageRef:
        """Post a record to put right, or bring the message *at* that place up to date."""
        shown = cleanup_message(cleanup)
        if at is not None:
            return await self._update(shown, at, marker)
        return await self._post(shown, channel, marker, retry_since)

    async def show_proposal(
        self,
        card: PolicyCard,
        at: MessageRef | None,
        channel: str,
        marker: str,
        retry_since: datetime | None,
    ) -> MessageRef:
        """Post the card of a proposed change of the rules, or bring the one *at* that place up to date."""
        shown = proposal_message(card)
        if at is not None:
            return await self._update(shown, at, marker)
        return await self._post(shown, channel, marker, retry_since)

    async def post(
        self,
        outcome: Outcome,
        channel: str,
        marker: str,
        retry_since: datetime | None,
        thread_ts: str | None = None,
    ) -> MessageRef:
        """Post an outcome for everybody in *channel*."""
        return await self._channels.in_channel(
            channel,
            lambda at: self._posts.post(_message(outcome, at), at, marker, retry_since, thread_ts),
            for_everybody=isinstance(outcome, CheckpointShown),
        )

    async def _post(
        self, shown: Message, channel: str, marker: str, retry_since: datetime | None
    ) -> MessageRef:
        return await self._channels.in_channel(
            channel, lambda at: self._posts.post(shown, at, marker, retry_since)
        )

    async def _update(self, shown: Message, at: MessageRef, marker: str) -> MessageRef:
        await self._channels.keep_inside(at.channel_id)
        return await self._posts.update(shown, at, marker)

    async def share_file(
        self, name: str, content: bytes, thread: MessageRef, retry_since: datetime | None
    ) -> None:
        """Put a file into the thread of a message."""
        await self._channels.keep_inside(thread.channel_id)
        await self._posts.share_file(name, content, thread, retry_since)

    async def share_chart(
        self, name: str, chart: Chart, thread: MessageRef, retry_since: datetime | None
    ) -> None:
        """Put a picture of a chart into the thread of a message."""
        await self._channels.keep_inside(thread.channel_id)
        picture = await asyncio.to_thread(chart_png, chart)
        await self._posts.share_file(name, picture, thread, retry_since, alt=in_words(chart))

    async def revise(self, outcome: Outcome, at: MessageRef, marker: str) -> None:
        """Bring a message of ours up to date."""
        await self._update(_message(outcome, at.channel_id), at, marker)

    async def permalink(self, at: MessageRef) -> str:
        """Return the address of a message."""
        where = {"channel": at.channel_id, "message_ts": at.ts}
        return await told(self._reading.api_call("chat.getPermalink", data=where), "permalink", kind=str)

    async def answer(
        self, outcome: Outcome, to: ReplyAddress, marker: str, retry_since: datetime | None
    ) -> MessageRef | None:
        """Answer one person privately, where they asked; return the message if it is one that stays."""
        shown = message(outcome, "direct" if is_direct(to.channel_id) else "ephemeral")
        return await self._replies.send(shown, to, marker, retry_since)

    async def go_live(
        self, to: ReplyAddress, stop_id: str, first_step: str, *, again: bool = False
    ) -> LiveAnswer | LostLive | None:
        """Begin to show an answer in the thread of direct messages, with a button that stops it."""
        if again:
            return LostLive(self._posting, to, stop_id, self._posts.twins)
        return await go_live(self._posting, to, stop_id, first_step, self._posts.twins)

    async def replace(self, outcome: Outcome, at: MessageRef) -> None:
        """Show *outcome* instead of a message of ours, or delete one that cannot be changed any more."""
        shown = _message(outcome, at.channel_id)
        try:
            await self._posts.update(shown, at, "")
        except Refused as refused:
            if refused.code == GONE:
                raise
            await self._posts.delete(at)

    async def publish_home(self, user_id: str, home: HomeShown) -> None:
        """Show somebody's Home tab."""
        body = {"user_id": user_id, "view": home_view(home)}
        await asked(self._reading.api_call("views.publish", json=body))

    async def fill_view(self, view_id: str, shown: Window) -> None:
        """Fill a modal that was opened with a waiting view."""
        body = {"view_id": view_id, "view": window(shown)}
        await asked(self._reading.api_call("views.update", json=body))

    async def fill_named_view(self, name: str, shown: Window) -> None:
        """Fill a modal known by the *name* that we gave it."""
        body = {"external_id": name, "view": window(shown) | {"external_id": name}}
        await asked(self._reading.api_call("views.update", json=body))


def _message(outcome: Outcome, channel_id: str) -> Message:
    return message(outcome, "direct" if is_direct(channel_id) else "channel")
