"""A short honest sentence, what to do next, and a reference to quote."""

from __future__ import annotations

from bot.slack import ids
from bot.slack.blocks import Message, fine_print, leaf, paragraph, person, rich, said
from bot.slack.text import for_notification
from handlers.outcomes import Notice

REFERENCE = "Reference {reference}"


def notice_message(notice: Notice) -> Message:
    """Return the notice as a message."""
    mention = notice.mention if ids.is_user(notice.mention) else None
    leaves = [person(mention), leaf(" ")] if mention else []
    leaves += said(notice.text, 1200)
    if notice.next_step:
        leaves += [leaf("\n"), *said(notice.next_step, 600)]
    blocks = [rich(paragraph(*leaves))]
    if notice.reference:
        blocks.append(fine_print(REFERENCE.format(reference=notice.reference)))
    text = for_notification(notice.text) or for_notification(REFERENCE.format(reference=notice.reference))
    return Message(f"<@{mention}> {text}" if mention else text, blocks)
