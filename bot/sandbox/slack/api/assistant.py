"""assistant.threads.* and agents.sessions.*: status lines, prompts and titles of an agent's threads."""

from __future__ import annotations

from bot.sandbox.slack.api.call import Call, Method
from bot.sandbox.slack.directory import Conversation
from bot.sandbox.slack.shapes import Json, SlackError

_PROMPT_LIMIT = 4
_TITLE_CHARACTERS = 200
_SESSION_STATUSES = ("processing", "active", "suspended", "closed")


def set_status(call: Call) -> Json:
    """Show what the app is doing in a thread; an empty status clears it."""
    conversation = _conversation(call)
    thread_ts = call.required("thread_ts")
    status, loading = call.text("status") or "", call.listed("loading_messages")
    call.world.board.show_status(conversation, thread_ts, status, loading)
    return {}


def set_suggested_prompts(call: Call) -> Json:
    """Offer up to four prompts in the Messages tab or in a thread."""
    conversation = _conversation(call)
    prompts = call.structure("prompts")
    if not isinstance(prompts, list) or not 1 <= len(prompts) <= _PROMPT_LIMIT:
        raise SlackError("invalid_arguments")
    if not all(isinstance(item, dict) and item.get("title") and item.get("message") for item in prompts):
        raise SlackError("invalid_arguments")
    shown: Json = {
        "channel": conversation.id,
        "thread_ts": call.text("thread_ts"),
        "title": call.text("title"),
        "prompts": prompts,
    }
    call.world.journal.put("prompts", conversation.id, shown)
    call.world.hub.publish("prompts", lambda _: shown, conversation.members)
    return {}


def set_title(call: Call) -> Json:
    """Name a thread."""
    _conversation(call)
    call.required("thread_ts")
    call.required("title")
    return {}


def set_session_status(call: Call) -> Json:
    """Move an agent's session through its life; processing shows as a status line."""
    conversation = _conversation(call)
    status = call.required("status")
    if status not in _SESSION_STATUSES or len(call.text("title") or "") > _TITLE_CHARACTERS:
        raise SlackError("invalid_arguments")
    working = "is working…" if status == "processing" else ""
    call.world.board.show_status(conversation, call.text("thread_ts") or "", working, [])
    return {}


def rename_session(call: Call) -> Json:
    """Name an agent's session."""
    _conversation(call)
    if len(call.required("title")) > _TITLE_CHARACTERS:
        raise SlackError("invalid_arguments")
    return {}


def _conversation(call: Call) -> Conversation:
    return call.conversation("channel_id")


METHODS = {
    "assistant.threads.setStatus": Method(set_status, ("assistant:write", "chat:write"), tier=4),
    "assistant.threads.setSuggestedPrompts": Method(set_suggested_prompts, ("assistant:write",), tier=4),
    "assistant.threads.setTitle": Method(set_title, ("assistant:write",), tier=4),
    "agents.sessions.setStatus": Method(set_session_status, ("assistant:write",), tier=4),
    "agents.sessions.rename": Method(rename_session, ("assistant:write",), tier=4),
}
