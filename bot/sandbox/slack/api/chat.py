"""chat.*: posting, changing and removing messages."""

from __future__ import annotations

from dataclasses import replace
from html import escape, unescape

from bot.sandbox.people import BOT_USER_ID, TEAM_DOMAIN
from bot.sandbox.slack.api.call import Call, Method
from bot.sandbox.slack.blocks import check_view
from bot.sandbox.slack.content import Content, content_of
from bot.sandbox.slack.directory import Conversation
from bot.sandbox.slack.messages import Message
from bot.sandbox.slack.shapes import Json, SlackError, refusal

_UPDATE_TEXT_BYTES = 4000
_SCHEDULE_SECONDS = 120 * 24 * 3600


def post_message(call: Call) -> Json:
    """Post a message of the bot to a channel, a thread or a person."""
    conversation = _target(call)
    content = _content(call)
    if call.world.faults.settings.no_charts:
        _refuse_charts(content)
    _spend_post(call, conversation)
    posted = call.world.board.post(_draft(call, conversation, content))
    body = _posted(call, posted)
    return body | {"response_metadata": {"messages": []}, **_warnings(content)}


def _refuse_charts(content: Content) -> None:
    for number, block in enumerate(content.blocks or []):
        if block["type"] == "data_visualization":
            why = f"[ERROR] unsupported type: data_visualization [json-pointer:/blocks/{number}/type]"
            raise refusal("invalid_blocks", [why])


def _warnings(content: Content) -> Json:
    if not content.truncated:
        return {}
    warnings = ["message_truncated"]
    return {"warning": "message_truncated", "response_metadata": {"warnings": warnings}}


def post_ephemeral(call: Call) -> Json:
    """Show a message to one member of a channel only."""
    conversation = _target(call)
    user = call.required("user")
    content = _content(call)
    if user not in conversation.members:
        raise SlackError("user_not_in_channel")
    draft = replace(_draft(call, conversation, content), visible_to=user)
    return {"message_ts": call.world.board.post(draft).ts}


def update(call: Call) -> Json:
    """Change one of the bot's own messages; parts not given stay as they are."""
    conversation = call.conversation()
    message = call.message(conversation)
    if not message.by_bot:
        raise SlackError("cant_update_message")
    if message.is_streaming(call.world.mint.seconds()):
        raise SlackError("streaming_state_conflict")
    content = content_of(call.arguments, surface="message", mint=call.world.mint, may_be_empty=True)
    _refuse_long_update(content)
    wanted = replace(content.onto(message), stream=None)
    nothing_given = content.is_empty and content.blocks is None and content.metadata is None
    if nothing_given or not (wanted.text or wanted.blocks or wanted.attachments or wanted.files):
        raise SlackError("no_text")
    changed = call.world.board.change(wanted, edited_by=BOT_USER_ID)
    return _posted(call, changed) | {"text": changed.text}


def _refuse_long_update(content: Content) -> None:
    plain = content.text if content.blocks is None or not _is_markdown(content) else None
    if plain and len(escape(unescape(plain), quote=False).encode()) > _UPDATE_TEXT_BYTES:
        raise SlackError("msg_too_long")


def _is_markdown(content: Content) -> bool:
    blocks = content.blocks or []
    return len(blocks) == 1 and blocks[0]["type"] == "markdown" and blocks[0]["text"] == content.text


def delete(call: Call) -> Json:
    """Remove one of the bot's own messages."""
    conversation = call.conversation()
    message = call.message(conversation)
    if not message.by_bot:
        raise SlackError("cant_delete_message")
    call.world.board.remove(message)
    return {"channel": conversation.id, "ts": message.ts}


def permalink(call: Call) -> Json:
    """The address of a message for people."""
    conversation = call.conversation()
    message = call.message(conversation, "message_ts")
    path = f"archives/{conversation.id}/p{message.ts.replace('.', '')}"
    suffix = f"?thread_ts={message.thread_ts}&cid={conversation.id}" if message.is_reply else ""
    return {
        "channel": conversation.id,
        "permalink": f"https://{TEAM_DOMAIN}.slack.com/{path}{suffix}",
    }


def schedule_message(call: Call) -> Json:
    """Post a message later, within 120 days."""
    conversation = _target(call)
    content = _content(call)
    post_at = call.number("post_at", 0)
    now = call.world.mint.seconds()
    if post_at <= now:
        raise SlackError("time_in_past")
    if post_at - now > _SCHEDULE_SECONDS:
        raise SlackError("time_too_far")
    draft = _draft(call, conversation, content)
    scheduled = call.world.schedule.add(draft, post_at)
    return {
        "channel": conversation.id,
        "scheduled_message_id": scheduled.id,
        "post_at": post_at,
        "message": {"text": draft.text, "type": "delayed_message", "bot_id": "", "user": BOT_USER_ID},
    }


def delete_scheduled_message(call: Call) -> Json:
    """Give up a message that was to be posted later."""
    call.conversation()
    if not call.world.schedule.cancel(call.required("scheduled_message_id")):
        raise SlackError("invalid_scheduled_message_id")
    return {}


def list_scheduled_messages(call: Call) -> Json:
    """The messages still to be posted."""
    waiting = [
        {"id": item.id, "channel_id": item.message.channel, "post_at": item.post_at}
        for item in call.world.schedule.waiting()
    ]
    items, cursor = call.page(waiting)
    return {"scheduled_messages": items, "response_metadata": {"next_cursor": cursor}}


def _target(call: Call) -> Conversation:
    name = call.required("channel")
    directory = call.world.directory
    if name in directory.users:
        if name == BOT_USER_ID:
            raise SlackError("channel_not_found")
        return directory.direct_with_bot(name)
    named = directory.named(name.removeprefix("#"))
    if named is not None and (named.kind == "channel" or BOT_USER_ID in named.members):
        conversation = named
    else:
        conversation = call.conversation()
    if BOT_USER_ID not in conversation.members and not call.has_scope("chat:write.public"):
        raise SlackError("not_in_channel")
    return conversation


def _content(call: Call) -> Content:
    return content_of(call.arguments, surface="message", mint=call.world.mint)


def _draft(call: Call, conversation: Conversation, content: Content) -> Message:
    if any(call.text(name) for name in ("username", "icon_emoji", "icon_url")):
        call.needs("chat:write.customize")
    draft = content.onto(call.world.board.draft(conversation.id, ""))
    return replace(draft, thread_ts=_thread(call, conversation), username=call.text("username"))


def _thread(call: Call, conversation: Conversation) -> str | None:
    thread_ts = call.text("thread_ts")
    if thread_ts is None:
        return None
    parent = call.world.messages.get(conversation.id, thread_ts)
    if parent is None:
        raise SlackError("thread_not_found")
    if parent.visible_to is not None:
        raise SlackError("cannot_reply_to_message")
    return parent.thread_ts if parent.is_reply else thread_ts


def _spend_post(call: Call, conversation: Conversation) -> None:
    config = call.world.config
    key = f"{call.method}:{conversation.id}"
    call.world.limiter.spend(key, config.posts_per_second, config.post_burst)


def _posted(call: Call, message: Message) -> Json:
    body = call.world.board.object(message, with_metadata=True)
    return {"channel": message.channel, "ts": message.ts, "message": body}


def blocks_validate(call: Call) -> Json:
    """Check blocks, a message or a view without posting anything."""
    given = [name for name in ("blocks", "message", "view") if call.text(name) is not None]
    if len(given) != 1:
        raise refusal("invalid_arguments", ["[ERROR] provide exactly one of blocks, message, view"])
    payload = call.structure(given[0])
    if given[0] == "view":
        check_view(payload)
        return {}
    body = {"blocks": payload} if given[0] == "blocks" else payload
    if not isinstance(body, dict):
        raise SlackError("invalid_arguments")
    content_of(body, surface="message", mint=call.world.mint)
    return {}


METHODS = {
    "chat.postMessage": Method(post_message, ("chat:write",), tier=None),
    "chat.postEphemeral": Method(post_ephemeral, ("chat:write",), tier=4),
    "chat.update": Method(update, ("chat:write",)),
    "chat.delete": Method(delete, ("chat:write",)),
    "chat.getPermalink": Method(permalink, tier=None),
    "chat.scheduleMessage": Method(schedule_message, ("chat:write",)),
    "chat.deleteScheduledMessage": Method(delete_scheduled_message, ("chat:write",)),
    "chat.scheduledMessages.list": Method(list_scheduled_messages),
    "blocks.validate": Method(blocks_validate, tier=4),
}
