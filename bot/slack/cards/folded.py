"""What a card tells besides its own event: what else happened, what it replaces, and what waits for it."""

from __future__ import annotations

from typing import Any

from bot.slack.blocks import Block, Leaf, bullets, leaf, link, paragraph, safe_url, said, titled
from handlers.outcomes import CardStatus, EscalationCard

AND_MORE = "And {count} more:"
NOT_LISTED = "and {count} more in the CRM"
REPLACES = "\nThis takes the place of the earlier proposal: "
VOID = " Approvals given for that one no longer count."
HELD_BACK = "Waits until you have decided"
REPLACED = "Replaced by: "
OPEN_IT = "Open the newer card"

MORE_HELD_BACK = "{count} more under “Details”"


def also_happened(card: EscalationCard, url: str | None, most: int) -> list[dict[str, Any]]:
    """Return the further events that this one decision answers, the latest first."""
    if not card.folded:
        return []
    lines = [said(text, 200, url=url) for text in card.also[:most]]
    left = card.folded - len(lines)
    if lines and left > 0:
        lines.append([leaf(NOT_LISTED.format(count=left), italic=True)])
    heading = paragraph(leaf(AND_MORE.format(count=card.folded), bold=True))
    return [heading, *([bullets(lines)] if lines else [])]


def replaced_by_this(card: EscalationCard) -> list[dict[str, Any]]:
    """Say what was proposed before, and that approvals of it do not count here."""
    if not card.replaces:
        return []
    void = [leaf(VOID, bold=True)] if card.approvals_void else []
    return [paragraph(leaf(REPLACES, italic=True), *said(card.replaces, 300), *void)]


def held_back(card: EscalationCard, most: int) -> list[Block]:
    """Name what would be done without asking, and waits for this decision."""
    if not card.held_back:
        return []
    lines = [said(text, 200) for text in card.held_back[:most]]
    if len(card.held_back) > most:
        lines.append([leaf(MORE_HELD_BACK.format(count=len(card.held_back) - most), italic=True)])
    return [titled(HELD_BACK, bullets(lines))]


def replaced(status: CardStatus) -> list[Leaf]:
    """Say what took this card's place, and lead there."""
    successor = status.successor
    if successor is None:
        return []
    leaves = [leaf("\n"), leaf(REPLACED), *said(successor.proposal, 300)]
    url = safe_url(successor.permalink)
    return [*leaves, leaf("  "), link(url, OPEN_IT)] if url else leaves
