"""All that a card stands for, uncut, in a window of its own."""

from __future__ import annotations

from bot.slack import ids
from bot.slack.blocks import (
    Block,
    View,
    bullets,
    dated,
    fine_print,
    header,
    leaf,
    paragraph,
    plain_text,
    rich,
    safe_url,
    titled,
)
from bot.slack.cards.card_parts import (
    DETAILS,
    IN_WINDOW,
    asides,
    proposal,
    proposed_changes,
    sent_to,
    standing_of,
    triage,
    why,
)
from bot.slack.cards.donor_line import standing
from bot.slack.cards.evidence import CLOSE, fitting
from bot.slack.cards.folded import held_back
from bot.slack.cards.history import history
from bot.slack.text import isolated, name, one_line
from handlers.outcomes import CardInFull, EscalationCard
from policy.actions import FieldChange

CHANGES = "In the CRM"
GOES_ON = "In the CRM (goes on)"
CONFIDENCE = "What the confidence rests on"
RECENT = "Recent history"
LEFT_OUT = (
    "The rest is too long for Slack. Press Why? on the card, or ask your compliance team for the export."
)
REFERENCE = "{sent} Reference {reference}"
CHANGES_IN_ONE = 20


def in_full_view(shown: CardInFull) -> View:
    """Return the window; should even a window be too small, it says so."""
    card = shown.card
    blocks = [header(name(card.donor.name, 140)), standing(card.donor), *_blocks(card)]
    fits = fitting(blocks)
    if len(fits) < len(blocks):
        fits.append(fine_print(LEFT_OUT))
    fits.append(fine_print(REFERENCE.format(sent=sent_to(card), reference=card.reference)))
    return {
        "type": "modal",
        "callback_id": ids.EVIDENCE_VIEW,
        "title": plain_text(DETAILS, 24),
        "close": plain_text(CLOSE, 24),
        "blocks": fits,
    }


def _blocks(card: EscalationCard) -> list[Block]:
    url = safe_url(card.donor.record_url)
    came_back = IN_WINDOW.text(card.came_back, IN_WINDOW.sentence)
    blocks = [rich(paragraph(*came_back))] if card.came_back else []
    blocks += [proposal(card, url, IN_WINDOW), *_changes(card.changes)]
    blocks += [*triage(card, IN_WINDOW), *why(card, url, IN_WINDOW)]
    blocks += [*held_back(card, IN_WINDOW.asides), *asides(card, IN_WINDOW)]
    if card.confidence.reasons:
        reasons = [[leaf(isolated(one_line(reason)))] for reason in card.confidence.reasons]
        blocks.append(titled(CONFIDENCE, bullets(reasons)))
    if card.recent:
        blocks.append(titled(RECENT, history(card.recent, url, len(card.recent))))
    return [*blocks, *(rich(paragraph(*dated(line, italic=True))) for line in standing_of(card))]


def _changes(changes: tuple[FieldChange, ...]) -> list[Block]:
    starts = range(0, max(len(changes), 1), CHANGES_IN_ONE)
    return [
        proposed_changes(GOES_ON if start else CHANGES, changes[start : start + CHANGES_IN_ONE], IN_WINDOW)
        for start in starts
    ]
