"""Whether a message, modal or Home tab takes a list of blocks, and whether a view is one."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

from bot.sandbox.slack.blocks import limits
from bot.sandbox.slack.blocks.checks import (
    Check,
    Findings,
    Shape,
    anything,
    boolean,
    by_type,
    one_of,
    plain,
    string,
)
from bot.sandbox.slack.blocks.elements import SUGGESTIONS
from bot.sandbox.slack.blocks.layouts import BLOCKS
from bot.sandbox.slack.blocks.limits import Surface
from bot.sandbox.slack.shapes import Json, SlackError, refusal

_ANY_BLOCK = by_type(BLOCKS)
_VIEW_FIELDS: dict[str, Check] = {
    "type": one_of("modal", "home"),
    "title": plain(limits.VIEW_TITLE),
    "submit": plain(limits.VIEW_TITLE),
    "close": plain(limits.VIEW_TITLE),
    "blocks": anything,
    "callback_id": string(limits.IDENTIFIER, 0),
    "external_id": string(limits.IDENTIFIER, 0),
    "private_metadata": string(limits.VIEW_PRIVATE_METADATA, 0),
    "clear_on_close": boolean,
    "notify_on_close": boolean,
    "submit_disabled": boolean,
}
_VIEWS = {
    "modal": Shape(_VIEW_FIELDS, required=("type", "title", "blocks")),
    "home": Shape(_VIEW_FIELDS, required=("type", "blocks")),
}


def check_blocks(blocks: list[Any], surface: Surface) -> None:
    """Refuse blocks that the surface does not take, with every finding in response_metadata.messages."""
    if surface == "message" and _markdown_characters(blocks) > limits.MARKDOWN_CHARACTERS:
        raise SlackError("msg_blocks_too_long")
    findings = Findings()
    _examine(blocks, surface, "/blocks", findings)
    if findings.messages:
        raise refusal("invalid_blocks", findings.messages)


def check_view(view: Any) -> None:
    """Refuse a modal or Home tab that Slack would not show."""
    findings = Findings()
    if not isinstance(view, dict) or view.get("type") not in _VIEWS:
        raise refusal("invalid_arguments", ["[ERROR] must be a modal or home view [json-pointer:/view]"])
    if len(json.dumps(view)) > limits.VIEW_BYTES:
        raise SlackError("view_too_large")
    _VIEWS[view["type"]](view, "/view", findings)
    _examine(view.get("blocks"), view["type"], "/view/blocks", findings)
    if view["type"] == "modal" and "submit" not in view and _has_input(view.get("blocks")):
        findings.add("/view/submit", "missing required field: submit (the view has input blocks)")
    if findings.messages:
        raise refusal("invalid_arguments", findings.messages)


def check_suggestions(answer: Any) -> None:
    """Refuse what an app offers in an external select and Slack would not show."""
    findings = Findings()
    SUGGESTIONS(answer, "/", findings)
    if findings.messages:
        raise refusal("invalid_options", findings.messages)


def _examine(blocks: Any, surface: Surface, pointer: str, findings: Findings) -> None:
    if not isinstance(blocks, list):
        findings.add(pointer, "must be an array")
        return
    if len(blocks) > limits.BLOCKS[surface]:
        findings.add(pointer, f"no more than {limits.BLOCKS[surface]} items allowed")
    if not blocks and surface == "modal":
        findings.add(pointer, "must have at least 1 items")
    for index, block in enumerate(blocks):
        _ANY_BLOCK(block, f"{pointer}/{index}", findings)
    known = [block for block in _with_children(blocks) if isinstance(block, dict)]
    _check_surface(known, surface, pointer, findings)
    _check_counts(known, surface, pointer, findings)
    _check_ids(known, pointer, findings)


def _with_children(blocks: list[Any]) -> Iterator[Any]:
    for block in blocks:
        yield block
        if isinstance(block, dict):
            nested = block.get("elements") if block.get("type") == "carousel" else block.get("child_blocks")
            yield from nested if isinstance(nested, list) else []


def _check_surface(blocks: list[Json], surface: Surface, pointer: str, findings: Findings) -> None:
    for block in blocks:
        kind = str(block.get("type"))
        if kind in limits.NOT_ON[surface]:
            findings.add(pointer, f"unsupported block on this surface: {kind}")
        element = block.get("element")
        if surface != "modal" and isinstance(element, dict) and element.get("type") == "file_input":
            findings.add(pointer, "file_input is supported in modals only")


def _check_counts(blocks: list[Json], surface: Surface, pointer: str, findings: Findings) -> None:
    counts = Counter(str(block.get("type")) for block in blocks)
    for kind, most in limits.AT_MOST_PER_MESSAGE.items():
        if surface == "message" and counts[kind] > most:
            findings.add(pointer, f"no more than {most} {kind} blocks allowed in a message")


def _check_ids(blocks: list[Json], pointer: str, findings: Findings) -> None:
    block_ids = Counter(str(block["block_id"]) for block in blocks if block.get("block_id"))
    for block_id, count in block_ids.items():
        if count > 1:
            findings.add(pointer, f"block_id already exists: {block_id}")
    for block in blocks:
        action_ids = Counter(_action_ids(block))
        for action_id, count in action_ids.items():
            if count > 1:
                findings.add(pointer, f"action_id already exists in the block: {action_id}")


def _action_ids(block: Json) -> Iterator[str]:
    for key in ("elements", "actions"):
        items = block.get(key)
        for item in items if isinstance(items, list) else []:
            if isinstance(item, dict) and item.get("action_id") and item.get("type") != "card":
                yield str(item["action_id"])


def _markdown_characters(blocks: list[Any]) -> int:
    texts = [
        block.get("text") for block in blocks if isinstance(block, dict) and block.get("type") == "markdown"
    ]
    return sum(len(item) for item in texts if isinstance(item, str))


def _has_input(blocks: Any) -> bool:
    return isinstance(blocks, list) and any(
        isinstance(block, dict) and block.get("type") == "input" for block in blocks
    )
