"""A short honest sentence, what to do next, and a reference to quote."""

from __future__ import annotations

from bot.slack import ids
from bot.slack.blocks import Message, fine_print, leaf, link, paragraph, person, rich, safe_url, said
from bot.slack.text import for_notification
from handlers.outcomes import LinkShown, Notice

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


def link_message(shown: LinkShown) -> Message:
    """Return a link with what to know about it."""
    url = safe_url(shown.url)
    leaves = said(shown.text, 600)
    if url:
        leaves += [leaf(" "), link(url, shown.label)]
    blocks = [rich(paragraph(*leaves))]
    if shown.note:
        blocks.append(fine_print(shown.note))
    return Message(for_notification(shown.text), blocks)
