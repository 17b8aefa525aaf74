"""Going away and coming back."""

from __future__ import annotations

from typing import Literal

from handlers.commands.people import ChatUser, ReplyAddress
from policy.value import Value


class AwayRequested(Value):
    """Somebody says when they are away and who decides meanwhile; without words they want to know.

    *delegates* are the Slack user ids they mentioned, *delegate_name* is what they wrote where Slack made no
    mention of it.
    """

    type: Literal["away"] = "away"
    words: str = ""
    delegates: tuple[str, ...] = ()
    delegate_name: str = ""
    by: ChatUser
    reply_to: ReplyAddress


class BackRequested(Value):
    """Somebody is back; with *absence_id* they call off that absence alone."""

    type: Literal["back"] = "back"
    absence_id: str | None = None
    by: ChatUser
    reply_to: ReplyAddress


class AbsenceBegan(Value):
    """Somebody's absence begins."""

    type: Literal["absence_began"] = "absence_began"
    absence_id: str


class AbsenceEnded(Value):
    """Somebody's absence is over."""

    type: Literal["absence_ended"] = "absence_ended"
    absence_id: str
