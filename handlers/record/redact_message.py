"""Take what was said about an erased donor out of a message in Slack."""

from __future__ import annotations

from handlers.context import Arrived, Context, Write
from handlers.effects import RedactMessage
from handlers.outcomes import Notice
from handlers.ports import MessageRef, Refused
from handlers.record.evidence import record as write_down

REMOVED = Notice(
    text="What stood here was removed, because the donor's data was erased.",
    next_step="What else waits for you is on the app's Home tab, and /donor queue lists it.",
)


async def redact_message(effect: RedactMessage, arrived: Arrived, context: Context) -> Write:
    """Replace the message; one that is gone already says nothing any more."""
    try:
        await context.chat.replace(REMOVED, MessageRef(effect.channel_id, effect.message_ts))
    except Refused as refused:
        if refused.code != "message_not_found":
            raise
    return lambda tx: write_down(tx, arrived, "message.redacted", subject=None, channel=effect.channel_id)
