"""Slack as handlers need it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from handlers.commands import ReplyAddress
    from handlers.outcomes import (
        CardStatus,
        CleanupShown,
        EscalationCard,
        HomeShown,
        Outcome,
        PolicyCard,
        Window,
    )
    from policy.digest import Chart


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody in Slack, as Slack vouches for them."""

    id: str
    name: str
    email: str
    time_zone: str
    is_full_member: bool


@dataclass(frozen=True, slots=True)
class MessageRef:
    """A message in Slack."""

    channel_id: str
    ts: str


@dataclass(frozen=True, slots=True)
class ShownCard:
    """A decision's message in Slack, with how many words there are to read, without a pause's line."""

    at: MessageRef
    words: int


@dataclass(frozen=True, slots=True)
class PerhapsTwice:
    """A message that may be there besides the one at *ts*, or with *ts* None though none is to be there.

    Whatever of ours bears *marker* in the conversation, *since* then by Slack's clock, is the same message.
    With *found* nothing was posted anew: of the one that was taken for it there may be another.
    """

    channel_id: str
    ts: str | None
    marker: str
    since: datetime
    thread_ts: str | None = None
    found: bool = False


@dataclass(frozen=True, slots=True)
class Twin:
    """One of the messages with the same marker, and whether people have answered it."""

    at: MessageRef
    is_answered: bool


class Live(Protocol):
    """An answer that its reader sees coming; what cannot be shown is left out, and never raises."""

    @property
    def at(self) -> MessageRef | None:
        """The message that the answer is to take the place of; None while there is none, or none is known."""
        ...

    async def step(self, title: str) -> None:
        """Say what is being done now; what was done before is done."""
        ...

    async def say(self, sentences: tuple[str, ...]) -> None:
        """Show sentences that were verified."""
        ...

    async def close(self) -> None:
        """End it; the message stays."""
        ...


class Chat(Protocol):
    """Slack. A *marker* names a message of ours, so that a post with a lost answer is found, not repeated."""

    async def colleague(self, user_id: str) -> Colleague | None:
        """Look somebody up by Slack user id; None when there is no such active person."""
        ...

    async def colleague_by_email(self, email: str) -> Colleague | None:
        """Look somebody up by e-mail address; None when they have no Slack account."""
        ...

    async def direct_channel(self, user_id: str) -> str:
        """Return the channel id of the direct messages with somebody."""
        ...

    async def is_shared_outside(self, channel: str, *, lately: bool = False) -> bool | None:
        """Say whether people of other organisations can read the channel; None when it cannot be told.

        With *lately*, what was found a moment ago will do.
        """
        ...

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
        ...

    async def find(self, channel: str, marker: str, since: datetime) -> MessageRef | None:
        """Return a message of ours that an attempt *since* then may have posted, if there is one."""
        ...

    async def twins(self, of: PerhapsTwice) -> tuple[Twin, ...]:
        """Return every message of ours that is the same, as far as Slack lists them by now."""
        ...

    async def take_away(self, outcome: Outcome, twin: Twin) -> str:
        """Delete a message of ours, or show *outcome* instead where it must stay; return which it was.

        Raises Refused when Slack lets neither be done.
        """
        ...

    async def show_cleanup(
        self,
        cleanup: CleanupShown,
        at: MessageRef | None,
        channel: str,
        marker: str,
        retry_since: datetime | None,
    ) -> MessageRef:
        """Post a record to put right, or bring the message *at* that place up to date."""
        ...

    async def show_proposal(
        self,
        card: PolicyCard,
        at: MessageRef | None,
        channel: str,
        marker: str,
        retry_since: datetime | None,
    ) -> MessageRef:
        """Post the card of a proposed change of the rules, or bring the one *at* that place up to date."""
        ...

    async def post(
        self,
        outcome: Outcome,
        channel: str,
        marker: str,
        retry_since: datetime | None,
        thread_ts: str | None = None,
    ) -> MessageRef:
        """Post an outcome for everybody in *channel*."""
        ...

    async def revise(self, outcome: Outcome, at: MessageRef, marker: str) -> None:
        """Bring a message of ours up to date; raises Refused when it is gone."""
        ...

    async def share_file(
        self, name: str, content: bytes, thread: MessageRef, retry_since: datetime | None
    ) -> None:
        """Put a file into the thread of a message, once; raises Refused where files are not taken."""
        ...

    async def share_chart(
        self, name: str, chart: Chart, thread: MessageRef, retry_since: datetime | None
    ) -> None:
        """Put a picture of a chart into the thread, once, with its values as the text alternative."""
        ...

    async def permalink(self, at: MessageRef) -> str:
        """Return the address of a message; raises Refused when it has none."""
        ...

    async def answer(
        self, outcome: Outcome, to: ReplyAddress, marker: str, retry_since: datetime | None
    ) -> MessageRef | None:
        """Answer one person privately, where they asked; return the message if it is one that stays."""
        ...

    async def go_live(
        self, to: ReplyAddress, stop_id: str, first_step: str, *, again: bool = False
    ) -> Live | None:
        """Begin to show an answer in the thread of direct messages, with a button that stops it.

        Not *again*: that only ends what an attempt before has begun.
        """
        ...

    async def replace(self, outcome: Outcome, at: MessageRef) -> None:
        """Show *outcome* instead of a message of ours, or delete one that cannot be changed any more.

        Raises Refused when it is gone, or stays as it is.
        """
        ...

    async def publish_home(self, user_id: str, home: HomeShown) -> None:
        """Show somebody's Home tab."""
        ...

    async def fill_view(self, view_id: str, shown: Window) -> None:
        """Fill a modal that was opened with a waiting view; raises Refused when it was closed meanwhile."""
        ...

    async def fill_named_view(self, name: str, shown: Window) -> None:
        """Fill a modal known by the *name* that we gave it; raises Refused while it is not there yet."""
        ...
