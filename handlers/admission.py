"""Who may ask at all: members of the organisation, and never where outsiders read along."""

from __future__ import annotations

from handlers.commands import ReplyAddress
from handlers.context import Context
from handlers.outcomes import Notice
from handlers.ports import Colleague

NOT_A_MEMBER = Notice(
    text="Donor information is for members of this organisation's own workspace.",
    next_step="Ask a colleague who is a full member to look this up for you.",
)
SHARED_CHANNEL = Notice(
    text="This channel is shared with another organisation, so I do not show donor information here.",
    next_step="Ask me in a direct message or in a channel of your own organisation.",
)
NOT_THERE = Notice(
    text="I am not in this channel, so I cannot post here.",
    next_step="Invite me with /invite, then press the button again.",
)


async def admit(
    user_id: str, place: ReplyAddress | None, context: Context, *, for_everybody: bool = False
) -> Colleague | Notice:
    """Return the colleague who asks, or the refusal to give them.

    A private answer is refused only where outsiders are known to read; one *for_everybody* in the channel
    also where that cannot be told, because we are not there.
    """
    colleague = await context.chat.colleague(user_id)
    if colleague is None or not colleague.is_full_member:
        return NOT_A_MEMBER
    if place is not None:
        shared = await context.chat.is_shared_outside(place.channel_id)
        if shared:
            return SHARED_CHANNEL
        if shared is None and for_everybody:
            return NOT_THERE
    return colleague
