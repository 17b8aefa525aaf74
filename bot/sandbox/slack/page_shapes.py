"""What a page is shown: messages, views, people and channels, as one persona may see them."""

from __future__ import annotations

from typing import Any

from bot.sandbox.people import BOT_ID
from bot.sandbox.slack.directory import Conversation, User
from bot.sandbox.slack.messages import Message
from bot.sandbox.slack.shapes import Json

_VIEW_SECRETS = ("private_metadata", "state")


def page_message(message: Message, summary: Json, viewer: str, author: User, *, streaming: bool) -> Json:
    """A message for *viewer*'s page: without metadata, and without buttons meant for others."""
    shown: Json = {
        "ts": message.ts,
        "user": message.user,
        "username": message.username or author.real_name,
        "text": message.text,
        "blocks": visible_blocks(message.blocks, viewer) if message.by_bot else [],
        "is_ephemeral": message.visible_to is not None,
    }
    optional: dict[str, Any] = {
        "bot_id": BOT_ID if message.by_bot else None,
        "attachments": message.attachments,
        "thread_ts": message.thread_ts,
        "reply_count": summary.get("reply_count"),
        "edited": {"ts": message.edited_ts} if message.edited_ts else None,
        "files": message.files,
        "reactions": message.reactions,
        "streaming": streaming,
    }
    return shown | {key: value for key, value in optional.items() if value}


def visible_blocks(blocks: list[Json], viewer: str) -> list[Json]:
    """The blocks without elements whose visible_to_user_ids leave the viewer out."""
    shown = [_without_hidden(block, viewer) for block in blocks]
    return [block for block in shown if block is not None]


def _without_hidden(block: Json, viewer: str) -> Json | None:
    accessory = block.get("accessory")
    if isinstance(accessory, dict) and not element_visible(accessory, viewer):
        block = {key: value for key, value in block.items() if key != "accessory"}
    for nested in ("child_blocks", "elements", "actions"):
        items = block.get(nested)
        if not isinstance(items, list):
            continue
        kept = [item for item in items if element_visible(item, viewer)]
        if items and not kept and nested == "elements":
            return None
        block = block | {nested: visible_blocks(kept, viewer) if nested == "child_blocks" else kept}
    return block


def element_visible(element: Any, viewer: str) -> bool:
    """Whether a block element may be shown to, and used by, *viewer*."""
    allowed = element.get("visible_to_user_ids") if isinstance(element, dict) else None
    return not allowed or viewer in allowed


def page_view(view: Json) -> Json:
    """A view for a page: without what only the app may read."""
    return {key: value for key, value in view.items() if key not in _VIEW_SECRETS}


def page_user(user: User) -> Json:
    """A person or the bot for the page."""
    return {
        "id": user.id,
        "name": user.name,
        "real_name": user.real_name,
        "title": user.title,
        "email": user.email,
        "role": user.role,
        "tz": user.time_zone,
        "is_bot": user.is_bot,
        "color": f"#{user.color}",
        "initials": "".join(word[0] for word in user.real_name.split()[:2]).upper(),
    }


def page_channel(conversation: Conversation, peer: User | None, unread: int, last_ts: str | None) -> Json:
    """A conversation for the sidebar of one of its members."""
    return {
        "id": conversation.id,
        "name": peer.real_name if peer else conversation.name,
        "kind": "private" if conversation.kind == "mpim" else conversation.kind,
        "topic": conversation.topic,
        "is_member": True,
        "is_ext_shared": conversation.is_ext_shared,
        "unread": unread,
        "peer": page_user(peer) if peer else None,
        "last_ts": last_ts,
    }
