"""conversations.*: channels, their members and their history."""

from __future__ import annotations

import re

from bot.sandbox.people import BOT_USER_ID
from bot.sandbox.slack.api.call import Call, Method
from bot.sandbox.slack.directory import Conversation, conversation_object
from bot.sandbox.slack.messages import Message
from bot.sandbox.slack.shapes import Json, SlackError

_FAMILY = {"channel": "channels", "private": "groups", "im": "im", "mpim": "mpim"}
_TYPES = {"public_channel": "channel", "private_channel": "private", "im": "im", "mpim": "mpim"}
_NAME = re.compile(r"[a-z0-9_-]{1,80}")
_OPEN_LIMIT = 8
READ = ("channels:read", "groups:read", "im:read", "mpim:read")
HISTORY = ("channels:history", "groups:history", "im:history", "mpim:history")


def open_(call: Call) -> Json:
    """Open the direct message with one person, the same one every time."""
    call.needs("im:write", "mpim:write")
    if call.text("channel"):
        return _opened(call, call.conversation())
    users = [user for user in call.listed("users") if user != BOT_USER_ID]
    if not users:
        raise SlackError("users_list_not_supplied" if not call.listed("users") else "user_not_found")
    if len(users) > _OPEN_LIMIT:
        raise SlackError("too_many_users")
    if any(user not in call.world.directory.users for user in users):
        raise SlackError("user_not_found")
    if len(users) == 1:
        return _opened(call, call.world.directory.direct_with_bot(users[0]))
    call.needs("mpim:write")
    return _opened(call, _group_message(call, users))


def _group_message(call: Call, users: list[str]) -> Conversation:
    directory = call.world.directory
    members = (*sorted(users), BOT_USER_ID)
    for conversation in directory.conversations.values():
        if conversation.kind == "mpim" and conversation.members == members:
            return conversation
    name = "mpdm-" + "--".join(directory.users[user].name for user in members)
    return directory.keep(_new(call, name, "mpim", members, prefix="G"))


def _opened(call: Call, conversation: Conversation) -> Json:
    channel: Json = {"id": conversation.id}
    if call.flag("return_im"):
        channel = conversation_object(conversation, BOT_USER_ID)
    return {"no_op": True, "already_open": True, "channel": channel}


def info(call: Call) -> Json:
    """Describe one conversation."""
    conversation = call.conversation()
    call.needs(f"{_FAMILY[conversation.kind]}:read")
    return {"channel": conversation_object(conversation, BOT_USER_ID)}


def list_(call: Call) -> Json:
    """The conversations the bot can see: public ones, and those it is in."""
    kinds = _kinds(call)
    visible = [
        conversation_object(conversation, BOT_USER_ID)
        for conversation in call.world.directory.conversations.values()
        if conversation.kind in kinds
        and (conversation.kind == "channel" or BOT_USER_ID in conversation.members)
    ]
    items, cursor = call.page(visible)
    return {"channels": items, "response_metadata": {"next_cursor": cursor}}


def of_user(call: Call) -> Json:
    """The conversations a user (the bot itself without argument) and the bot share."""
    kinds = _kinds(call)
    user = call.user().id if call.text("user") else BOT_USER_ID
    visible = [
        conversation_object(conversation, BOT_USER_ID)
        for conversation in call.world.directory.of_member(user)
        if conversation.kind in kinds
        and (conversation.kind == "channel" or BOT_USER_ID in conversation.members)
    ]
    items, cursor = call.page(visible)
    return {"channels": items, "response_metadata": {"next_cursor": cursor}}


def _kinds(call: Call) -> list[str]:
    types = call.listed("types") or ["public_channel"]
    if any(name not in _TYPES for name in types):
        raise SlackError("invalid_types")
    kinds = [_TYPES[name] for name in types]
    for kind in kinds:
        call.needs(f"{_FAMILY[kind]}:read")
    return kinds


def members(call: Call) -> Json:
    """Who is in a conversation."""
    conversation = call.conversation()
    call.needs(f"{_FAMILY[conversation.kind]}:read")
    items, cursor = call.page(list(conversation.members))
    return {"members": items, "response_metadata": {"next_cursor": cursor}}


def history(call: Call) -> Json:
    """The messages of a channel, newest first, thread replies aside."""
    conversation = _readable(call)
    messages = _between(call, call.world.messages.timeline(conversation.id, None))
    items, cursor = call.page(list(reversed(messages)))
    return _messages(call, items, cursor) | {"pin_count": 0}


def replies(call: Call) -> Json:
    """A thread: its parent and its replies, oldest first."""
    conversation = _readable(call)
    parent = call.world.messages.get(conversation.id, call.required("ts"))
    if parent is None or parent.visible_to is not None:
        raise SlackError("thread_not_found")
    if parent.is_reply:
        return _messages(call, [parent], "")
    answers = call.world.messages.replies(conversation.id, parent.ts, None)
    items, cursor = call.page([parent, *_between(call, answers)])
    return _messages(call, items, cursor)


def _readable(call: Call) -> Conversation:
    conversation = call.conversation()
    call.needs(f"{_FAMILY[conversation.kind]}:history")
    if BOT_USER_ID not in conversation.members:
        raise SlackError("not_in_channel")
    return conversation


def _between(call: Call, messages: list[Message]) -> list[Message]:
    oldest, latest = call.text("oldest") or "0", call.text("latest")
    inclusive = call.flag("inclusive")

    listed_until = call.world.mint.seconds() - call.world.faults.settings.stale_history_s

    def inside(message: Message) -> bool:
        stamp = float(message.ts)
        if stamp > listed_until + 1:
            return False
        if inclusive and message.ts in (oldest, latest):
            return True
        return stamp > float(oldest) and (latest is None or stamp < float(latest))

    try:
        return [message for message in messages if inside(message)]
    except ValueError as error:
        raise SlackError("invalid_ts_oldest") from error


def _messages(call: Call, messages: list[Message], cursor: str) -> Json:
    with_metadata = call.flag("include_all_metadata")
    body: Json = {
        "messages": [call.world.board.object(item, with_metadata=with_metadata) for item in messages],
        "has_more": bool(cursor),
    }
    return body | ({"response_metadata": {"next_cursor": cursor}} if cursor else {})


def create(call: Call) -> Json:
    """Make a channel; the bot is its first member."""
    private = call.flag("is_private")
    call.needs("groups:write" if private else "channels:manage")
    name = call.required("name")
    if not _NAME.fullmatch(name):
        too_long = len(name) > 80
        raise SlackError("invalid_name_maxlength" if too_long else "invalid_name_specials")
    if call.world.directory.named(name) is not None:
        raise SlackError("name_taken")
    kind = "private" if private else "channel"
    conversation = call.world.directory.keep(_new(call, name, kind, (BOT_USER_ID,)))
    return {"channel": conversation_object(conversation, BOT_USER_ID)}


def _new(call: Call, name: str, kind: str, members: tuple[str, ...], prefix: str = "C") -> Conversation:
    mint = call.world.mint
    return Conversation(
        mint.id(prefix),
        name,
        "private" if kind == "private" else "mpim" if kind == "mpim" else "channel",
        "",
        members,
        created=mint.seconds(),
        creator=BOT_USER_ID,
    )


def invite(call: Call) -> Json:
    """Add people to a channel the bot is in."""
    conversation = call.conversation()
    call.needs("groups:write" if conversation.kind == "private" else "channels:manage")
    if BOT_USER_ID not in conversation.members:
        raise SlackError("not_in_channel")
    users = call.listed("users")
    if any(user not in call.world.directory.users for user in users) or not users:
        raise SlackError("user_not_found")
    if BOT_USER_ID in users:
        raise SlackError("cant_invite_self")
    if all(user in conversation.members for user in users):
        raise SlackError("already_in_channel")
    joined = call.world.directory.join(conversation, tuple(users))
    for user in users:
        _announce_member(call, joined, user)
    return {"channel": conversation_object(joined, BOT_USER_ID)}


def join(call: Call) -> Json:
    """Let the bot join a public channel."""
    call.needs("channels:join")
    conversation = call.conversation()
    if conversation.kind != "channel":
        raise SlackError("method_not_supported_for_channel_type")
    body: Json = {}
    if BOT_USER_ID in conversation.members:
        body = {"warning": "already_in_channel"}
    else:
        conversation = call.world.directory.join(conversation, (BOT_USER_ID,))
        _announce_member(call, conversation, BOT_USER_ID)
    return body | {"channel": conversation_object(conversation, BOT_USER_ID)}


def _announce_member(call: Call, conversation: Conversation, user: str) -> None:
    event: Json = {
        "type": "member_joined_channel",
        "user": user,
        "channel": conversation.id,
        "channel_type": "C" if conversation.kind == "channel" else "G",
        "team": call.world.directory.users[user].team_id,
        "inviter": BOT_USER_ID,
        "event_ts": call.world.mint.ts(),
    }
    call.world.events.emit(event, conversation)


METHODS = {
    "conversations.open": Method(open_),
    "conversations.info": Method(info, READ),
    "conversations.list": Method(list_, READ, tier=2),
    "users.conversations": Method(of_user, READ),
    "conversations.members": Method(members, READ, tier=4),
    "conversations.history": Method(history, HISTORY),
    "conversations.replies": Method(replies, HISTORY),
    "conversations.create": Method(create, tier=2),
    "conversations.invite": Method(invite),
    "conversations.join": Method(join),
}
