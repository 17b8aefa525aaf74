"""Streaming answers: chat.startStream, appendStream and stopStream."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bot.sandbox.slack.api.call import Call, Method
from bot.sandbox.slack.blocks import check_blocks
from bot.sandbox.slack.blocks.limits import BLOCKS, MARKDOWN_CHARACTERS
from bot.sandbox.slack.content import metadata_of, with_block_ids
from bot.sandbox.slack.messages import Message
from bot.sandbox.slack.shapes import Json, SlackError, refusal

_STATUSES = ("pending", "in_progress", "complete", "error")


def start(call: Call) -> Json:
    """Begin a streamed reply in a thread; channels need the recipient's user and team."""
    call.needs("chat:write")
    conversation = call.conversation("channel")
    thread_ts = call.required("thread_ts")
    if not conversation.is_direct and not (call.text("recipient_user_id") and call.text("recipient_team_id")):
        missing = "recipient_user_id" if not call.text("recipient_user_id") else "recipient_team_id"
        raise SlackError(f"missing_{missing}")
    if call.world.messages.get(conversation.id, thread_ts) is None:
        raise SlackError("thread_not_found")
    stream: Json = {
        "started": call.world.mint.seconds(),
        "display": call.text("task_display_mode") or "timeline",
        "tasks": [],
        "plan": None,
        "extra": [],
    }
    draft = replace(call.world.board.draft(conversation.id, ""), thread_ts=thread_ts, stream=stream)
    posted = call.world.board.post(_appended(call, draft))
    return {"channel": conversation.id, "ts": posted.ts}


def append(call: Call) -> Json:
    """Add text or chunks to a stream that is still alive."""
    message = _streaming(call)
    if not call.text("markdown_text") and not call.structure("chunks"):
        raise SlackError("no_text")
    changed = call.world.board.change(_appended(call, message), quiet=True)
    return {"channel": changed.channel, "ts": changed.ts}


def stop(call: Call) -> Json:
    """Finish a stream, with blocks below the text if given."""
    message = _appended(call, _streaming(call))
    blocks = call.structure("blocks") or []
    if not isinstance(blocks, list) or len(blocks) > BLOCKS["message"]:
        raise SlackError("invalid_blocks")
    check_blocks(blocks, "message")
    finished = replace(
        message,
        blocks=[*message.blocks, *with_block_ids(blocks, call.world.mint)],
        metadata=metadata_of(call.arguments.get("metadata")),
        stream=None,
    )
    changed = call.world.board.change(finished)
    body = call.world.board.object(changed, with_metadata=True)
    return {"channel": changed.channel, "ts": changed.ts, "message": body}


def _streaming(call: Call) -> Message:
    message = call.message(call.conversation())
    if not message.by_bot:
        raise SlackError("message_not_owned_by_app")
    if not message.is_streaming(call.world.mint.seconds()):
        raise SlackError("message_not_in_streaming_state")
    return message


def _appended(call: Call, message: Message) -> Message:
    text, stream = message.text, dict(message.stream or {})
    for chunk in _chunks(call):
        kind = chunk.get("type")
        if kind == "markdown_text":
            text += str(chunk.get("text", ""))
        elif kind == "task_update":
            stream["tasks"] = _with_task(stream["tasks"], chunk)
        elif kind == "plan_update":
            stream["plan"] = str(chunk.get("title", ""))
        elif kind == "blocks":
            stream["extra"] = [*stream["extra"], *_extra_blocks(call, chunk)]
        else:
            raise refusal("invalid_chunks", [f"[ERROR] unknown chunk type: {kind}"])
    if len(text) > MARKDOWN_CHARACTERS:
        raise SlackError("msg_too_long")
    return replace(message, text=text, stream=stream, blocks=_blocks(message.blocks, text, stream))


def _chunks(call: Call) -> list[Json]:
    markdown = call.text("markdown_text")
    chunks: Any = call.structure("chunks") or []
    if not isinstance(chunks, list) or not all(isinstance(chunk, dict) for chunk in chunks):
        raise SlackError("invalid_chunks")
    if markdown is not None and len(markdown) > MARKDOWN_CHARACTERS:
        raise SlackError("msg_too_long")
    return ([{"type": "markdown_text", "text": markdown}] if markdown else []) + chunks


def _extra_blocks(call: Call, chunk: Json) -> list[Json]:
    blocks = chunk.get("blocks")
    if not isinstance(blocks, list):
        raise SlackError("invalid_chunks")
    check_blocks(blocks, "message")
    return with_block_ids(blocks, call.world.mint)


def _with_task(tasks: list[Json], chunk: Json) -> list[Json]:
    task_id, title = chunk.get("id"), chunk.get("title")
    if not task_id or not title or chunk.get("status", "pending") not in _STATUSES:
        raise refusal("invalid_chunks", ["[ERROR] a task_update needs id, title and a known status"])
    known = next((task for task in tasks if task["task_id"] == task_id), None)
    merged: Json = dict(known or {"type": "task_card", "task_id": task_id})
    merged |= {"title": title, "status": chunk.get("status", "pending")}
    for name in ("details", "output"):
        if chunk.get(name):
            merged[name] = _rich_text(str(chunk[name]))
    if chunk.get("sources"):
        merged["sources"] = chunk["sources"]
    return [merged if task is known else task for task in tasks] if known else [*tasks, merged]


def _rich_text(text: str) -> Json:
    section = {"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}
    return {"type": "rich_text", "elements": [section]}


def _blocks(previous: list[Json], text: str, stream: Json) -> list[Json]:
    ids = [str(block.get("block_id")) for block in previous if block["type"] in ("plan", "markdown")]
    blocks: list[Json] = []
    if stream["tasks"] and (stream["plan"] or stream["display"] == "plan"):
        blocks.append({"type": "plan", "title": stream["plan"] or "Plan", "tasks": stream["tasks"]})
    else:
        blocks += stream["tasks"]
    if text:
        blocks.append({"type": "markdown", "text": text})
    named = [{"block_id": ids[i] if i < len(ids) else f"s{i}"} | block for i, block in enumerate(blocks)]
    return [*named, *stream["extra"]]


METHODS = {
    "chat.startStream": Method(start, ("chat:write",), tier=2),
    "chat.appendStream": Method(append, ("chat:write",), tier=4),
    "chat.stopStream": Method(stop, ("chat:write",), tier=2),
}
