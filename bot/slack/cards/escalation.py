"""The decision card: read in ten seconds, decided with one press, honest about what became of it."""

from __future__ import annotations

from bot.slack import ids
from bot.slack.blocks import (
    Block,
    Message,
    actions,
    bullets,
    button,
    divider,
    fine_print,
    leaf,
    paragraph,
    rich,
    safe_url,
    said,
    titled,
)
from bot.slack.cards.card_parts import (
    ON_CARD,
    READ_IN_FULL,
    asides,
    proposal,
    proposed_changes,
    standing_of,
    triage,
    why,
)
from bot.slack.cards.decision_buttons import closing_buttons, decision_buttons
from bot.slack.cards.decision_status import decided_elsewhere, passed_on, status_block, title_of
from bot.slack.cards.donor_line import donor_blocks
from bot.slack.cards.field_changes import change_lines
from bot.slack.cards.folded import held_back
from bot.slack.cards.history import history
from bot.slack.cards.pauses import paused_block
from bot.slack.cards.undo import undo_blocks
from bot.slack.text import clip, for_notification, isolated, name, one_line
from handlers.outcomes import CardStatus, EscalationCard
from policy.escalation import EscalationState

WOULD_CHANGE = "What would be written to the CRM"
CHANGED = "What was written to the CRM"
WAS_PROPOSED = "What was proposed for the CRM"
RECENT = "Recent history"
REFERENCE = "Sent to {route}. Reference {reference}"
NOTE = "⚠️ "
SINCE = "Changed since you looked"

MOST_RECENT = 3

MAY_BE_WRITTEN = frozenset(
    {
        EscalationState.DEFERRED,
        EscalationState.ESCALATED,
        EscalationState.APPROVED,
        EscalationState.EXECUTING,
        EscalationState.EXECUTED,
        EscalationState.OUTCOME_UNKNOWN,
    }
)


def escalation_message(card: EscalationCard, status: CardStatus) -> Message:
    """Return the card as it stands now; only an open one can be decided on."""
    title = title_of(status)
    if status.state is EscalationState.OPEN:
        blocks = _open(card, status, title)
    else:
        blocks = _settled(card, status, title)
    blocks.append(fine_print(_reference(card)))
    return Message(for_notification(title.format(name=name(card.donor.name))), blocks)


def _open(card: EscalationCard, status: CardStatus, title: str) -> list[Block]:
    url = safe_url(card.donor.record_url)
    return [
        *donor_blocks(card.donor, title),
        *_note(status),
        *paused_block(status),
        *_since(status, url),
        status_block(card, status),
        *passed_on(status),
        *decided_elsewhere(status),
        *_readable(
            card,
            *_came_back(card),
            divider(),
            proposal(card, url, ON_CARD),
            proposed_changes(WOULD_CHANGE, card.changes, ON_CARD),
            *triage(card, ON_CARD),
            *why(card, url, ON_CARD),
            *held_back(card),
            *asides(card, ON_CARD),
            fine_print(*standing_of(card, ON_CARD)),
        ),
        decision_buttons(card, status),
        *_recent(card, url),
    ]


def _settled(card: EscalationCard, status: CardStatus, title: str) -> list[Block]:
    url = safe_url(card.donor.record_url)
    return [
        *donor_blocks(card.donor, title),
        status_block(card, status),
        *passed_on(status),
        *paused_block(status),
        *_note(status),
        *undo_blocks(status),
        divider(),
        *_readable(card, proposal(card, url, ON_CARD), _outcome(card, status, url)),
        *_undo(card, status),
        closing_buttons(card, status),
    ]


def _note(status: CardStatus) -> list[Block]:
    problem = status.execution.problem if status.execution else ""
    if not status.note or status.note == problem:
        return []
    return [rich(paragraph(leaf(NOTE), *said(status.note, 600, bold=True)))]


def _came_back(card: EscalationCard) -> list[Block]:
    return [rich(paragraph(*ON_CARD.text(card.came_back, 900)))] if card.came_back else []


def _since(status: CardStatus, url: str | None) -> list[Block]:
    return [titled(SINCE, bullets(change_lines(status.since, url)))] if status.since else []


def _undo(card: EscalationCard, status: CardStatus) -> list[Block]:
    return [fine_print(card.undo_text)] if one_line(card.undo_text) and status.state in MAY_BE_WRITTEN else []


def _outcome(card: EscalationCard, status: CardStatus, url: str | None) -> Block:
    executed = status.state in (EscalationState.EXECUTED, EscalationState.UNDONE)
    if executed and status.execution and status.execution.changes:
        link = safe_url(status.execution.record_url) or url
        return titled(CHANGED, bullets(change_lines(status.execution.changes, link)))
    return proposed_changes(CHANGED if executed else WAS_PROPOSED, card.changes, ON_CARD)


def _readable(card: EscalationCard, *blocks: Block) -> list[Block]:
    """Return *blocks*, with a button for all of it where something had to be left out."""
    if READ_IN_FULL not in str(blocks):
        return list(blocks)
    row = button(READ_IN_FULL, ids.READ_IN_FULL, card.escalation_id)
    return [*blocks, actions(f"cs:read:{card.escalation_id}", row)]


def _recent(card: EscalationCard, url: str | None) -> list[Block]:
    return [titled(RECENT, history(card.recent, url, MOST_RECENT))] if card.recent else []


def _reference(card: EscalationCard) -> str:
    return REFERENCE.format(route=isolated(clip(one_line(card.route), 200)), reference=card.reference)
