"""Block Kit: what the simulated workspace accepts, and what it refuses as Slack does."""

from __future__ import annotations

from typing import Any

from bot.sandbox.slack.blocks.limits import Surface
from bot.sandbox.slack.shapes import refusal


def check_blocks(blocks: list[Any], surface: Surface) -> None:
    """Refuse blocks that the surface does not take, with every finding in response_metadata.messages."""
    if not all(isinstance(block, dict) and isinstance(block.get("type"), str) for block in blocks):
        raise refusal("invalid_blocks", ["[ERROR] a block needs a type"])


def check_view(view: Any) -> None:
    """Refuse a modal or Home tab that Slack would not show."""
    if not isinstance(view, dict):
        raise refusal("invalid_arguments", ["[ERROR] must be a view [json-pointer:/view]"])
