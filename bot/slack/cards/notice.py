"""A short honest sentence, what to do next, and a reference to quote."""

from __future__ import annotations

from bot.slack.blocks import Message, fine_print, leaf, paragraph, rich, said
from bot.slack.text import for_notification
from handlers.outcomes import Notice

REFERENCE = "Reference {reference}"


def notice_message(notice: Notice) -> Message:
    """Return the notice as a message."""
    leaves = said(notice.text, 1200)
    if notice.next_step:
        leaves += [leaf("\n"), *said(notice.next_step, 600)]
    blocks = [rich(paragraph(*leaves))]
    if notice.reference:
        blocks.append(fine_print(REFERENCE.format(reference=notice.reference)))
    reference = for_notification(REFERENCE.format(reference=notice.reference))
    return Message(for_notification(notice.text) or reference, blocks)
