"""What the app wants a message to say: text, blocks, attachments and metadata, checked and normalised."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

from bot.sandbox.slack.blocks import check_blocks
from bot.sandbox.slack.blocks.limits import MARKDOWN_CHARACTERS, Surface
from bot.sandbox.slack.messages import Message
from bot.sandbox.slack.mint import Mint
from bot.sandbox.slack.shapes import Json, SlackError, refusal

TEXT_TRUNCATED_AT = 40_000


@dataclass(frozen=True, slots=True)
class Content:
    """The parts of a message the app gave; None means not given, an empty list means none."""

    text: str | None
    blocks: list[Json] | None
    attachments: list[Json] | None
    metadata: Json | None
    truncated: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to show."""
        return not (self.text and self.text.strip()) and not self.blocks and not self.attachments

    def onto(self, message: Message) -> Message:
        """The message with the given parts replaced and the others kept."""
        given: dict[str, Any] = {
            "text": self.text,
            "blocks": self.blocks,
            "attachments": self.attachments,
            "metadata": self.metadata,
        }
        return replace(message, **{key: value for key, value in given.items() if value is not None})

    def instead_of(self, message: Message) -> Message:
        """The message with everything it shows replaced, as a response_url does."""
        return replace(
            message,
            text=self.text or "",
            blocks=self.blocks or [],
            attachments=self.attachments or [],
            metadata=message.metadata if self.metadata is None else self.metadata,
        )


def content_of(body: Json, *, surface: Surface, mint: Mint, may_be_empty: bool = False) -> Content:
    """Read and check the content of *body*; wrong content is refused with Slack's codes."""
    markdown = body.get("markdown_text")
    if markdown is not None:
        return _markdown(body, str(markdown), mint)
    text = body.get("text")
    content = Content(
        text=None if text is None else str(text)[:TEXT_TRUNCATED_AT],
        blocks=_blocks(body.get("blocks"), surface, mint),
        attachments=_attachments(body.get("attachments"), mint),
        metadata=metadata_of(body.get("metadata")),
        truncated=text is not None and len(str(text)) > TEXT_TRUNCATED_AT,
    )
    if content.is_empty and not may_be_empty:
        raise SlackError("no_text")
    return content


def _markdown(body: Json, markdown: str, mint: Mint) -> Content:
    if body.get("text") or body.get("blocks"):
        raise SlackError("markdown_text_conflict")
    if not markdown.strip():
        raise SlackError("no_text")
    if len(markdown) > MARKDOWN_CHARACTERS:
        raise SlackError("msg_too_long")
    block: Json = {"type": "markdown", "text": markdown, "block_id": mint.short()}
    return Content(markdown, [block], None, metadata_of(body.get("metadata")))


def _blocks(value: Any, surface: Surface, mint: Mint) -> list[Json] | None:
    blocks = decoded(value, "invalid_blocks_format")
    if blocks is None:
        return None
    if not isinstance(blocks, list):
        raise SlackError("invalid_blocks_format")
    check_blocks(blocks, surface)
    return with_block_ids(blocks, mint)


def _attachments(value: Any, mint: Mint) -> list[Json] | None:
    attachments = decoded(value, "invalid_attachments")
    if attachments is None:
        return None
    if not isinstance(attachments, list) or not all(isinstance(item, dict) for item in attachments):
        raise SlackError("invalid_attachments")
    checked: list[Json] = []
    for attachment in attachments:
        blocks = _blocks(attachment.get("blocks"), "message", mint)
        checked.append(attachment if blocks is None else attachment | {"blocks": blocks})
    return checked


def metadata_of(value: Any) -> Json | None:
    """Message metadata: an event_type and an event_payload object; an empty object removes it."""
    metadata = decoded(value, "invalid_metadata_format")
    if metadata is None or metadata == {}:
        return None if metadata is None else {}
    if not isinstance(metadata, dict) or not isinstance(metadata.get("event_type"), str):
        raise SlackError("invalid_metadata_schema")
    if not isinstance(metadata.get("event_payload"), dict):
        raise SlackError("invalid_metadata_schema")
    return {"event_type": metadata["event_type"], "event_payload": metadata["event_payload"]}


def decoded(value: Any, code: str) -> Any:
    """A structured argument: itself, or parsed from a JSON string; refused with *code* otherwise."""
    if not isinstance(value, str):
        return value
    if not value.strip():
        return None
    try:
        return json.loads(value)
    except ValueError as error:
        raise refusal(code, ["[ERROR] not valid JSON"]) from error


def with_block_ids(blocks: list[Json], mint: Mint) -> list[Json]:
    """The blocks with ids where the app gave none, as Slack fills them in before anybody sees them."""
    return [_with_ids(block, mint) for block in blocks]


def _with_ids(block: Json, mint: Mint) -> Json:
    filled: Json = {"block_id": mint.short()} | block
    for key in ("accessory", "element"):
        if isinstance(block.get(key), dict):
            filled[key] = _with_action_id(block[key], mint)
    for key in ("elements", "actions"):
        if isinstance(block.get(key), list) and block["type"] in ("actions", "context_actions", "card"):
            filled[key] = [_with_action_id(item, mint) for item in block[key]]
    nested = "elements" if block["type"] == "carousel" else "child_blocks"
    if block["type"] in ("carousel", "container"):
        filled[nested] = with_block_ids(block.get(nested, []), mint)
    return filled


def _with_action_id(element: Any, mint: Mint) -> Any:
    passive = not isinstance(element, dict) or element.get("type") == "image"
    return element if passive else {"action_id": mint.short()} | element
