"""Take what was said about an erased donor out of a message in Slack."""

from __future__ import annotations

from handlers.context import Arrived, Context, Write
from handlers.effects import RedactMessage
from handlers.outcomes import Notice
from handlers.ports import MessageRef, Refused

REMOVED = Notice(
    text="What stood here was removed, because the donor's data was erased.",
    next_step="There is nothing left to decide here.",
)


async def redact_message(effect: RedactMessage, arrived: Arrived, context: Context) -> Write:  # noqa: ARG001
    """Replace the message; one that is gone already says nothing any more."""
    try:
        await context.chat.replace(REMOVED, MessageRef(effect.channel_id, effect.message_ts))
    except Refused as refused:
        if refused.code != "message_not_found":
            raise
    return lambda _tx: None
