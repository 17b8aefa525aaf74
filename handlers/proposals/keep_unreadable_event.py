"""Keep a signed event that cannot be understood, so that it is looked at and never silently lost."""

from __future__ import annotations

from handlers.commands import UnreadableEventArrived
from handlers.context import Arrived, Context, Discard, Write


async def keep_unreadable_event(
    command: UnreadableEventArrived,
    arrived: Arrived,  # noqa: ARG001
    context: Context,  # noqa: ARG001
) -> Write:
    """Set it aside among the dead letters, under its reason."""
    raise Discard(f"event_{command.reason}")
