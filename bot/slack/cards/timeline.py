"""A donor's recent history alone."""

from __future__ import annotations

from bot.slack.blocks import Message, fine_print, leaf, paragraph, rich, safe_url
from bot.slack.cards.donor_line import donor_blocks
from bot.slack.cards.history import history
from bot.slack.text import for_notification, name
from bot.slack.when import on_day
from handlers.outcomes import TimelineShown

TITLE = "{name}: recent history"
NOTIFICATION = "Recent history of {name}"
EMPTY = "No gifts, meetings or messages are recorded yet."
FINE_PRINT = "From CRM records as of {day}, newest first. Reference {reference}"

MOST_HISTORY = 20


def timeline_message(shown: TimelineShown) -> Message:
    """Return the history as a message."""
    blocks = donor_blocks(shown.donor, TITLE)
    if shown.timeline:
        blocks.append(rich(history(shown.timeline, safe_url(shown.donor.record_url), MOST_HISTORY)))
    else:
        blocks.append(rich(paragraph(leaf(EMPTY, italic=True))))
    blocks.append(fine_print(FINE_PRINT.format(day=on_day(shown.as_of), reference=shown.reference)))
    return Message(for_notification(NOTIFICATION.format(name=name(shown.donor.name))), blocks)
