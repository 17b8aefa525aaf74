"""Something happened and the rules forbid what would follow: nobody is asked, and why."""

from __future__ import annotations

from typing import Any

from bot.slack.blocks import Message, bullets, fine_print, leaf, link, paragraph, safe_url, said, titled
from bot.slack.cards.donor_line import donor_blocks
from bot.slack.text import clip, for_notification, isolated, name, one_line
from handlers.outcomes import HeldNotice

TITLE = "{name}: nothing to approve"
NOTIFICATION = "{name}: an action was held back by your organisation's rules"
HAPPENED = "What happened"
PROPOSAL = "What would have followed"
REASONS = "Why it is held back"
ELSEWHERE_TITLE = "{name}: not decided in Slack"
WHERE = "Where to decide"
DECIDE_IN = "Decide this in {place}. "
OPEN = "Open it there"
ELSEWHERE_FINE_PRINT = "Nothing was changed, and there is nothing to press here. Reference {reference}"
FINE_PRINT = (
    "Nothing was changed and nobody can approve this from here. "
    "If it should be done anyway, do it in the CRM yourself. Reference {reference}"
)
MOST_REASONS = 8


def held_message(held: HeldNotice) -> Message:
    """Return the notice as a message."""
    url = safe_url(held.donor.record_url)
    blocks = donor_blocks(held.donor, ELSEWHERE_TITLE if held.elsewhere else TITLE)
    blocks.append(titled(HAPPENED, paragraph(*said(held.happened, 600, url=url))))
    blocks.append(titled(PROPOSAL, paragraph(*said(held.proposal, 600, url=url))))
    if held.reasons:
        reasons = [said(reason, 300) for reason in held.reasons[:MOST_REASONS]]
        blocks.append(titled(REASONS, bullets(reasons)))
    if held.elsewhere:
        blocks.append(titled(WHERE, _where(held)))
    small = ELSEWHERE_FINE_PRINT if held.elsewhere else FINE_PRINT
    blocks.append(fine_print(small.format(reference=held.reference)))
    return Message(for_notification(NOTIFICATION.format(name=name(held.donor.name))), blocks)


def _where(held: HeldNotice) -> dict[str, Any]:
    place = DECIDE_IN.format(place=isolated(clip(one_line(held.elsewhere), 200)))
    url = safe_url(held.elsewhere_url)
    return paragraph(leaf(place), *([link(url, OPEN)] if url else []))
