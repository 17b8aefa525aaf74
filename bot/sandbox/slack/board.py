"""The one place where messages appear, change and vanish: store, pages and app learn of it together."""

from __future__ import annotations

from dataclasses import replace

from bot.sandbox.journal import Journal
from bot.sandbox.people import BOT_USER_ID
from bot.sandbox.slack.directory import Conversation, Directory
from bot.sandbox.slack.events import EventOutbox
from bot.sandbox.slack.hub import Hub
from bot.sandbox.slack.messages import Message, MessageStore, message_object
from bot.sandbox.slack.mint import Mint
from bot.sandbox.slack.page_shapes import page_message
from bot.sandbox.slack.shapes import Json

CHANNEL_TYPES = {"channel": "channel", "private": "group", "im": "im", "mpim": "mpim"}


class Board:
    """Posts, changes and removes messages, and keeps count of what each person has not read."""

    def __init__(
        self,
        directory: Directory,
        messages: MessageStore,
        mint: Mint,
        hub: Hub,
        events: EventOutbox,
        journal: Journal,
    ) -> None:
        self._directory = directory
        self._messages = messages
        self._mint = mint
        self._hub = hub
        self._events = events
        self._journal = journal
        self._busy: set[tuple[str, str]] = set()
        self._reads = {key: str(document["ts"]) for key, document in journal.load("reads").items()}

    def post(self, message: Message) -> Message:
        """Publish a message with a fresh timestamp (the one it carries is ignored)."""
        posted = self._messages.keep(replace(message, ts=self._mint.ts()))
        self._show(posted, "message")
        if posted.visible_to is None:
            conversation = self._directory.conversations[posted.channel]
            self._events.emit(self._event(posted), conversation)
            self._show_parent(posted)
            self._show_unread(conversation)
            if posted.by_bot and (posted.channel, posted.thread_ts or "") in self._busy:
                self.show_status(conversation, posted.thread_ts or "", "", [])
        return posted

    def show_status(
        self, conversation: Conversation, thread_ts: str, status: str, loading_messages: list[str]
    ) -> None:
        """Show what the app is doing in a thread until it replies there; an empty status clears it."""
        place = (conversation.id, thread_ts)
        self._busy = self._busy | {place} if status else self._busy - {place}
        shown: Json = {
            "channel": conversation.id,
            "thread_ts": thread_ts,
            "status": status,
            "loading_messages": loading_messages,
        }
        self._hub.publish("status", lambda _: shown, conversation.members)

    def change(self, message: Message, *, edited_by: str | None = None, quiet: bool = False) -> Message:
        """Replace a message; *edited_by* marks it as edited, *quiet* (streaming) tells the pages alone."""
        previous = self._messages.get(message.channel, message.ts)
        stamp = self._mint.ts()
        if edited_by is not None:
            message = replace(message, edited_ts=stamp, edited_by=edited_by)
        self._messages.keep(message)
        self._show(message, "message_changed")
        if message.visible_to is None and previous is not None and not quiet:
            self._tell("message_changed", stamp, message, {"message": self.object(message)}, previous)
        return message

    def remove(self, message: Message) -> None:
        """Take a message away, for its one reader if it is ephemeral."""
        self._messages.remove(message)
        gone: Json = {"channel": message.channel, "ts": message.ts}
        event = "message_deleted" if message.visible_to is None else "ephemeral_removed"
        self._hub.publish(event, lambda _: gone, self._audience(message))
        if message.visible_to is None:
            self._tell("message_deleted", self._mint.ts(), message, {"deleted_ts": message.ts}, message)
            self._show_parent(message)
            self._show_unread(self._directory.conversations[message.channel])

    def object(self, message: Message, *, with_metadata: bool = False) -> Json:
        """The message as the Web API returns it."""
        summary = self._messages.thread_summary(message)
        return message_object(message, summary, with_metadata=with_metadata)

    def mark_read(self, conversation: Conversation, user_id: str) -> None:
        """Note that a person has seen everything so far."""
        stamp = self._mint.ts()
        key = f"{user_id}:{conversation.id}"
        self._reads[key] = stamp
        self._journal.put("reads", key, {"ts": stamp})
        self._hub.publish("unread", lambda _: {"channel": conversation.id, "unread": 0}, (user_id,))

    def unread(self, conversation: Conversation, user_id: str) -> int:
        """How many messages of others a person has not seen, thread replies aside."""
        since = self._reads.get(f"{user_id}:{conversation.id}", "")
        timeline = self._messages.timeline(conversation.id, None)
        return sum(1 for message in timeline if message.ts > since and message.user != user_id)

    def _show(self, message: Message, event: str) -> None:
        def render(viewer: str) -> Json:
            return {"channel": message.channel, "message": self.page_object(message, viewer)}

        self._hub.publish(event, render, self._audience(message))

    def page_object(self, message: Message, viewer: str) -> Json:
        """The message as *viewer*'s page shows it."""
        summary = self._messages.thread_summary(message)
        author = self._directory.users[message.user]
        streaming = message.is_streaming(self._mint.seconds())
        return page_message(message, summary, viewer, author, streaming=streaming)

    def _audience(self, message: Message) -> tuple[str, ...]:
        if message.visible_to is not None:
            return (message.visible_to,)
        return self._directory.conversations[message.channel].members

    def _show_parent(self, message: Message) -> None:
        if message.is_reply and message.thread_ts is not None:
            parent = self._messages.get(message.channel, message.thread_ts)
            if parent is not None:
                self._show(parent, "message_changed")

    def _show_unread(self, conversation: Conversation) -> None:
        def render(viewer: str) -> Json:
            return {"channel": conversation.id, "unread": self.unread(conversation, viewer)}

        self._hub.publish("unread", render, conversation.members)

    def _event(self, message: Message) -> Json:
        conversation = self._directory.conversations[message.channel]
        event = message_object(message, {}, with_metadata=False)
        if message.files and not message.by_bot:
            event["subtype"] = "file_share"
        return event | {
            "channel": message.channel,
            "event_ts": message.ts,
            "channel_type": CHANNEL_TYPES[conversation.kind],
        }

    def _tell(self, subtype: str, stamp: str, message: Message, body: Json, previous: Message) -> None:
        conversation = self._directory.conversations[message.channel]
        event: Json = {
            "type": "message",
            "subtype": subtype,
            "hidden": True,
            "channel": message.channel,
            "ts": stamp,
            "event_ts": stamp,
            "channel_type": CHANNEL_TYPES[conversation.kind],
            "previous_message": message_object(previous, {}, with_metadata=False),
        }
        self._events.emit(event | body, conversation)

    def draft(self, channel: str, text: str) -> Message:
        """An unposted message of the bot."""
        return Message(channel, "", BOT_USER_ID, text, by_bot=True)
