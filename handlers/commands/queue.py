"""What people do with all that waits for them at once."""

from __future__ import annotations

from typing import Literal

from handlers.commands.people import ChatUser, ReplyAddress
from policy.value import Value


class HomeOpened(Value):
    """Somebody opened the app's Home tab."""

    type: Literal["home"] = "home"
    by: ChatUser


class GroupingDue(Value):
    """A channel's list of decisions that have no card of their own is to be posted."""

    type: Literal["grouping_due"] = "grouping_due"
    route: str
    decider_email: str | None = None


class GroupedDueSoon(Value):
    """A decision that is only a line in a list has a day left."""

    type: Literal["grouped_due_soon"] = "grouped_due_soon"
    escalation_id: str


class InformDue(Value):
    """A channel is to hear of a decision that the rules have it informed of, with all others by then."""

    type: Literal["inform_due"] = "inform_due"
    escalation_id: str
    channel: str


class CardWanted(Value):
    """Somebody wants a decision of a list as a card."""

    type: Literal["card_wanted"] = "card_wanted"
    escalation_id: str
    by: ChatUser
    reply_to: ReplyAddress


class TogetherRequested(Value):
    """Somebody wants to approve several small decisions at once; *source* is a list's id, or where they are.

    *view_id* is the modal already open and waiting.
    """

    type: Literal["together"] = "together"
    source: str
    view_id: str
    by: ChatUser
    reply_to: ReplyAddress


class ChosenItem(Value):
    """One decision as it was listed, at its *revision* then."""

    escalation_id: str
    revision: int


class TogetherApproved(Value):
    """Somebody approved several decisions with one press."""

    type: Literal["together_approved"] = "together_approved"
    chosen: tuple[ChosenItem, ...]
    by: ChatUser
    reply_to: ReplyAddress


class QueueRequested(Value):
    """Somebody wants to see what waits for them, *page* by page from 0."""

    type: Literal["queue"] = "queue"
    page: int = 0
    by: ChatUser
    reply_to: ReplyAddress
