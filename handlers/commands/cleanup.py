"""What people do with records to put right."""

from __future__ import annotations

from typing import Literal

from handlers.commands.people import ChatUser, ReplyAddress
from policy.value import Value


class CleanupFixed(Value):
    """A record that was sent back has been put right, somebody says."""

    type: Literal["cleanup_fixed"] = "cleanup_fixed"
    item_id: str
    by: ChatUser
    reply_to: ReplyAddress


class CleanupGivenUp(Value):
    """A record that was sent back cannot be put right, and *note* says why."""

    type: Literal["cleanup_given_up"] = "cleanup_given_up"
    item_id: str
    note: str
    by: ChatUser
    reply_to: ReplyAddress


class CleanupWaits(Value):
    """A record may have waited too long to be put right."""

    type: Literal["cleanup_waits"] = "cleanup_waits"
    item_id: str


class CleanupListRequested(Value):
    """Somebody wants to see which records wait to be put right."""

    type: Literal["cleanup_list"] = "cleanup_list"
    by: ChatUser
    reply_to: ReplyAddress
