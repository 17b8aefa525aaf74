"""A workspace as its parts: conversations, what may go wrong, and how the bot answered."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]

TEAM, APP, BOT_USER, BOT_ID = "T7NORTH", "A7APP", "U7BOT", "B7BOT"
BOT_TOKEN, APP_TOKEN, SECRET = "xoxb-7-plain", "xapp-1-A7APP-7-plain", "8f742231b10e8888abcd99yyyzzz85a5"
ACK_S = 20.0
"""Slack waits for three seconds; here a busy machine has more, and what is slow is held to the end."""

# Slack's reading methods take their arguments from the query or a form, never from a JSON body.
FORM_ONLY = frozenset(
    {
        "auth.test",
        "users.info",
        "users.list",
        "users.lookupByEmail",
        "conversations.info",
        "conversations.list",
        "conversations.history",
        "conversations.replies",
        "conversations.members",
    }
)


@dataclass
class Channel:
    """A conversation; *members* are user ids, the bot's among them where it was invited."""

    id: str
    name: str
    members: set[str]
    kind: str = "public"  # or private, im
    archived: bool = False
    shared: bool = False

    def wire(self) -> Json:
        if self.kind == "im":
            peer = next(iter(self.members - {BOT_USER}))
            return {"id": self.id, "is_im": True, "user": peer, "created": 1, "is_org_shared": False}
        return {
            "id": self.id,
            "name": self.name,
            "is_channel": True,
            "is_private": self.kind == "private",
            "is_archived": self.archived,
            "is_member": BOT_USER in self.members,
            "is_ext_shared": self.shared,
            "previous_names": [],
            "properties": {"something_new": {"since": 2026}},
        }


@dataclass
class Fault:
    """What goes wrong with a method's next *times* calls for which *only* says yes.

    *kind*: error:<code>, 429:<seconds or unsaid>, 500, html, html200, drop (nothing happens, the connection
    is cut), lost (it happens and the answer is lost), after:<code> (it happens and is said to have failed),
    truncated and reset (it happens and half of the answer comes), slow:<seconds>, held (answered when
    *go_on* is set).
    """

    method: str
    kind: str
    times: int = 1
    only: Callable[[Json], bool] = lambda _args: True
    hits: int = 0
    go_on: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass
class Ack:
    """How the bot answered a delivery; *status* 0 means that it did not, or not in time."""

    status: int
    body: Any
    seconds: float
    headers: Json = field(default_factory=dict)

    @property
    def in_time(self) -> bool:
        return self.seconds < ACK_S


class SlackError(Exception):
    """What Slack answers with ok: false."""
