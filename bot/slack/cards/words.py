"""How much there is to read: the words that a message puts before its readers, without those on buttons."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from bot.slack.blocks import Block
from policy.considered import words_in

_ADDRESS = re.compile(r"<(?:https?://|mailto:)[^|>]*\|([^>]*)>")
"""A link of Slack's own markup; people read its words."""
_NOT_READ = frozenset({"actions", "context_actions", "divider", "image"})


def words_on(blocks: list[Block]) -> int:
    """Count the words of *blocks*."""
    return words_in(text for block in blocks if block["type"] not in _NOT_READ for text in _texts(block))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        # Dates and people are drawn by Slack; they are a few words each.
        if value.get("type") in ("date", "user"):
            yield str(value.get("fallback") or "somebody")
        if isinstance(value.get("text"), str):
            marked_up = value.get("type") == "mrkdwn"
            yield _ADDRESS.sub(r"\1", value["text"]) if marked_up else value["text"]
        for each in value.values():
            if isinstance(each, dict | list):
                yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)
