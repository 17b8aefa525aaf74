"""Reactions and file uploads."""

from __future__ import annotations

from dataclasses import replace

from bot.sandbox.people import BOT_USER_ID
from bot.sandbox.slack.api.call import Call, Method
from bot.sandbox.slack.files import ALT_TEXT_LIMIT, UPLOAD_BYTES_LIMIT, File
from bot.sandbox.slack.shapes import Json, SlackError


def add_reaction(call: Call) -> Json:
    """Let the bot react to a message."""
    conversation = call.conversation()
    message = call.message(conversation, "timestamp")
    if BOT_USER_ID not in conversation.members:
        raise SlackError("not_in_channel")
    changed = call.world.messages.with_reaction(message, call.required("name").strip(":"), BOT_USER_ID)
    if changed is None:
        raise SlackError("already_reacted")
    call.world.board.change(changed, quiet=True)
    return {}


def upload_url(call: Call) -> Json:
    """Announce a file and hand out the address for its bytes."""
    length = call.number("length", 0)
    if length <= 0 or length > UPLOAD_BYTES_LIMIT:
        raise SlackError("invalid_arguments")
    alt = call.text("alt_txt") or ""
    if len(alt) > ALT_TEXT_LIMIT:
        raise SlackError("alt_txt_too_large")
    file = call.world.files.announce(call.required("filename"), length, alt)
    return {"upload_url": call.world.files.upload_address(file), "file_id": file.id}


def complete_upload(call: Call) -> Json:
    """Share uploaded files in a channel, or leave them private."""
    files = [_uploaded(call, item) for item in call.structure("files") or []]
    if not files:
        raise SlackError("invalid_arguments")
    objects = [call.world.files.object(call.world.files.keep(file)) for file in files]
    if call.text("channel_id"):
        conversation = call.conversation("channel_id")
        if BOT_USER_ID not in conversation.members:
            raise SlackError("not_in_channel")
        draft = call.world.board.draft(conversation.id, call.text("initial_comment") or "")
        call.world.board.post(replace(draft, files=objects, thread_ts=call.text("thread_ts")))
    return {"files": objects}


def _uploaded(call: Call, item: Json) -> File:
    file = call.world.files.get(str(item.get("id")))
    if file is None or file.content is None or file.shared:
        raise SlackError("file_not_found")
    return replace(file, title=str(item.get("title") or file.name), shared=True)


METHODS = {
    "reactions.add": Method(add_reaction, ("reactions:write",)),
    "files.getUploadURLExternal": Method(upload_url, ("files:write",), tier=4),
    "files.completeUploadExternal": Method(complete_upload, ("files:write",), tier=4),
}
