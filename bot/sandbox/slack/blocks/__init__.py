"""Block Kit: what the simulated workspace accepts, and what it refuses as Slack does."""

from __future__ import annotations

from bot.sandbox.slack.blocks.validation import check_blocks, check_suggestions, check_view

__all__ = ["check_blocks", "check_suggestions", "check_view"]
