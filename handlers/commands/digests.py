"""What managers ask for."""

from __future__ import annotations

from typing import Literal

from handlers.commands.people import ChatUser, ReplyAddress
from policy.value import Value


class DashboardRequested(Value):
    """Somebody wants to look at the dashboard."""

    type: Literal["dashboard"] = "dashboard"
    by: ChatUser
    reply_to: ReplyAddress


class DigestRequested(Value):
    """Somebody wants a digest now; *kind* is as they typed it."""

    type: Literal["digest_now"] = "digest_now"
    kind: str
    by: ChatUser
    reply_to: ReplyAddress
