"""Messages of the simulated workspace: what is stored of each, and the store."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import Any

from bot.sandbox.journal import Journal
from bot.sandbox.people import APP_ID, BOT_ID, TEAM_ID
from bot.sandbox.slack.shapes import Json

STREAM_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Message:
    """One message; *visible_to* names the only reader of an ephemeral one; *stream* is set while it streams.

    *blocks* are Slack block JSON as sent, with missing block_ids filled in.
    """

    channel: str
    ts: str
    user: str
    text: str
    by_bot: bool
    blocks: list[Json] = field(default_factory=list)
    attachments: list[Json] = field(default_factory=list)
    files: list[Json] = field(default_factory=list)
    reactions: list[Json] = field(default_factory=list)
    thread_ts: str | None = None
    edited_ts: str | None = None
    edited_by: str | None = None
    metadata: Json | None = None
    visible_to: str | None = None
    stream: Json | None = None
    username: str | None = None

    @property
    def is_reply(self) -> bool:
        """Whether the message sits in another message's thread."""
        return self.thread_ts is not None and self.thread_ts != self.ts

    def is_streaming(self, now: int) -> bool:
        """Whether the message is a stream begun less than five minutes before *now*, in seconds."""
        return self.stream is not None and now - int(self.stream["started"]) < STREAM_SECONDS


class MessageStore:
    """All messages by channel and timestamp, written through to the journal."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._channels: dict[str, dict[str, Message]] = {}
        for document in journal.load("messages").values():
            message = Message(**document)
            self._channels.setdefault(message.channel, {})[message.ts] = message

    def keep(self, message: Message) -> Message:
        """Store a new or changed message."""
        self._channels.setdefault(message.channel, {})[message.ts] = message
        self._journal.put("messages", f"{message.channel}:{message.ts}", asdict(message))
        return message

    def remove(self, message: Message) -> None:
        """Forget a message."""
        self._channels.get(message.channel, {}).pop(message.ts, None)
        self._journal.delete("messages", f"{message.channel}:{message.ts}")

    def get(self, channel: str, ts: str) -> Message | None:
        """The message with that timestamp, ephemeral or not."""
        return self._channels.get(channel, {}).get(ts)

    def latest_ts(self) -> str:
        """The highest timestamp in store, "0.0" without any message."""
        return max((ts for messages in self._channels.values() for ts in messages), default="0.0")

    def seen_by(self, channel: str, viewer: str | None) -> list[Message]:
        """Messages oldest first; ephemeral ones only for their one reader (*viewer* None sees none)."""
        messages = [message for _, message in sorted(self._channels.get(channel, {}).items())]
        return [m for m in messages if m.visible_to is None or m.visible_to == viewer]

    def timeline(self, channel: str, viewer: str | None) -> list[Message]:
        """The channel without thread replies."""
        return [message for message in self.seen_by(channel, viewer) if not message.is_reply]

    def replies(self, channel: str, thread_ts: str, viewer: str | None) -> list[Message]:
        """The replies of a thread, without its parent."""
        return [m for m in self.seen_by(channel, viewer) if m.is_reply and m.thread_ts == thread_ts]

    def thread_summary(self, message: Message) -> Json:
        """What a parent says about its replies: empty without any."""
        replies = self.replies(message.channel, message.ts, None) if not message.is_reply else []
        if not replies:
            return {}
        users = list(dict.fromkeys(reply.user for reply in replies))
        return {
            "thread_ts": message.ts,
            "reply_count": len(replies),
            "reply_users_count": len(users),
            "latest_reply": replies[-1].ts,
            "reply_users": users,
            "is_locked": False,
            "subscribed": False,
        }

    def with_reaction(self, message: Message, name: str, user: str) -> Message | None:
        """The message with one more reaction, or None if the user gave it already."""
        reactions = [dict(reaction) for reaction in message.reactions]
        entry = next((reaction for reaction in reactions if reaction["name"] == name), None)
        if entry is None:
            entry = {"name": name, "users": [], "count": 0}
            reactions.append(entry)
        if user in entry["users"]:
            return None
        entry["users"] = [*entry["users"], user]
        entry["count"] += 1
        return replace(message, reactions=reactions)


def message_object(message: Message, summary: Json, *, with_metadata: bool) -> Json:
    """A message as the Web API and interaction payloads carry it; *summary* is its thread summary."""
    body: Json = {
        "user": message.user,
        "type": "message",
        "ts": message.ts,
        "text": message.text,
        "team": TEAM_ID,
    }
    if message.by_bot:
        body |= {"bot_id": BOT_ID, "app_id": APP_ID}
    optional: dict[str, Any] = {
        "blocks": message.blocks,
        "attachments": message.attachments,
        "files": message.files,
        "reactions": message.reactions,
        "username": message.username,
        "metadata": message.metadata if with_metadata else None,
        "thread_ts": message.thread_ts,
    }
    body |= {key: value for key, value in optional.items() if value}
    if message.edited_ts:
        body["edited"] = {"user": message.edited_by or message.user, "ts": message.edited_ts}
    return body | summary
