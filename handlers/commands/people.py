"""Who asks, and where the answer goes."""

from __future__ import annotations

from policy.value import Value


class ChatUser(Value):
    """Whoever typed or clicked, as Slack names them; authority is looked up, never taken from here."""

    id: str
    team_id: str = ""


class ReplyAddress(Value):
    """Where an answer goes: through *response_url* while it lives, else to the user or the thread.

    *at_ts* is a message of ours that the answer takes the place of.
    """

    channel_id: str
    user_id: str
    response_url: str | None = None
    thread_ts: str | None = None
    replace: bool = False
    at_ts: str | None = None
